package bench

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// relay stands between the bench and an honest server and lies about it: what
// the server says and sends passes through the functions of its lie.
type relay struct {
	lie
	server string // address of the honest one
	name   string // put before the names of rooms, so that many relays can share a server
	http   *httptest.Server

	mu     sync.Mutex // guards open and ended
	open   []io.Closer
	ended  bool
	within sync.WaitGroup
}

// lie is what a relay does. Nil functions leave things as they are.
type lie struct {
	// say turns a message of the server into what the client is told.
	say func(l *line, msg string) []string
	// packet does so with an RTP packet.
	packet func(l *line, pkt []byte) [][]byte
	// page does so with the page of metrics.
	page func(page string) string
	// hangUp is how long after its joined each client's WebSocket is closed; 0: never.
	hangUp time.Duration
}

// line is what a relay knows of one client. say and packet each have their own
// fields: they run on two goroutines.
type line struct {
	texts   int    // say: messages of chat
	packets int    // packet: RTP
	ssrc    uint32 // packet: of the first
}

func newRelay(t *testing.T, server, name string, l lie) *relay {
	r := &relay{lie: l, server: server, name: name}
	r.http = httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(r.close)
	return r
}

// close ends all connections and waits for them.
func (r *relay) close() {
	r.mu.Lock()
	r.ended = true
	for _, c := range r.open {
		c.Close()
	}
	r.mu.Unlock()
	r.within.Wait()
	r.http.Close()
}

// keep notes what is to be closed in the end; it is closed now if that has been.
func (r *relay) keep(c io.Closer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open = append(r.open, c)
	if r.ended {
		c.Close()
	}
}

func (r *relay) serve(w http.ResponseWriter, req *http.Request) {
	switch req.URL.Path {
	case "/api/v1/ws":
		r.signal(w, req)
	case "/metrics":
		r.metrics(w)
	default:
		http.NotFound(w, req)
	}
}

// scraping is held by the one who reads the page of metrics: a server serves few
// at once.
var scraping sync.Mutex

func (r *relay) metrics(w http.ResponseWriter) {
	scraping.Lock()
	defer scraping.Unlock()
	resp, err := http.Get(r.server + "/metrics")
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		http.Error(w, resp.Status, http.StatusBadGateway)
		return
	}
	if r.page != nil {
		page = []byte(r.page(string(page)))
	}
	w.Write(page)
}

// signal relays one WebSocket.
func (r *relay) signal(w http.ResponseWriter, req *http.Request) {
	const protocol = "parley.v1"
	far, early, _, err := ws.Dialer{Protocols: []string{protocol}}.Dial(context.Background(), strings.Replace(r.server, "http", "ws", 1)+req.URL.Path)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	r.keep(far)
	near, buffered, _, err := ws.HTTPUpgrader{Protocol: func(s string) bool { return s == protocol }}.Upgrade(req, w)
	if err != nil {
		return
	}
	r.keep(near)
	from := io.Reader(far)
	if early != nil {
		from = early
	}
	r.within.Go(func() { r.up(buffered, far) })
	r.within.Go(func() {
		r.down(from, near)
		near.Close()
		far.Close()
	})
}

// up relays what the client says, but for the name of its room.
func (r *relay) up(from io.Reader, far net.Conn) {
	for {
		f, err := ws.ReadFrame(from)
		if err != nil {
			far.Close()
			return
		}
		f = ws.UnmaskFrame(f)
		text := strings.Replace(string(f.Payload), `"room":"`, `"room":"`+r.name, 1)
		out := ws.NewFrame(f.Header.OpCode, f.Header.Fin, []byte(text))
		if ws.WriteFrame(far, ws.MaskFrame(out)) != nil {
			return
		}
	}
}

// down relays what the server says.
func (r *relay) down(from io.Reader, near net.Conn) {
	l := new(line)
	for {
		f, err := ws.ReadFrame(from)
		if err != nil {
			return
		}
		texts := []string{string(f.Payload)}
		if f.Header.OpCode == ws.OpText {
			if r.hangUp > 0 && strings.Contains(texts[0], `"type":"joined"`) {
				time.AfterFunc(r.hangUp, func() { near.Close() })
			}
			texts[0] = r.divert(texts[0])
			if r.say != nil {
				texts = r.say(l, texts[0])
			}
		}
		for _, text := range texts {
			if ws.WriteFrame(near, ws.NewFrame(f.Header.OpCode, f.Header.Fin, []byte(text))) != nil {
				return
			}
		}
	}
}

var candidate = regexp.MustCompile(`(a=candidate:\S+ 1 udp \d+ )([0-9.]+) (\d+)( typ)`)

// divert puts a socket of the relay in the place of the server's.
func (r *relay) divert(msg string) string {
	m := candidate.FindStringSubmatch(msg)
	if m == nil {
		return msg
	}
	own, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return msg
	}
	r.keep(own)
	r.within.Go(func() { r.media(own, net.JoinHostPort(m[2], m[3])) })
	_, port, _ := net.SplitHostPort(own.LocalAddr().String())
	return candidate.ReplaceAllString(msg, "${1}127.0.0.1 "+port+"${4}")
}

// media relays the datagrams of one client.
func (r *relay) media(own *net.UDPConn, server string) {
	far, err := net.Dial("udp4", server)
	if err != nil {
		return
	}
	r.keep(far)
	defer far.Close()
	var once sync.Once
	buf := make([]byte, 2048)
	for {
		n, from, err := own.ReadFrom(buf)
		if err != nil {
			return
		}
		once.Do(func() { r.within.Go(func() { r.back(far, own, from) }) })
		far.Write(buf[:n])
	}
}

// back relays what the server sends.
func (r *relay) back(far net.Conn, own *net.UDPConn, to net.Addr) {
	l, buf := new(line), make([]byte, 2048)
	for {
		n, err := far.Read(buf)
		if err != nil {
			return
		}
		pkts := [][]byte{buf[:n]}
		if isRTP := n > 12 && buf[0]>>6 == 2 && (buf[1] < 192 || buf[1] > 223); isRTP && r.packet != nil {
			l.packets++
			pkts = r.packet(l, buf[:n])
		}
		for _, pkt := range pkts {
			own.WriteTo(pkt, to)
		}
	}
}
