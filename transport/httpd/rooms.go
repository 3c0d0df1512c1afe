package httpd

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// code is what a proposed room's name looks like. It needs no /r/ before it; all
// other words there are ours.
var code = regexp.MustCompile(`^/([A-Za-z]{3}-[A-Za-z]{4}-[A-Za-z]{3})[./]*$`)

// pages answers with the client. An address that names a room leads to how that is
// spelt: only who knows the rooms can say that.
func (s *Server) pages(current func() (*client, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		client, err := current()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		if m := code.FindStringSubmatch(r.URL.Path); m != nil {
			leadToRoom(w, r, strings.ToLower(m[1]))
			return
		}
		typed := strings.TrimRight(strings.TrimPrefix(r.URL.Path, "/r/"), "/")
		if !strings.HasPrefix(r.URL.Path, "/r/") || typed == "" {
			client.serve(w, r)
			return
		}
		if s.tooFast(r) > 0 { // joining says then which room it is
			client.serve(w, r)
			return
		}
		switch title, ok := s.cfg.FindRoom(r.Context(), typed); {
		case !ok:
			client.send(w, r, client.pages["bad-room"], http.StatusOK)
		case title != typed:
			leadToRoom(w, r, title)
		default:
			client.serve(w, r)
		}
	}
}

// leadToRoom sends a browser to a room's address. It asks again the next time: what
// ten letters mean changes.
func leadToRoom(w http.ResponseWriter, r *http.Request, title string) {
	to := url.URL{Path: "/r/" + title, RawQuery: r.URL.RawQuery}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Location", to.String()) // see leading
	w.WriteHeader(http.StatusFound)
}

// getRoom answers GET /api/v1/room?name=: how the room is spelt that is meant by what
// was typed, empty if that is no name. Our page asks before it goes there. It tells
// whether a meeting runs under a code, so that an address may ask only so often.
func (s *Server) getRoom(w http.ResponseWriter, r *http.Request) {
	if wait := s.tooFast(r); wait > 0 {
		fail(w, tooMany(limitRecords, "too many asks for names of rooms from this address", wait))
		return
	}
	title, ok := s.cfg.FindRoom(r.Context(), r.URL.Query().Get("name"))
	if !ok {
		title = ""
	}
	answer(w, http.StatusOK, struct {
		Title string `json:"title"`
	}{title})
}
