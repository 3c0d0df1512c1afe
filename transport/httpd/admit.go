package httpd

import (
	"net/http"
	"time"
)

// Names of limits, as their flags are called: --limit-opens and so on.
const (
	limitOpens    = "opens"
	limitSockets  = "sockets"
	limitRequests = "requests"
	limitRecords  = "records"
)

// When to try again where nobody can know.
const (
	socketsRetry = 5 * time.Second
	fullRetry    = 10 * time.Second
)

// tooMany is the refusal of a limit per address.
func tooMany(limit, message string, wait time.Duration) *apiError {
	e := refuse(http.StatusTooManyRequests, codeRate, message)
	e.Limit, e.retry = limit, wait
	return e
}

func (s *Server) full() *apiError {
	e := refuse(http.StatusServiceUnavailable, codeFull, "the server has all the connections it may have (--max-connections)")
	e.retry = fullRetry
	return e
}

const (
	tooManyOpens   = "too many new connections from this address"
	tooManySockets = "too many connections from this address"
)

// admit decides before anything is upgraded. Without an error one WebSocket of
// the visitor is counted, see giveSocket.
func (s *Server) admit(r *http.Request, v *visitor) *apiError {
	if e := s.barred(r, v); e != nil {
		return e
	}
	if wait, ok := s.opens.Allow(v.limited, time.Now()); !ok {
		return tooMany(limitOpens, tooManyOpens, wait)
	}
	if !s.sockets.Add(v.limited) {
		return tooMany(limitSockets, tooManySockets, socketsRetry)
	}
	if s.total.Add(1) > int64(s.cfg.MaxConnections) {
		s.giveSocket(v.limited)
		return s.full()
	}
	return nil
}

// wouldAdmit is admit's answer, without counting anything.
func (s *Server) wouldAdmit(r *http.Request, v *visitor) *apiError {
	if e := s.barred(r, v); e != nil {
		return e
	}
	if wait := s.opens.Wait(v.limited, time.Now()); wait > 0 {
		return tooMany(limitOpens, tooManyOpens, wait)
	}
	if s.sockets.Full(v.limited) {
		return tooMany(limitSockets, tooManySockets, socketsRetry)
	}
	if s.total.Load() >= int64(s.cfg.MaxConnections) {
		return s.full()
	}
	return nil
}

// barred is the part of admit that counts nothing.
func (s *Server) barred(r *http.Request, v *visitor) *apiError {
	if !s.origins.allow(r, v) {
		return s.foreignOrigin(r, v)
	}
	if s.descriptors.out() {
		s.tellBusy()
		e := refuse(http.StatusServiceUnavailable, codeBusy, "the server has no descriptor left for another connection")
		e.retry = busyRetry
		return e
	}
	if s.stopping.Load() {
		return stopping()
	}
	return nil
}

func stopping() *apiError {
	e := refuse(http.StatusServiceUnavailable, codeDraining, "the server is stopping")
	e.retry = busyRetry
	return e
}

// foreignOrigin refuses a page, and tells both sides how to mend it: most often
// nobody attacks, but a proxy passes on another Host than it was asked for.
func (s *Server) foreignOrigin(r *http.Request, v *visitor) *apiError {
	origin := forLog(r.Header.Get("Origin"))
	if s.told.first("origin "+origin+" "+forLog(v.host), time.Now()) {
		s.cfg.Log.Warn("refused a page of another origin; if it is ours, the proxy must pass on the Host it was asked for or be named with --trusted-proxies; else --allow-origin lets it in",
			"origin", origin, "host", forLog(v.host))
	}
	e := refuse(http.StatusForbidden, codeOrigin, "pages of this origin may not connect to this host. "+
		"Behind a reverse proxy: let it pass on the Host it was asked for (nginx: proxy_set_header Host $http_host), or name it with --trusted-proxies and let it send X-Forwarded-Host. "+
		"A page of another site: start the server with --allow-origin")
	e.Origin, e.Host = origin, forLog(v.host)
	return e
}

// tellBusy warns that descriptors ran out, once a minute at most.
func (s *Server) tellBusy() {
	if s.shortage.AllowN(time.Now(), 1) {
		s.cfg.Log.Warn("out of descriptors: new connections are refused; raise the limit (ulimit -n, LimitNOFILE) or lower --max-connections",
			"limit", s.descriptors.limit)
	}
}

// reachPath tells pages what the socket would answer.
const reachPath = "/api/v1/reach"

// reach answers POST /api/v1/reach: what an upgrade from this page would be
// answered now. Browsers do not show a page why its WebSocket was refused.
func (s *Server) reach(w http.ResponseWriter, r *http.Request) {
	if e := s.wouldAdmit(r, visitorFrom(r)); e != nil {
		fail(w, e)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
}
