package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// pupil is somebody in a meeting without sound or picture.
type pupil struct {
	via    string // who a proxy says it is, empty without proxy
	conn   net.Conn
	resume string
	seq    uint64
}

// answer is what the test looks at in a reply.
type answer struct {
	Type, Code, Limit, Resume string
	ID                        int64
	Seq                       uint64
	RetryAfterMS              int64 `json:"retry_after_ms"`
}

// ask sends a request on a WebSocket of its own and returns the reply.
func (p *pupil) ask(ctx context.Context, url, request string) (answer, error) {
	dialer := ws.Dialer{Protocols: []string{"parley.v1"}, Timeout: 20 * time.Second}
	if p.via != "" {
		dialer.Header = ws.HandshakeHeaderHTTP{"X-Forwarded-For": {p.via}}
	}
	conn, _, _, err := dialer.Dial(ctx, "ws"+strings.TrimPrefix(url, "http")+"/api/v1/ws")
	if err != nil {
		return answer{}, err
	}
	p.conn = conn
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	if err := wsutil.WriteClientText(conn, []byte(request)); err != nil {
		return answer{}, err
	}
	for {
		text, err := wsutil.ReadServerText(conn)
		if err != nil {
			return answer{}, err
		}
		var got answer
		if err := json.Unmarshal(text, &got); err != nil {
			return answer{}, err
		}
		if got.ID != 0 {
			return got, nil
		}
	}
}

func (p *pupil) join(ctx context.Context, url, room, name string) (answer, error) {
	got, err := p.ask(ctx, url, fmt.Sprintf(`{"type":"join","id":1,"room":%q,"name":%q}`, room, name))
	p.resume, p.seq = got.Resume, got.Seq
	return got, err
}

func (p *pupil) comeBack(ctx context.Context, url string) (answer, error) {
	return p.ask(ctx, url, fmt.Sprintf(`{"type":"resume","id":1,"token":%q,"seq":%d}`, p.resume, p.seq))
}

// all lets every pupil do something, a hundred at a time.
func all(t *testing.T, school []*pupil, want string, do func(i int, p *pupil) (answer, error)) {
	t.Helper()
	turn := make(chan struct{}, 100)
	var wg sync.WaitGroup
	for i, p := range school {
		turn <- struct{}{}
		wg.Go(func() {
			defer func() { <-turn }()
			if got, err := do(i, p); err != nil || got.Type != want {
				t.Errorf("number %d: %+v, %v", i, got, err)
			}
		})
	}
	wg.Wait()
}

// TestSchool: with the limits as they are when nobody sets them, 1,000 people
// behind one address get in, lose their line all at once, and are back within
// 15 s. The server is told of no lost line: it finds the old sockets replaced.
func TestSchool(t *testing.T) {
	parsed, err := parse(t)
	if err != nil {
		t.Fatal(err)
	}
	_, url := startTest(t, func(c *serveCmd) {
		c.Listen, c.Limits = "0.0.0.0:0", parsed.Limits // so that loopback is an address like others
		c.MaxRooms, c.MaxConnections = parsed.MaxRooms, parsed.MaxConnections
	})
	school := make([]*pupil, 1000)
	for i := range school {
		school[i] = &pupil{}
	}
	begun := time.Now()
	all(t, school, "joined", func(i int, p *pupil) (answer, error) {
		return p.join(t.Context(), url, fmt.Sprint("class-", i/25), fmt.Sprint("Pupil ", i))
	})
	if took := time.Since(begun); took > time.Minute {
		t.Errorf("all were in after %v", took)
	}
	t.Logf("joined within %v", time.Since(begun))
	old := make([]net.Conn, len(school))
	for i, p := range school {
		old[i] = p.conn
	}
	begun = time.Now()
	all(t, school, "resumed", func(_ int, p *pupil) (answer, error) { return p.comeBack(t.Context(), url) })
	if took := time.Since(begun); took > 15*time.Second {
		t.Errorf("all were back after %v", took)
	}
	t.Logf("back within %v", time.Since(begun))
	for i, conn := range old {
		_ = conn.Close()
		_ = school[i].conn.Close()
	}
}

// TestJoinsBehindAProxy: the limit on joins is each client's own, and by no word
// of a client that no proxy brought.
func TestJoinsBehindAProxy(t *testing.T) {
	for _, c := range []struct {
		name    string
		proxies []string
		want    []string
	}{
		{"trusted", []string{"loopback"}, []string{"joined", "joined", "error"}},
		{"untrusted", nil, []string{"joined", "error", "error"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, url := startTest(t, func(s *serveCmd) {
				s.Listen, s.Proxies, s.Limits = "0.0.0.0:0", c.proxies, limitFlags{Joins: 1}
			})
			for i, via := range []string{"198.51.100.1", "198.51.100.2", "198.51.100.1"} {
				p := &pupil{via: via}
				if got, err := p.join(t.Context(), url, "tea", "Ada"); err != nil || got.Type != c.want[i] {
					t.Errorf("join %d: %+v, %v, want %s", i, got, err, c.want[i])
				}
				if p.conn != nil {
					defer p.conn.Close()
				}
			}
		})
	}
}

// TestLimitsThatAreSet: what a flag says counts, and what is refused says why and
// for how long, on the WebSocket and before it.
func TestLimitsThatAreSet(t *testing.T) {
	_, url := startTest(t, func(c *serveCmd) {
		c.Listen = "0.0.0.0:0"
		c.Limits = limitFlags{Joins: 2, Sockets: 4}
	})
	var held []*pupil
	for i, want := range []string{"joined", "joined", "error", "error"} {
		p := &pupil{}
		held = append(held, p)
		got, err := p.join(t.Context(), url, "tea", "Ada")
		if err != nil || got.Type != want {
			t.Fatalf("join %d: %+v, %v", i, got, err)
		}
		if want == "error" && (got.Code != "rate_limited" || got.Limit != "joins" || got.RetryAfterMS < 1 || got.RetryAfterMS > 30_000) {
			t.Errorf("refused with %+v", got)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/api/v1/reach", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var got answer
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil || resp.StatusCode != 429 || got.Code != "rate_limited" || got.Limit != "sockets" || got.RetryAfterMS < 1 {
		t.Errorf("the fifth socket: %s %+v, %v", resp.Status, got, err)
	}
	if _, err := (&pupil{}).join(t.Context(), url, "tea", "Ada"); err == nil {
		t.Error("the fifth socket is opened")
	}
	for _, p := range held {
		_ = p.conn.Close()
	}
	http.DefaultClient.CloseIdleConnections()
}
