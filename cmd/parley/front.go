package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"parley/engine"
	"parley/engine/wire"
	"parley/transport/httpd"
	"parley/transport/wsconn"
)

// newFront builds what is served over TCP.
func (c *serveCmd) newFront(srv *server, log *slog.Logger) (*httpd.Server, error) {
	if c.APIToken != "" && len(c.APIToken) < goodToken {
		log.Warn("the API token is short enough to be guessed", "characters", len(c.APIToken), "better", goodToken)
	}
	front, err := httpd.New(httpd.Config{
		CertFile: c.TLSCert, KeyFile: c.TLSKey,
		Site: c.Public, Origins: c.Origins, FrameAncestors: c.Frames, Hosts: c.Hosts, TrustedProxies: c.Proxies,
		APIToken: c.APIToken, Debug: c.Debug, Dev: c.Dev,
		MaxConnections: c.MaxConnections,
		PerAddress: httpd.PerAddress{
			Sockets: noneIfZero(c.Limits.Sockets), OpensPerMinute: noneIfZero(c.Limits.Opens),
			Requests: noneIfZero(c.Limits.Requests), RecordsPerMinute: noneIfZero(c.Limits.Records),
		},
		Doors:      c.doors(srv),
		FindRoom:   findRoom(srv.engine),
		Records:    recordsBridge{srv.store, srv.engine},
		Ready:      func() error { return ready(srv) },
		Collectors: []prometheus.Collector{collector{srv.engine.Figures, srv.media.Figures, srv.store.Figures}},
		Log:        log,
	})
	if errors.Is(err, httpd.ErrCertificate) {
		return nil, advise(err, "--tls-cert takes a file with the certificate and its chain, --tls-key one with its private key, both PEM.")
	}
	return front, err
}

// doors are the ways into meetings on the main port, one line each.
func (c *serveCmd) doors(srv *server) []httpd.Door {
	return []httpd.Door{
		{Pattern: "/api/v1/ws", Socket: &httpd.Socket{Protocol: "parley.v1", Accept: acceptor{srv.engine}.accept}},
	}
}

// findRoom asks the engine for a room's name. Who can not answer now will when
// somebody joins.
func findRoom(e *engine.Engine) func(context.Context, string) (string, bool) {
	return func(ctx context.Context, typed string) (string, bool) {
		title, err := e.FindRoom(ctx, typed)
		if err != nil {
			return typed, !errors.Is(err, wire.ErrRoomName)
		}
		return title, true
	}
}

// goodToken is how many characters make an API token that nobody finds by trying.
const goodToken = 16

// errNotTaking: the engine is draining.
var errNotTaking = errors.New("draining: no new meetings")

func ready(srv *server) error {
	if !srv.engine.Ready() {
		return errNotTaking
	}
	return srv.store.Healthy()
}

// acceptor hands new WebSockets to the engine.
type acceptor struct{ engine *engine.Engine }

func (a acceptor) accept(conn *wsconn.Conn, r *http.Request) wsconn.Handler {
	return signalBridge{a.engine.Accept(conn, engine.ConnInfo{Addr: conn.Source(), Principal: principalOf(r)})}
}

// signalBridge is the engine's side of a connection as the transport sees it.
type signalBridge struct{ signal *engine.Signal }

// OnText implements wsconn.Handler.
func (b signalBridge) OnText(_ *wsconn.Conn, text []byte) { b.signal.OnText(text) }

// OnClose implements wsconn.Handler.
func (b signalBridge) OnClose(*wsconn.Conn, error) { b.signal.OnClose() }

// serve starts answering on all ports. The channel gets the error that ended one of
// them early.
func (srv *server) serve() <-chan error {
	ended := make(chan error, len(srv.listens))
	for _, l := range srv.listens {
		go func() { ended <- srv.front.Serve(l) }() // ends with Shutdown
	}
	return ended
}

// shutFront ends the TCP side.
func (srv *server) shutFront(ctx context.Context) error {
	err := srv.front.Shutdown(ctx)
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
