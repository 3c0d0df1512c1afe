package wsconn

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"parley/transport/poll"
)

// variant is one of the four ways a connection can be served.
type variant struct {
	name     string
	tls      bool
	portable bool
}

var variants = []variant{
	{name: "plain"},
	{name: "tls", tls: true},
	{name: "portable plain", portable: true},
	{name: "portable tls", portable: true, tls: true},
}

// onAll runs test in every variant, with cfg as the server's configuration.
func onAll(t *testing.T, cfg Config, accept func(*Conn) Handler, test func(t *testing.T, h *harness)) {
	t.Helper()
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) { test(t, newHarness(t, v, cfg, accept)) })
	}
}

// asLimitsSee is the address a test gives itself with the header From, invalid
// without.
func asLimitsSee(r *http.Request) netip.Addr {
	from, _ := netip.ParseAddr(r.Header.Get("From"))
	return from
}

func acceptEcho(*Conn) Handler { return Echo{} }

// harness is an HTTP server whose every request becomes a WebSocket.
type harness struct {
	variant
	server *Server
	addr   string
	stop   func() // idempotent, called at the end of the test
}

var certificate = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
})

func newHarness(t testing.TB, v variant, cfg Config, accept func(*Conn) Handler) *harness {
	t.Helper()
	cfg.Poll.Portable = v.portable
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	server, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	ln = movable{ln}
	if v.tls {
		ln = tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{certificate()}})
	}
	web := &http.Server{
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			err := server.Upgrade(w, r, "", asLimitsSee(r), accept)
			var refused *HandshakeError
			if errors.As(err, &refused) {
				http.Error(w, refused.Message, refused.Status)
			}
		}),
	}
	served := make(chan struct{})
	go func() { defer close(served); _ = web.Serve(ln) }()
	stop := sync.OnceFunc(func() {
		_ = web.Close()
		<-served
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		if err := server.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
		if f := server.Figures(); f.Open != 0 || f.Secure != 0 || f.Queued != 0 || f.Held != 0 {
			t.Errorf("after close: %+v", f)
		}
	})
	t.Cleanup(stop)
	return &harness{variant: v, server: server, addr: addr, stop: stop}
}

// client is the other end: it sends raw bytes and reads frames.
type client struct {
	t    testing.TB
	conn net.Conn
	tcp  *net.TCPConn
	r    *bufio.Reader
}

const handshake = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
	"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"

// dial connects and upgrades. early is sent right behind the request.
func (h *harness) dial(t testing.TB, early ...byte) *client {
	t.Helper()
	return h.dialFrom(t, "", early...)
}

// dialFrom is dial from an address as limits see it.
func (h *harness) dialFrom(t testing.TB, from string, early ...byte) *client {
	t.Helper()
	c, err := h.tryDial(from, early...)
	if err != nil {
		t.Fatal(err)
	}
	c.t = t
	t.Cleanup(func() { c.conn.Close() })
	return c
}

func (h *harness) tryDial(from string, early ...byte) (*client, error) {
	tcp, err := net.Dial("tcp", h.addr)
	if err != nil {
		return nil, err
	}
	c := &client{conn: tcp, tcp: tcp.(*net.TCPConn)}
	if h.tls {
		c.conn = tls.Client(tcp, &tls.Config{InsecureSkipVerify: true})
	}
	_ = c.conn.SetDeadline(time.Now().Add(20 * time.Second))
	request := handshake
	if from != "" {
		request = strings.Replace(request, "\r\n", "\r\nFrom: "+from+"\r\n", 1)
	}
	if _, err := c.conn.Write(append([]byte(request), early...)); err != nil {
		return nil, err
	}
	c.r = bufio.NewReaderSize(c.conn, 512)
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		return nil, fmt.Errorf("status %s", resp.Status)
	}
	// The accept key of RFC 6455 §1.3.
	if got := resp.Header.Get("Sec-WebSocket-Accept"); got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		return nil, fmt.Errorf("accept key %q", got)
	}
	if got := resp.Header.Get("Sec-WebSocket-Extensions"); got != "" {
		return nil, fmt.Errorf("extensions %q were negotiated", got)
	}
	return c, nil
}

func (c *client) write(b []byte) {
	c.t.Helper()
	if _, err := c.conn.Write(b); err != nil {
		c.t.Fatalf("client write: %v", err)
	}
}

// frame is what a client reads.
type frame struct {
	op   ws.OpCode
	data []byte
}

// read reads one frame; err is io.EOF at the end of the connection.
func (c *client) read() (frame, error) {
	h, err := ws.ReadHeader(c.r)
	if err != nil {
		return frame{}, err
	}
	if h.Masked || h.Rsv != 0 || !h.Fin {
		return frame{}, fmt.Errorf("server sent the frame header %+v", h)
	}
	data := make([]byte, h.Length)
	_, err = io.ReadFull(c.r, data)
	return frame{h.OpCode, data}, err
}

func (c *client) want(op ws.OpCode, data string) {
	c.t.Helper()
	f, err := c.read()
	if err != nil || f.op != op || string(f.data) != data {
		c.t.Fatalf("got frame %x %.40q (%d bytes), %v; want %x %.40q (%d bytes)", f.op, f.data, len(f.data), err, op, data, len(data))
	}
}

// wantClosed reads a close frame with status and the end of the connection.
func (c *client) wantClosed(status int) {
	c.t.Helper()
	f, err := c.read()
	if err != nil {
		c.t.Fatalf("no close frame: %v", err)
	}
	if got := closeStatus(f); got != status {
		c.t.Fatalf("got frame %x %.40q, close status %d, want %d", f.op, f.data, got, status)
	}
	c.wantEnd()
}

// wantEnd reads the end of the connection and ends the client's side.
func (c *client) wantEnd() {
	c.t.Helper()
	if f, err := c.read(); err == nil {
		c.t.Fatalf("got frame %x %.40q instead of the end", f.op, f.data)
	} else if isTimeout(err) {
		c.t.Fatal("the connection is not closed")
	}
	_ = c.conn.Close() // or the server would wait for it
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

// closeStatus returns the status of a close frame, 1005 if it has none, 0 if
// f is not a close frame.
func closeStatus(f frame) int {
	switch {
	case f.op != ws.OpClose:
		return 0
	case len(f.data) < 2:
		return 1005
	}
	return int(binary.BigEndian.Uint16(f.data))
}

// masked makes a client frame.
func masked(op ws.OpCode, fin bool, data string) []byte {
	return ws.MustCompileFrame(ws.MaskFrameWith(ws.NewFrame(op, fin, []byte(data)), [4]byte{0x37, 0xfa, 0x21, 0x3d}))
}

func text(s string) []byte { return masked(ws.OpText, true, s) }

func closing(status int, reason string) []byte {
	return masked(ws.OpClose, true, string(ws.NewCloseFrameBody(ws.StatusCode(status), reason)))
}

// eventually waits until ok or fails after 5 s.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for range 500 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("after 5 s: not %s", what)
}

var _ poll.Handler = (*Conn)(nil)

// movable wraps what is accepted, as who serves HTTP does.
type movable struct{ net.Listener }

func (l movable) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return Movable(conn), nil
}
