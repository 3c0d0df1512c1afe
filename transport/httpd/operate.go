package httpd

import (
	"net/http"
	"net/http/pprof"
	"runtime/debug"
	"slices"
	"time"
)

// healthz says that the process is alive.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]string{"status": "ok"})
}

// readyz says whether new meetings are taken.
func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) {
	if end := s.drainEnd.Load(); end != 0 {
		e := stopping()
		e.retry = max(e.retry, time.Until(time.Unix(0, end)))
		fail(w, e)
		return
	}
	if err := s.cfg.Ready(); err != nil {
		fail(w, refuse(http.StatusServiceUnavailable, "not_ready", err.Error()))
		return
	}
	answer(w, http.StatusOK, map[string]string{"status": "ready"})
}

// recovered turns a handler's panic into a 500.
func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler {
				panic(p)
			}
			s.metrics.panics.Inc()
			s.cfg.Log.Error("request handler panicked", "panic", p, "stack", string(debug.Stack()))
			if rec, ok := w.(*statusRecorder); ok && !rec.wrote {
				fail(w, refuse(http.StatusInternalServerError, codeInternal, "internal error"))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// shared lets pages of the allowed origins call next from a script (CORS).
func (s *Server) shared(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		w.Header().Add("Vary", "Origin")
		if u, err := parseOrigin(origin); err == nil && s.origins.allowed[normalOrigin(u)] {
			h := w.Header()
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Cross-Origin-Resource-Policy", "cross-origin")
			if r.Method == http.MethodOptions {
				h.Set("Access-Control-Allow-Methods", http.MethodGet+", "+http.MethodPost)
				h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
				h.Set("Access-Control-Max-Age", "600")
				w.WriteHeader(http.StatusNoContent)
				return
			}
		}
		next(w, r)
	}
}

// profiles adds the runtime's profiles, for those who may use the API.
func (s *Server) profiles(mux *routes) {
	pages := map[string]http.HandlerFunc{
		"/debug/pprof/":        pprof.Index,
		"/debug/pprof/profile": pprof.Profile,
		"/debug/pprof/symbol":  pprof.Symbol,
		"/debug/pprof/trace":   pprof.Trace,
	}
	paths := make([]string, 0, len(pages))
	for path := range pages {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		mux.Handle(path, s.guard(pages[path]))
	}
}
