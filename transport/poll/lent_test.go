package poll

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// borrower reads at most so many bytes at each event and tells what it saw.
type borrower struct {
	lent Lent
	most int
	seen chan string
	// done says after what it gives the connection back.
	done string
}

func (b *borrower) OnEvent(ev Events, _ []byte) {
	if ev&Expired != 0 {
		b.tell("expired")
	}
	if ev&Readable == 0 {
		return
	}
	p := make([]byte, b.most)
	n, err := b.lent.Read(p)
	switch {
	case n > 0:
		b.tell(string(p[:n]))
	case errors.Is(err, io.EOF):
		b.tell("end")
	case err != nil && !errors.Is(err, ErrAgain) && !errors.Is(err, ErrClosed):
		b.tell("broken")
	}
}

func (b *borrower) tell(what string) {
	if what == b.done {
		_ = b.lent.Close()
	}
	b.seen <- what
}

// lend returns a connection that p watches after change, the owner's end and the
// peer's.
func lend(t *testing.T, p Poller, done string, change func(Lent)) (b *borrower, own, peer *net.TCPConn) {
	t.Helper()
	own, peer = connected(t)
	lent, err := p.Lend(own)
	if err != nil {
		t.Fatal(err)
	}
	b = &borrower{lent: lent, most: 2, seen: make(chan string, 100), done: done}
	if change != nil {
		change(lent)
	}
	if err := lent.Start(b); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lent.Close() }) // before the connection is
	return b, own, peer
}

// TestLentComesBack: after some bytes the connection is its owner's, who reads what
// is left and whom nobody disturbs.
func TestLentComesBack(t *testing.T) {
	onBoth(t, func(t *testing.T, p Poller) {
		b, own, peer := lend(t, p, "cd", func(l Lent) { l.SetTimer(Now().After(time.Hour)) })
		for i, text := range []string{"ab", "cdefg"} {
			if _, err := io.WriteString(peer, text); err != nil {
				t.Fatal(err)
			}
			if got, want := within(t, b.seen, "input"), []string{"ab", "cd"}[i]; got != want {
				t.Fatalf("read %q, want %q", got, want)
			}
		}
		if _, err := io.WriteString(peer, "hi"); err != nil {
			t.Fatal(err)
		}
		_ = own.SetReadDeadline(time.Now().Add(5 * time.Second))
		rest := make([]byte, 5)
		if _, err := io.ReadFull(own, rest); err != nil || string(rest) != "efghi" {
			t.Fatalf("the owner reads %q, %v", rest, err)
		}
		if _, err := io.WriteString(own, "x"); err != nil {
			t.Fatal(err)
		}
		if _, err := b.lent.Read(rest); !errors.Is(err, ErrClosed) || !errors.Is(b.lent.Close(), ErrClosed) {
			t.Errorf("it can still be read: %v", err)
		}
		select {
		case got := <-b.seen:
			t.Errorf("and then %q", got)
		default:
		}
	})
}

func TestLentTimer(t *testing.T) {
	onBoth(t, func(t *testing.T, p Poller) {
		begun := time.Now()
		b, own, peer := lend(t, p, "expired", func(l Lent) { l.SetTimer(Now().After(100 * time.Millisecond)) })
		if got := within(t, b.seen, "expiry"); got != "expired" || time.Since(begun) < 100*time.Millisecond {
			t.Fatalf("%q after %s", got, time.Since(begun))
		}
		// The deadline was that of the watching.
		if _, err := io.WriteString(peer, "ab"); err != nil {
			t.Fatal(err)
		}
		if n, err := own.Read(make([]byte, 2)); n == 0 {
			t.Errorf("the owner can not read: %v", err)
		}
	})
}

// TestLentBeforeStart: the owner may look before it lets others watch, and is not
// kept waiting; nothing is lost by it.
func TestLentBeforeStart(t *testing.T) {
	onBoth(t, func(t *testing.T, p Poller) {
		got := ""
		b, _, peer := lend(t, p, "", func(l Lent) {
			buf := make([]byte, 2)
			n, err := l.Read(buf)
			if got = string(buf[:n]); n == 0 && !errors.Is(err, ErrAgain) {
				t.Errorf("before anything came: %v", err)
			}
		})
		if _, err := io.WriteString(peer, "abcd"); err != nil {
			t.Fatal(err)
		}
		for got != "abcd" {
			got += within(t, b.seen, "input")
		}
	})
}

func TestLentEnds(t *testing.T) {
	for what, end := range map[string]func(peer *net.TCPConn) error{
		"end": func(peer *net.TCPConn) error { return peer.CloseWrite() },
		"broken": func(peer *net.TCPConn) error {
			return errors.Join(peer.SetLinger(0), peer.Close())
		},
	} {
		t.Run(what, func(t *testing.T) {
			onBoth(t, func(t *testing.T, p Poller) {
				b, own, peer := lend(t, p, what, nil)
				if err := end(peer); err != nil {
					t.Fatal(err)
				}
				if got := within(t, b.seen, "end"); got != what {
					t.Fatalf("saw %q", got)
				}
				if err := own.Close(); err != nil {
					t.Errorf("it was not the owner's to close: %v", err)
				}
			})
		})
	}
}

// TestCloseLeavesLentOpen: a poller that ends takes no connection of others along.
func TestCloseLeavesLentOpen(t *testing.T) {
	onBoth(t, func(t *testing.T, p Poller) {
		b, own, peer := lend(t, p, "", nil)
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		_ = own.SetReadDeadline(time.Time{})
		if _, err := io.WriteString(peer, "a"); err != nil {
			t.Fatal(err)
		}
		if n, err := own.Read(make([]byte, 1)); n != 1 {
			t.Errorf("the owner can not read: %v", err)
		}
		if len(b.seen) != 0 {
			t.Errorf("saw %q", <-b.seen)
		}
		if _, err := p.Lend(own); !errors.Is(err, ErrClosed) {
			t.Errorf("lent to a closed poller: %v", err)
		}
	})
}
