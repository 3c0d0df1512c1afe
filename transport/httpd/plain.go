package httpd

import (
	"net/http"
)

// Who types a server's name with its port and without https:// speaks HTTP where
// TLS is spoken. The answer leads to the same address with https://.

// plainHead bounds the address that is led on, in bytes.
const plainHead = 8 << 10

// led leads requests that came without TLS to a port of it, and no others come to
// next. It is asked before anybody is identified: what such a request says of
// itself counts for nothing.
func (s *Server) led(next http.Handler) http.Handler {
	if s.certs == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS != nil {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Connection", "close")
		if r.Host == "" || !s.hosts.allow(r.Host) || len(r.RequestURI) > plainHead { // without a name the path would be one
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Location", s.cfg.Site.byHTTPS(r.Host).location(r.URL))
		w.WriteHeader(http.StatusTemporaryRedirect)
		s.metrics.refusedHTTP.WithLabelValues("plain_http").Inc()
	})
}
