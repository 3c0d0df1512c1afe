package httpd

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"
)

// Bounds of what the API takes.
const (
	maxBody    = 64 << 10 // bytes of any request
	maxRoom    = 1024     // bytes
	maxToken   = 512      // bytes
	maxComment = 2000     // characters
	maxPage    = 200
)

// getMeetings answers GET /api/v1/meetings?limit=&before=&room=.
func (s *Server) getMeetings(w http.ResponseWriter, r *http.Request) {
	q, err := meetingsQuery(r)
	if err != nil {
		fail(w, err)
		return
	}
	found, storeErr := s.cfg.Records.Meetings(r.Context(), q)
	if storeErr != nil {
		s.failStore(w, storeErr)
		return
	}
	page := struct {
		Meetings []Meeting `json:"meetings"`
		// Next is the value of before for the next page, absent at the end.
		Next string `json:"next,omitempty"`
	}{Meetings: found}
	if page.Meetings == nil {
		page.Meetings = []Meeting{}
	}
	if len(found) == q.Limit {
		page.Next = found[len(found)-1].ID
	}
	answer(w, http.StatusOK, page)
}

func meetingsQuery(r *http.Request) (MeetingsQuery, *apiError) {
	values := r.URL.Query()
	q := MeetingsQuery{Limit: 50, Before: values.Get("before"), Room: values.Get("room")}
	if text := values.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxPage {
			return q, refuse(http.StatusBadRequest, codeBadRequest, "limit is a number from 1 to 200")
		}
		q.Limit = n
	}
	if q.Before != "" && !validID(q.Before) {
		return q, refuse(http.StatusBadRequest, codeBadRequest, "before is a meeting id")
	}
	if len(q.Room) > maxRoom || !utf8.ValidString(q.Room) {
		return q, refuse(http.StatusBadRequest, codeBadRequest, "room is a room name")
	}
	return q, nil
}

// validID reports whether id looks like a UUID in its usual form.
func validID(id string) bool {
	if len(id) != 36 {
		return false
	}
	for i, c := range []byte(id) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		hex := c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
		if dash != (c == '-') || !dash && !hex {
			return false
		}
	}
	return true
}

// getMeeting answers GET /api/v1/meetings/{id}.
func (s *Server) getMeeting(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if !validID(id) {
		s.failStore(w, ErrNoMeeting)
		return
	}
	m, err := s.cfg.Records.Meeting(r.Context(), id)
	if err != nil {
		s.failStore(w, err)
		return
	}
	answer(w, http.StatusOK, m)
}

// getRecord answers GET /api/v1/meetings/{id}/record: the meeting as one who was
// in it may see it. Its secret is the permission, as the bearer token.
func (s *Server) getRecord(w http.ResponseWriter, r *http.Request) {
	if !s.mayTry(w, r) {
		return
	}
	token, ok := bearer(r)
	if !ok || token == "" || len(token) > maxToken {
		failAuth(w, refuse(http.StatusUnauthorized, codeUnauthorized, "the resume secret of the joined message is required: Authorization: Bearer …"))
		return
	}
	record, err := s.cfg.Records.Record(r.Context(), r.PathValue("id"), token)
	if err != nil {
		s.failStore(w, err)
		return
	}
	answer(w, http.StatusOK, record)
}

// postRating answers POST /api/v1/meetings/{id}/rating. The participant's
// secret is the permission, so it needs no API token.
func (s *Server) postRating(w http.ResponseWriter, r *http.Request) {
	if !s.mayTry(w, r) {
		return
	}
	rating, bad := readRating(r)
	if bad != nil {
		fail(w, bad)
		return
	}
	if err := s.cfg.Records.Rate(r.Context(), r.PathValue("id"), rating); err != nil {
		s.failStore(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// mayTry reports whether r, which shows a participant's secret, may be answered
// with more than a refusal: it names a meeting, and none came too fast.
func (s *Server) mayTry(w http.ResponseWriter, r *http.Request) bool {
	if wait := s.tooFast(r); wait > 0 {
		fail(w, tooMany(limitRecords, "too many ratings and records from this address", wait))
		return false
	}
	if !validID(r.PathValue("id")) {
		s.failStore(w, ErrNoMeeting)
		return false
	}
	return true
}

// tooFast counts an ask for what a secret or a room's code opens, and returns how
// long to wait if the address has asked too often.
func (s *Server) tooFast(r *http.Request) time.Duration {
	wait, ok := s.records.Allow(visitorFrom(r).limited, time.Now())
	if ok {
		return 0
	}
	s.metrics.refusedHTTP.WithLabelValues(limitRecords).Inc()
	return max(wait, 1)
}

func readRating(r *http.Request) (Rating, *apiError) {
	var rating Rating
	body, err := io.ReadAll(r.Body)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return rating, refuse(http.StatusRequestEntityTooLarge, codeTooLarge, "the body is larger than 64 KiB")
	case err != nil || json.Unmarshal(body, &rating) != nil:
		return rating, refuse(http.StatusBadRequest, codeBadRequest, "the body is not a JSON object of the right shape")
	case rating.Stars < 1 || rating.Stars > 5:
		return rating, refuse(http.StatusBadRequest, codeBadRequest, "stars is a number from 1 to 5")
	case rating.Token == "" || len(rating.Token) > maxToken || len(rating.Participant) > maxToken:
		return rating, refuse(http.StatusBadRequest, codeBadRequest, "token is the resume secret of the joined message")
	case utf8.RuneCountInString(rating.Comment) > maxComment:
		return rating, refuse(http.StatusBadRequest, codeBadRequest, "comment has at most 2000 characters")
	}
	return rating, nil
}

// failStore answers with what Records said. The one place that maps its
// errors.
func (s *Server) failStore(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, ErrNoMeeting):
		fail(w, refuse(http.StatusNotFound, codeNotFound, "there is no such meeting"))
	case errors.Is(err, ErrBadToken):
		fail(w, refuse(http.StatusForbidden, codeUnauthorized, ErrBadToken.Error()))
	default:
		s.cfg.Log.Error("meeting records not available", "err", err)
		fail(w, refuse(http.StatusServiceUnavailable, codeStore, "the meeting records are not available"))
	}
}
