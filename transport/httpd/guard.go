package httpd

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"time"
)

// guessesPerMinute is how many wrong API tokens of one address are answered as
// such: more is answered with 429.
const guessesPerMinute = 10

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
		return s.checkToken(r)
	}
	v := visitorFrom(r)
	switch {
	case !s.onLoopback():
		return refuse(http.StatusUnauthorized, codeUnauthorized, "set an API token: without one this answers only when the server listens on loopback")
	// A trusted proxy may be mute and pass on what anybody asks. One that is not
	// trusted and mute can not be told from this machine's own programs, unless
	// it says what it was asked for.
	case v.proxied || forwardedBy(r.Header):
		return refuse(http.StatusUnauthorized, codeUnauthorized, "set an API token: without one this does not answer through a proxy")
	case !loopbackHost(r.Host) || !v.remote.IsLoopback():
		return refuse(http.StatusUnauthorized, codeUnauthorized, "without an API token this answers only to localhost")
	}
	return nil
}

// checkToken wants the API token. The right one always works, also from where
// somebody else guesses: who shares an address with a guesser is not shut out. So
// the pace protects the log and the processor; what protects the token is its
// length.
func (s *Server) checkToken(r *http.Request) *apiError {
	if s.showsToken(r) {
		return nil
	}
	if _, ok := bearer(r); !ok {
		return refuse(http.StatusUnauthorized, codeUnauthorized, "an API token is required: Authorization: Bearer …")
	}
	// Loopback counts, too: a proxy there may bring anybody.
	if wait, ok := s.guesses.Allow(visitorFrom(r).from, time.Now()); !ok {
		s.metrics.refusedHTTP.WithLabelValues("guesses").Inc()
		e := refuse(http.StatusTooManyRequests, codeRate, "too many wrong API tokens from this address")
		e.Limit, e.retry = "guesses", wait
		return e
	}
	return refuse(http.StatusUnauthorized, codeUnauthorized, "the API token is wrong")
}

// showsToken reports whether r comes with the API token.
func (s *Server) showsToken(r *http.Request) bool {
	given, ok := bearer(r)
	if !ok || s.cfg.APIToken == "" {
		return false
	}
	// Hashes have one length, so that the time tells nothing of the token.
	want, got := sha256.Sum256([]byte(s.cfg.APIToken)), sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1
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
