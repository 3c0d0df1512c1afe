package httpd

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// ErrCertificate is part of New's error when the certificate or its key can
// not be read.
var ErrCertificate = errors.New("load certificate")

// Error codes of HTTP answers. They are stable; the messages are for
// developers.
const (
	codeBadRequest   = "bad_request"
	codeUnauthorized = "unauthorized"
	codeOrigin       = "forbidden_origin"
	codeHost         = "foreign_host"
	codeNotFound     = "not_found"
	codeMethod       = "method_not_allowed"
	codeTooLarge     = "too_large"
	codeUpgrade      = "upgrade_required"
	codeRate         = "rate_limited"
	codeInternal     = "internal"
	codeFull         = "server_full"
	codeBusy         = "busy"
	codeDraining     = "draining"
	codeStore        = "store_failed"
)

// apiError is an HTTP error answer.
type apiError struct {
	status  int
	Code    string `json:"code"`
	Message string `json:"message"`
	// Limit names the limit that was reached, as its flag is called, with
	// rate_limited.
	Limit string `json:"limit,omitempty"`
	// Origin and Host are what we saw, with forbidden_origin and foreign_host.
	Origin string `json:"origin,omitempty"`
	Host   string `json:"host,omitempty"`
	// RetryAfterMS is Retry-After, but to the millisecond. Written by fail.
	RetryAfterMS int64 `json:"retry_after_ms,omitempty"`

	retry time.Duration // 0: trying again makes no sense
}

// reason is what a refusal is counted as.
func (e *apiError) reason() string {
	if e.Limit != "" {
		return e.Limit
	}
	return e.Code
}

func (e *apiError) Error() string { return e.Code + ": " + e.Message }

func refuse(status int, code, message string) *apiError {
	return &apiError{status: status, Code: code, Message: message}
}

// answer writes v as JSON.
func answer(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil { // a type of ours that can not be encoded
		panic(err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the client went away
}

// fail writes e.
func fail(w http.ResponseWriter, e *apiError) {
	if e.retry > 0 {
		e.RetryAfterMS = max(1, int64((e.retry+time.Millisecond-1)/time.Millisecond))
		w.Header().Set("Retry-After", strconv.Itoa(int((e.retry+time.Second-1)/time.Second)))
	}
	answer(w, e.status, e)
}

// method answers requests with another method with 405.
func method(want string, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == want || want == http.MethodGet && r.Method == http.MethodHead {
			h(w, r)
			return
		}
		w.Header().Set("Allow", want)
		fail(w, refuse(http.StatusMethodNotAllowed, codeMethod, "only "+want+" is possible here"))
	}
}
