package httpd

import (
	"net"
	"net/http"
	"net/url"
	"strings"
)

// origins decides which web pages may talk to us.
type origins struct {
	allowed map[string]bool // normalized
	secure  bool            // we serve HTTPS
}

func newOrigins(list []string, secure bool) origins {
	o := origins{allowed: map[string]bool{}, secure: secure}
	for _, text := range list {
		if u, err := parseOrigin(text); err == nil { // checked in Config.check
			o.allowed[normalOrigin(u)] = true
		}
	}
	return o
}

// normalOrigin writes an origin in lower case and without a default port.
func normalOrigin(u *url.URL) string {
	return strings.ToLower(u.Scheme) + "://" + normalHost(u.Scheme, u.Host)
}

func normalHost(scheme, host string) string {
	host = strings.ToLower(host)
	port := map[string]string{"http": ":80", "https": ":443"}[strings.ToLower(scheme)]
	return strings.TrimSuffix(host, port)
}

// allow reports whether r comes from a page that may use the WebSocket, or
// from no page at all.
func (o origins) allow(r *http.Request) bool {
	list := r.Header["Origin"]
	if len(list) == 0 {
		return len(r.Header["Cookie"]) == 0
	}
	if len(list) > 1 {
		return false
	}
	u, err := parseOrigin(list[0])
	if err != nil {
		return false // "null" among others
	}
	return o.allowed[normalOrigin(u)] || o.same(u, r)
}

// same reports whether u is the origin of r's own address. Behind a proxy
// that ends TLS the page is https while we see http, so only the opposite is
// a mismatch.
func (o origins) same(u *url.URL, r *http.Request) bool {
	if o.secure && u.Scheme != "https" {
		return false
	}
	return normalHost(u.Scheme, u.Host) == normalHost(u.Scheme, r.Host)
}

// loopbackHost reports whether a Host header names this machine itself.
func loopbackHost(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
