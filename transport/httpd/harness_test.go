package httpd

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parley/transport/wsconn"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	meetingID = "01932b6e-7a4b-7c3d-8e5f-0123456789ab"
	olderID   = "01932b6e-7a4b-7c3d-8e5f-0123456789aa"
	noID      = "01932b6e-7a4b-7c3d-8e5f-000000000000"
)

// memoryRecords is a Records without a disk.
type memoryRecords struct {
	asked MeetingsQuery
	given []Rating
	err   error
}

func (m *memoryRecords) Meetings(_ context.Context, q MeetingsQuery) ([]Meeting, error) {
	m.asked = q
	all := []Meeting{{ID: meetingID, Room: "blue"}, {ID: olderID, Room: "blue"}}
	return all[:min(q.Limit, len(all))], m.err
}

func (m *memoryRecords) Meeting(_ context.Context, id string) (Meeting, error) {
	if m.err != nil || id != meetingID {
		return Meeting{}, errors.Join(m.err, ErrNoMeeting)
	}
	return Meeting{ID: id, Room: "blue", Start: time.UnixMilli(0).UTC(), Participants: []Attendance{{Participant: "p1", Name: "Ann"}}}, nil
}

func (m *memoryRecords) Record(_ context.Context, meeting, token string) (Record, error) {
	if m.err == nil && (meeting != meetingID || token != "secret") {
		return Record{}, ErrBadToken
	}
	return Record{ID: meeting, Room: "blue", Participants: []Presence{{Name: "Ann", You: true}}}, m.err
}

func (m *memoryRecords) Rate(_ context.Context, meeting string, r Rating) error {
	switch {
	case meeting != meetingID:
		return ErrNoMeeting
	case r.Token != "secret":
		return ErrBadToken
	}
	m.given = append(m.given, r)
	return m.err
}

// site under test.
type running struct {
	*Server
	addr string
	base string // http://addr or https://addr
	http *http.Client

	served []<-chan error // what Serve said, for each listener
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// meetings is the door that clients of ours use.
func meetings(accept func(*wsconn.Conn, *http.Request) wsconn.Handler) []Door {
	return []Door{{Pattern: "/api/v1/ws", Socket: &Socket{Protocol: "parley.v1", Accept: accept}}}
}

// start serves cfg on a loopback port until the end of the test. change is called
// before anything comes in.
func start(t testing.TB, cfg Config, change ...func(*Server)) *running {
	t.Helper()
	if cfg.Log == nil {
		cfg.Log = quiet()
	}
	if cfg.Doors == nil {
		cfg.Doors = meetings(func(*wsconn.Conn, *http.Request) wsconn.Handler { return wsconn.Echo{} })
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range change {
		f(s)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(Listener{Name: "main", Net: ln}) }()
	transport := &http.Transport{
		TLSClientConfig:    &tls.Config{InsecureSkipVerify: true},
		DisableCompression: true,
	}
	r := &running{Server: s, addr: ln.Addr().String(), served: []<-chan error{served}, http: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	r.base = "http://" + r.addr
	if cfg.CertFile != "" {
		r.base = "https://" + r.addr
	}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		defer cancel()
		_ = r.Shutdown(ctx) // reports what it had to cut
		for _, served := range r.served {
			if err := within(t, served, "end of Serve"); err != nil {
				t.Error(err)
			}
		}
	})
	return r
}

// writeCert writes a new certificate for names, without any for localhost, and
// returns its files.
func writeCert(t testing.TB, dir string, serial int64, names ...string) (cert, key string) {
	t.Helper()
	if len(names) == 0 {
		names = []string{"localhost"}
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), DNSNames: names}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// onBoth runs test over HTTP and HTTPS.
func onBoth(t *testing.T, cfg Config, test func(t *testing.T, r *running)) {
	t.Helper()
	t.Run("plain", func(t *testing.T) { test(t, start(t, cfg)) })
	t.Run("tls", func(t *testing.T) {
		cfg.CertFile, cfg.KeyFile = writeCert(t, t.TempDir(), 1)
		test(t, start(t, cfg))
	})
}

// do sends a request. header holds "Name: value" lines.
func (r *running) do(t testing.TB, verb, path, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(verb, r.base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Host" {
			req.Host = value
			continue
		}
		req.Header.Add(name, value)
	}
	resp, err := r.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

// rawDial connects without HTTP.
func (r *running) rawDial(t testing.TB) net.Conn {
	t.Helper()
	var conn net.Conn
	var err error
	if strings.HasPrefix(r.base, "https") {
		conn, err = tls.Dial("tcp", r.addr, &tls.Config{InsecureSkipVerify: true})
	} else {
		conn, err = net.Dial("tcp", r.addr)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(15 * time.Second))
	return conn
}

// upgrade asks for a WebSocket and returns the connection behind the answer.
func (r *running) upgrade(t testing.TB, path string, header ...string) (*http.Response, net.Conn, *bufio.Reader) {
	t.Helper()
	conn := r.rawDial(t)
	lines := []string{"GET " + path + " HTTP/1.1", "Host: " + r.addr, "Connection: Upgrade", "Upgrade: websocket",
		"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}
	for _, h := range header {
		if host, ok := strings.CutPrefix(h, "Host: "); ok {
			lines[1] = "Host: " + host
			continue
		}
		lines = append(lines, h)
	}
	if _, err := io.WriteString(conn, strings.Join(lines, "\r\n")+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(conn)
	resp, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	return resp, conn, reader
}

const offer = "Sec-WebSocket-Protocol: parley.v1"

func within[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(10 * time.Second):
		t.Fatalf("no %s within 10 s", what)
		panic("unreachable")
	}
}
