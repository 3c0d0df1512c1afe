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
}

func newOrigins(list []string) origins {
	o := origins{allowed: map[string]bool{}}
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
func (o origins) allow(r *http.Request, v *visitor) bool {
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
	return o.allowed[normalOrigin(u)] || sameOrigin(u, v)
}

// sameOrigin reports whether u is the origin of what the visitor asked for.
// Behind a proxy that ends TLS and does not say so the page is https while we see
// http, so only the opposite is a mismatch. A Host without port is what proxies
// make of one (nginx: proxy_set_header Host $host), so then names are compared: a
// browser that comes directly to another port than the scheme's says which.
func sameOrigin(u *url.URL, v *visitor) bool {
	if v.secure && u.Scheme != "https" {
		return false
	}
	asked := strings.ToLower(v.host)
	if !hasPort(asked) {
		return asked != "" && strings.ToLower(u.Hostname()) == strings.Trim(asked, "[]")
	}
	return normalHost(u.Scheme, u.Host) == normalHost(u.Scheme, asked)
}

// hasPort reports whether a Host names a port.
func hasPort(host string) bool {
	_, _, err := net.SplitHostPort(host)
	return err == nil
}

// loopbackHost reports whether a Host header names this machine itself.
func loopbackHost(host string) bool {
	name, ip := hostName(host)
	return isLocalhost(name) || ip.IsLoopback()
}
