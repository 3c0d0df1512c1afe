package httpd

import (
	"context"
	"net/http"
	"net/netip"
	"time"
)

// visitor is who sends a request and what it asked for: the one place where
// that is decided. Behind a trusted proxy it is what the proxy says.
type visitor struct {
	// remote is the socket's address, from the client's. They differ behind a
	// trusted proxy. Invalid for unusual transports.
	remote, from netip.Addr
	// limited is from as limits count it: invalid if it is exempt.
	limited netip.Addr
	// host is the Host that the client asked, empty if it named none.
	host string
	// secure: the client came by HTTPS, to us or to the proxy.
	secure bool
	// proxied: a trusted proxy is between us.
	proxied bool
}

type visitorKey struct{}

// identified settles who asks, for all that comes after. Requests that trusted
// proxies pass on are counted here, where those of others are by their
// connections.
func (s *Server) identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := s.visitorOf(r)
		if v.proxied {
			if !s.proxied.Add(v.limited) {
				s.metrics.refusedHTTP.WithLabelValues(limitRequests).Inc()
				fail(w, tooMany(limitRequests, "too many requests at once from this address", time.Second))
				return
			}
			defer s.proxied.Give(v.limited)
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitorKey{}, v)))
	})
}

// visitorFrom is the visitor of a request that was identified.
func visitorFrom(r *http.Request) *visitor { return r.Context().Value(visitorKey{}).(*visitor) }

func (s *Server) visitorOf(r *http.Request) *visitor {
	v := &visitor{remote: remoteAddr(r), host: r.Host, secure: r.TLS != nil}
	v.proxied = s.trusted.has(v.remote)
	asked, err := s.trusted.asked(v.remote, r.Header)
	v.from = asked.addr
	if asked.host != "" {
		v.host = asked.host
	}
	if asked.proto != "" {
		v.secure = asked.proto == "https"
	}
	if !s.exempt(v.from) {
		v.limited = v.from
	}
	s.hintProxy(v, r, err)
	return v
}

// exempt reports whether no limit counts for a: our own machine's address, while
// nobody else can reach us and no proxy is known to bring others.
func (s *Server) exempt(a netip.Addr) bool {
	return a.IsLoopback() && s.onLoopback() && len(s.trusted) == 0 && !s.cfg.PerAddress.Loopback
}

// hintProxy tells the log once about a proxy that is not set up. Nobody else can
// write such a line: the address is a proxy's, or on a private network.
func (s *Server) hintProxy(v *visitor, r *http.Request, err error) {
	spoken := forwardedBy(r.Header)
	switch {
	case err != nil:
		s.tellOnce("reads "+v.remote.String(), "what a proxy says of its client does not count", "proxy", v.remote, "error", err)
	case v.proxied && !spoken:
		s.tellOnce("mute "+v.remote.String(), "a trusted proxy does not say whom it speaks for: all of them count as one address; let it send X-Forwarded-For", "proxy", v.remote)
	case !v.proxied && spoken && (v.remote.IsLoopback() || v.remote.IsPrivate()):
		s.tellOnce("strange "+v.remote.String(), "a proxy that is not trusted says whom it speaks for: name it with --trusted-proxies", "proxy", v.remote)
	}
}

// tellOnce warns, once about each thing.
func (s *Server) tellOnce(what, message string, args ...any) {
	if s.told.first(what, time.Now()) {
		s.cfg.Log.Warn(message, args...)
	}
}

// forwardedHeaders are what proxies add.
var forwardedHeaders = []string{
	"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Server", "X-Real-Ip", "Via",
	"Cf-Connecting-Ip", "True-Client-Ip",
}

// forwardedBy reports whether a proxy, or somebody who plays one, sent h.
func forwardedBy(h http.Header) bool {
	for _, name := range forwardedHeaders {
		if len(h[name]) > 0 {
			return true
		}
	}
	return false
}

// remoteAddr is the address of the socket r came over, invalid if it has none.
func remoteAddr(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return plainAddr(ap.Addr())
}
