package wsconn

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"golang.org/x/net/websocket"
)

func (f frame) String() string {
	switch f.op {
	case ws.OpClose:
		return fmt.Sprintf("close %d", closeStatus(f))
	case ws.OpText:
		return "text " + string(f.data)
	case ws.OpBinary:
		return "binary " + string(f.data)
	case ws.OpPong:
		return "pong " + string(f.data)
	}
	return fmt.Sprintf("opcode %x %s", f.op, f.data)
}

// chop is how the bytes of a case are delivered.
type chop struct {
	name string
	size func(total int) int // of a write
}

var chops = []chop{
	{"whole", func(total int) int { return max(total, 1) }},
	{"chopped", func(total int) int {
		if total > 4096 {
			return 997 // byte by byte would only take long
		}
		return 1
	}},
}

// TestRFC6455 holds every conversation of the table with the echo server.
func TestRFC6455(t *testing.T) {
	cases := rfcCases()
	if len(cases) < 240 {
		t.Fatalf("only %d cases", len(cases))
	}
	seen := map[string]bool{}
	for _, c := range cases {
		if seen[c.name] {
			t.Errorf("two cases %q", c.name)
		}
		seen[c.name] = true
	}
	limits := Limits{Controls: 10_000, CloseTime: time.Second}
	onAll(t, Config{Limits: limits}, acceptEcho, func(t *testing.T, h *harness) {
		for _, how := range chops {
			t.Run(how.name, func(t *testing.T) {
				for _, c := range cases {
					converse(t, h, c, how.size(len(c.send)))
				}
			})
		}
	})
}

// converse holds one conversation.
func converse(t *testing.T, h *harness, c rfcCase, size int) {
	client := h.dial(t)
	defer client.conn.Close()
	_ = client.conn.SetDeadline(time.Now().Add(10 * time.Second))
	wrote := make(chan struct{})
	go func() {
		defer close(wrote)
		for rest := c.send; len(rest) > 0; {
			n := min(size, len(rest))
			if _, err := client.conn.Write(rest[:n]); err != nil {
				return // the server has closed: what it said before counts
			}
			rest = rest[n:]
		}
	}()
	for i, want := range c.want {
		f, err := client.read()
		if got := f.String(); err != nil || got != want {
			t.Errorf("%s: answer %d is %.60q, %v, want %.60q", c.name, i, got, err, want)
			break
		}
	}
	if f, err := client.read(); err == nil {
		t.Errorf("%s: then came %.60q", c.name, f)
	} else if isTimeout(err) {
		t.Errorf("%s: not closed", c.name)
	}
	<-wrote
}

// TestParserTable puts the table through the parser alone, in pieces of
// exactly the given size, and compares with the echo it would cause.
func TestParserTable(t *testing.T) {
	for _, c := range rfcCases() {
		for _, size := range []int{1, 2, 3, 7, 64, len(c.send)} {
			if size == 1 && len(c.send) > 1<<20 {
				continue
			}
			if got := parseAll(c.send, size); !slicesEqual(got, c.want) {
				t.Errorf("%s in pieces of %d: %.200q, want %.200q", c.name, size, got, c.want)
			}
		}
	}
}

func slicesEqual(a, b []string) bool { return strings.Join(a, "\x00|") == strings.Join(b, "\x00|") }

// parseAll returns what an echo server would answer to data.
func parseAll(data []byte, size int) (answers []string) {
	var p parser
	for data = bytes.Clone(data); len(data) > 0; {
		piece := data[:min(size, len(data))]
		data = data[len(piece):]
		for len(piece) > 0 {
			found, payload, n, err := p.next(piece, bounds{message: 384 << 10, fragments: 1024, binary: true})
			piece = piece[n:]
			if err != nil {
				return append(answers, fmt.Sprintf("close %d", err.(*CloseError).Status))
			}
			switch found {
			case kindText:
				answers = append(answers, "text "+string(payload))
			case kindBinary:
				answers = append(answers, "binary "+string(payload))
			case kindPing:
				answers = append(answers, "pong "+string(payload))
			case kindClose:
				return append(answers, frame{ws.OpClose, payload}.String())
			}
		}
	}
	return answers
}

// TestOtherClient lets a client that shares no code with ours talk to the
// echo server.
func TestOtherClient(t *testing.T) {
	onAll(t, Config{}, acceptEcho, func(t *testing.T, h *harness) {
		conn := h.dialRaw(t)
		defer conn.Close()
		cfg, err := websocket.NewConfig("ws://localhost/", "http://localhost/")
		if err != nil {
			t.Fatal(err)
		}
		other, err := websocket.NewClient(cfg, conn)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{0, 1, 125, 126, 65535, 65536, 300_000} {
			want := strings.Repeat("ä", n/2)
			if err := websocket.Message.Send(other, want); err != nil {
				t.Fatal(err)
			}
			var got string
			if err := websocket.Message.Receive(other, &got); err != nil || got != want {
				t.Fatalf("%d bytes: got %d, %v", len(want), len(got), err)
			}
			raw := bytes.Repeat([]byte{0xff}, n)
			if err := websocket.Message.Send(other, raw); err != nil {
				t.Fatal(err)
			}
			var back []byte
			if err := websocket.Message.Receive(other, &back); err != nil || !bytes.Equal(raw, back) {
				t.Fatalf("%d bytes: got %d, %v", len(raw), len(back), err)
			}
		}
	})
}
