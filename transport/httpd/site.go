package httpd

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Site is where people find this server: what all its addresses are made of, and the
// only thing they are made of. Handlers, routes and what the client holds know paths
// below Base only; the page is told the site and makes its own by it
// (web/lib/route.js).
//
// The zero Site is one that nobody named: every request's own, which identified
// settles. Such a server is at the root of its host.
type Site struct {
	Scheme string // "http" or "https"
	Host   string // as in a Host header: with its port where that is not the scheme's
	Base   string // "/meet", or empty
}

// basePath is what a base may look like: nothing in it is ever written otherwise.
var basePath = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)*$`)

// ownFirst are the first words of paths that mean something of ours at the root. A
// base that began with one could not be told from it behind a proxy that takes the
// base off.
var ownFirst = []string{
	"api", "css", "debug", "embed.html", "favicon.ico", "healthz", "i18n", "icons", "index.html", "lib",
	"manifest.webmanifest", "metrics", "r", "readyz", "robots.txt", "sdk", "test", "ui",
}

// ParseSite reads "https://meet.example.org", with a path if the server is below one.
func ParseSite(text string) (Site, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return Site{}, fmt.Errorf("public address %q is not of the form https://meet.example.org or https://example.org/meet", text)
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.Contains(text, "#") {
		return Site{}, fmt.Errorf("public address %q has more than a host and a path", text)
	}
	host, err := publicHost(u)
	if err != nil {
		return Site{}, fmt.Errorf("public address %q: %w", text, err)
	}
	base := strings.TrimSuffix(path.Clean("/"+u.EscapedPath()), "/")
	if !basePath.MatchString(base) {
		return Site{}, fmt.Errorf("public address %q: a path is made of letters, digits and . _ ~ - only", text)
	}
	if first, _, _ := strings.Cut(strings.TrimPrefix(base, "/"), "/"); slices.Contains(ownFirst, first) || code.MatchString("/"+first) {
		return Site{}, fmt.Errorf("public address %q: /%s is an address of Parley's own; choose another word", text, first)
	}
	return Site{Scheme: u.Scheme, Host: host, Base: base}, nil
}

// publicHost is the host of u as browsers write it.
func publicHost(u *url.URL) (string, error) {
	port := u.Port()
	if at := strings.TrimPrefix(u.Host[strings.LastIndexByte(u.Host, ']')+1:], u.Hostname()); at != "" && !isNumberedPort(port) {
		return "", fmt.Errorf("%q is not a port", strings.TrimPrefix(at, ":"))
	}
	name := u.Hostname()
	if ip, err := netip.ParseAddr(name); err == nil && ip.Zone() == "" {
		if name = ip.String(); ip.Is6() {
			name = "[" + name + "]"
		}
	} else if strings.HasPrefix(name, "*") {
		return "", fmt.Errorf("%q is not one name", name)
	} else if name, err = parseHost(name); err != nil {
		return "", err
	}
	if port != "" {
		name += ":" + port
	}
	return normalHost(u.Scheme, name), nil
}

// isNumberedPort reports whether a port is one that connections can be made to.
func isNumberedPort(text string) bool {
	ap, err := netip.ParseAddrPort("0.0.0.0:" + text)
	return err == nil && ap.Port() != 0
}

// UnmarshalText implements [encoding.TextUnmarshaler] for settings; empty is no site.
func (s *Site) UnmarshalText(text []byte) (err error) {
	*s = Site{}
	if len(text) > 0 {
		*s, err = ParseSite(string(text))
	}
	return err
}

// known adds to a configuration what follows from its site: it is answered to, and its
// pages are ours.
func (c Config) known() Config {
	if c.Site == (Site{}) {
		return c
	}
	if name, _ := hostName(c.Site.Host); name != "" {
		c.Hosts = append(slices.Clone(c.Hosts), name)
	}
	c.Origins = append(slices.Clone(c.Origins), c.Site.Origin())
	return c
}

// Origin is what pages of the site have for their origin.
func (s Site) Origin() string { return s.Scheme + "://" + s.Host }

// Path is the path that below, which begins with a slash, has for a browser.
func (s Site) Path(below string) string { return s.Base + below }

// URL is the whole address of what is at below.
func (s Site) URL(below string) string { return s.Origin() + s.Path(below) }

// String is the address that people are told.
func (s Site) String() string { return s.URL("") }

// cut takes Base off a path, if it is there.
func (s Site) cut(path string) (below string, ok bool) {
	below, ok = strings.CutPrefix(path, s.Base)
	return below, s.Base != "" && ok && (below == "" || below[0] == '/')
}

// byHTTPS is where those go on by HTTPS who asked for host: the site, if that is its
// name; by another name, such as an address, there is no other way than that name.
func (s Site) byHTTPS(host string) Site {
	asked, ip := hostName(host)
	if own, ownIP := hostName(s.Host); s.Scheme == "https" && own == asked && ownIP == ip {
		return s
	}
	return Site{Scheme: "https", Host: host, Base: s.Base}
}

// location is the address under which the site has what was asked for with uri, whose
// path may have lost its Base on the way.
func (s Site) location(uri *url.URL) string {
	below := uri.EscapedPath()
	if cut, ok := s.cut(below); ok {
		below = cut
	}
	if !strings.HasPrefix(below, "/") {
		below = "/" + below // "*", or nothing: it must not go on where the host ends
	}
	if uri.RawQuery != "" {
		below += "?" + uri.RawQuery
	}
	return s.URL(below)
}

// below serves what is below Base, whether a proxy has taken that off a path or not:
// both kinds are common, and who comes past the proxy writes no base. Answers that
// lead on are given it back.
func (s Site) below(next http.Handler) http.Handler {
	if s.Base == "" {
		return next
	}
	stripped := http.StripPrefix(s.Base, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w = &leading{w, s}
		if _, ok := s.cut(r.URL.Path); ok {
			stripped.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// leading puts Base before what answers lead on to: also those that net/http gives
// by itself, which knows only what is below.
type leading struct {
	http.ResponseWriter
	site Site
}

func (l *leading) WriteHeader(status int) {
	h := l.Header()
	if to := h.Get("Location"); strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") {
		h.Set("Location", l.site.Path(to))
	}
	l.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach Hijack.
func (l *leading) Unwrap() http.ResponseWriter { return l.ResponseWriter }
