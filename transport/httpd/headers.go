package httpd

import (
	"net/http"
	"strings"
)

// contentPolicy lets a page use nothing but what this server sends, and the
// camera.
const contentPolicy = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
	"media-src 'self' blob: mediastream:; connect-src 'self'; worker-src 'self' blob:; font-src 'self'; " +
	"manifest-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors "

const permissions = "camera=(self), microphone=(self), display-capture=(self), autoplay=(self), fullscreen=(self), " +
	"picture-in-picture=(self), screen-wake-lock=(self), clipboard-write=(self), " +
	"geolocation=(), payment=(), usb=(), serial=(), hid=(), midi=(), browsing-topics=()"

// headers adds the security headers. Those that a browser only heeds on a
// document are left out of scripts and style sheets: a page loads about a
// hundred of them, and the headers would weigh as much as the bodies. Nor do
// they say who may embed them: they hold nothing but what anybody may read.
func headers(frames []string, certified bool, next http.Handler) http.Handler {
	ours := contentPolicy + "'self'"
	embed := contentPolicy + strings.Join(append([]string{"'self'"}, frames...), " ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		if certified && staysSecure(visitorFrom(r)) {
			h.Set("Strict-Transport-Security", strictTransport)
		}
		part := isPart(r.URL.Path)
		if !part {
			documentHeaders(h, r.URL.Path == embedPage, ours, embed)
			if r.URL.Path != "/" {
				h.Set("X-Robots-Tag", "noindex") // rooms are links, and whoever has one is in
			}
		}
		if forOthers(r.URL.Path) {
			h.Set("Cross-Origin-Resource-Policy", "cross-origin")
			h.Set("Access-Control-Allow-Origin", "*")
		} else if r.URL.Path != embedPage && !part {
			h.Set("Cross-Origin-Resource-Policy", "same-origin")
		}
		next.ServeHTTP(w, r)
	})
}

// strictTransport makes a browser come to this name by HTTPS only, for half a
// year.
const strictTransport = "max-age=15552000"

// staysSecure reports whether the name asked for is one that browsers may bind to
// HTTPS (RFC 6797 §8.1.1): addresses are not, and localhost has other servers, too.
func staysSecure(v *visitor) bool {
	name, _ := hostName(v.host)
	return v.secure && name != "" && !isLocalhost(name)
}

// documentHeaders adds what rules a page.
func documentHeaders(h http.Header, embedded bool, ours, embed string) {
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Permissions-Policy", permissions)
	if embedded {
		h.Set("Content-Security-Policy", embed)
		return // a frame is asked for with its parent's policy, not ours
	}
	h.Set("Content-Security-Policy", ours)
	h.Set("X-Frame-Options", "SAMEORIGIN")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
}

// isPart reports whether path names what is only ever part of a page. A room
// may be called x.js: its page is none.
func isPart(path string) bool {
	return path == "/manifest.webmanifest" ||
		!strings.HasPrefix(path, "/r/") && (strings.HasSuffix(path, ".js") || strings.HasSuffix(path, ".css"))
}

const embedPage = "/embed.html"

// forOthers reports whether pages of other origins may load path: the SDK and
// the modules it uses.
func forOthers(path string) bool {
	return strings.HasPrefix(path, "/sdk/") || strings.HasPrefix(path, "/lib/")
}
