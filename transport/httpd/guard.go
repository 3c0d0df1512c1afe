package httpd

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"time"
)

// guessesPerMinute is how many wrong API tokens of one address are looked at.
// Until the next one's time no token from there is, not even the right one: what
// is looked at is guessed, whatever the answer says.
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

// checkToken wants the API token.
func (s *Server) checkToken(r *http.Request) *apiError {
	if _, ok := bearer(r); !ok {
		return refuse(http.StatusUnauthorized, codeUnauthorized, "an API token is required: Authorization: Bearer …")
	}
	right, wait := s.showsToken(r)
	switch {
	case right:
		return nil
	case wait > 0:
		s.metrics.refusedHTTP.WithLabelValues("guesses").Inc()
		e := refuse(http.StatusTooManyRequests, codeRate, "too many wrong API tokens from this address")
		e.Limit, e.retry = "guesses", wait
		return e
	}
	return refuse(http.StatusUnauthorized, codeUnauthorized, "the API token is wrong")
}

// showsToken reports whether r comes with the API token or, if it was not looked
// at, how long to wait until one is. Loopback waits, too: a proxy there may
// bring anybody.
func (s *Server) showsToken(r *http.Request) (right bool, wait time.Duration) {
	given, ok := bearer(r)
	if !ok || s.cfg.APIToken == "" {
		return false, 0
	}
	from, now := visitorFrom(r).from, time.Now()
	if wait = s.guesses.Wait(from, now); wait > 0 {
		return false, wait
	}
	// Hashes have one length, so that the time tells nothing of the token.
	want, got := sha256.Sum256([]byte(s.cfg.APIToken)), sha256.Sum256([]byte(given))
	if subtle.ConstantTimeCompare(want[:], got[:]) == 1 {
		return true, 0
	}
	s.guesses.Allow(from, now)
	return false, 0
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
