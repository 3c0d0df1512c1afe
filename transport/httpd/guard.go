package httpd

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
)

// guard lets only those through who may use the API, see the package comment.
func (s *Server) guard(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if e := s.mayUseAPI(r); e != nil {
			failAuth(w, e)
			return
		}
		next(w, r)
	}
}

func (s *Server) mayUseAPI(r *http.Request) *apiError {
	if s.cfg.APIToken != "" {
		given, ok := bearer(r)
		if !ok {
			return refuse(http.StatusUnauthorized, codeUnauthorized, "an API token is required: Authorization: Bearer …")
		}
		// Hashes have one length, so that the time tells nothing of the token.
		want, got := sha256.Sum256([]byte(s.cfg.APIToken)), sha256.Sum256([]byte(given))
		if subtle.ConstantTimeCompare(want[:], got[:]) != 1 {
			return refuse(http.StatusUnauthorized, codeUnauthorized, "the API token is wrong")
		}
		return nil
	}
	if !s.loopback.Load() {
		return refuse(http.StatusUnauthorized, codeUnauthorized, "set an API token: without one this answers only when the server listens on loopback")
	}
	if !loopbackHost(r.Host) || !remoteAddr(r).IsLoopback() {
		return refuse(http.StatusUnauthorized, codeUnauthorized, "without an API token this answers only to localhost")
	}
	for _, h := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"} {
		if r.Header.Get(h) != "" {
			return refuse(http.StatusUnauthorized, codeUnauthorized, "set an API token: without one this does not answer through a proxy")
		}
	}
	return nil
}

// failAuth writes e and says how to do better.
func failAuth(w http.ResponseWriter, e *apiError) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="parley"`)
	fail(w, e)
}

// bearer returns the token that r comes with.
func bearer(r *http.Request) (token string, ok bool) {
	return strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
}
