package httpd

import (
	"fmt"
	"net/http"
	"strings"

	"parley/transport/wsconn"
)

// Door is a way in besides the pages and the API: requests for Pattern (of
// http.ServeMux, without a host) are answered by Handler, those that ask for a
// WebSocket by Socket. One of the two is enough. Whoever comes through it has met the
// rules of all HTTP before (Host, Origin, limits, headers, body of 64 KiB), and a panic
// costs its request only.
type Door struct {
	Pattern string
	Handler http.Handler
	Socket  *Socket
}

// Socket makes requests WebSockets, within the limits that all of those have together
// and each address.
type Socket struct {
	// Protocol is the subprotocol that clients must offer; empty: none is chosen.
	Protocol string
	// Accept is given every new WebSocket and returns its handler, nil to refuse it. r
	// is the upgrade request. It must not keep r.
	Accept func(c *wsconn.Conn, r *http.Request) wsconn.Handler
}

// check finds what no request tells.
func (d *Door) check() error {
	_, path := d.asksFor()
	switch {
	case !strings.HasPrefix(path, "/"):
		return fmt.Errorf("door %q: a pattern is a path such as /relay/{channel}, with a method before it or without", d.Pattern)
	case d.Handler == nil && d.Socket == nil:
		return fmt.Errorf("door %q: nobody answers", d.Pattern)
	case d.Socket != nil && d.Socket.Accept == nil:
		return fmt.Errorf("door %q: nobody takes its WebSockets", d.Pattern)
	}
	return nil
}

// asksFor takes the pattern apart. Without a method it takes all; GET stands for them.
func (d *Door) asksFor() (method, path string) {
	if method, path, ok := strings.Cut(d.Pattern, " "); ok {
		return method, strings.TrimLeft(path, " \t")
	}
	return http.MethodGet, d.Pattern
}

// routes are a ServeMux and what is ours in it.
type routes struct {
	*http.ServeMux
	own []string // patterns, without methods
}

// Handle registers what is ours.
func (m *routes) Handle(pattern string, h http.Handler) {
	m.own = append(m.own, pattern)
	m.ServeMux.Handle(pattern, h)
}

// open adds a door. No door may answer for another, or for what is ours.
func (m *routes) open(d Door, h http.Handler) (err error) {
	defer func() {
		if p := recover(); p != nil { // so ServeMux refuses a pattern
			err = fmt.Errorf("door %q: %v", d.Pattern, p)
		}
	}()
	m.ServeMux.Handle(d.Pattern, h)
	method, _ := d.asksFor()
	for _, pattern := range m.own {
		if m.takenFrom(pattern, method) {
			return fmt.Errorf("door %q: it would answer in the place of %q", d.Pattern, pattern)
		}
	}
	return nil
}

// takenFrom reports whether requests with a method for what is ours go elsewhere.
func (m *routes) takenFrom(own, method string) bool {
	paths := []string{strings.ReplaceAll(own, "{id}", "x")}
	if own == "/" { // the pages
		paths = append(paths, "/r/room", "/sdk/index.js", "/lib/x.js", "/ui/x.js", embedPage, "/manifest.webmanifest")
	}
	for _, path := range paths {
		r, err := http.NewRequest(method, path, nil)
		if err != nil {
			panic(err) // ServeMux has taken the method, and the path is ours
		}
		if _, pattern := m.Handler(r); pattern != own {
			return true
		}
	}
	return false
}

// enter is what a door's requests are answered by.
func (s *Server) enter(d Door) http.Handler {
	if d.Socket == nil {
		return d.Handler
	}
	upgrade := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.upgrade(w, r, d.Socket.Protocol, func(c *wsconn.Conn) wsconn.Handler { return d.Socket.Accept(c, r) })
	})
	if d.Handler == nil {
		return upgrade // it says what is missing
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asksUpgrade(r) {
			upgrade(w, r)
			return
		}
		d.Handler.ServeHTTP(w, r)
	})
}

// asksUpgrade reports whether r is to become a WebSocket.
func asksUpgrade(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}
