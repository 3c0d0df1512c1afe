package rtc

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"parley/media/rtc/rtctest"
	"parley/media/udp"
)

func TestShare(t *testing.T) {
	for _, c := range []struct {
		n, workers int
		want       string // how many times which share
	}{
		{1, 1, "1×1"}, {1, 16, "1×16"}, {3, 16, "3×16"}, {2, 256, "2×256"},
		{61, 16, "4×16 1×8 56×1"}, {200, 2, "128×1 72×0"}, {128, 16, "128×1"},
	} {
		got := share(c.n, c.workers)
		var text []string
		total := 0
		for i := 0; i < len(got); {
			j := i
			for ; j < len(got) && got[j] == got[i]; j++ {
				total += got[j]
			}
			text = append(text, fmt.Sprintf("%d×%d", j-i, got[i]))
			i = j
		}
		if s := strings.Join(text, " "); s != c.want || total > max(maxSockets, 2*c.workers) {
			t.Errorf("%d addresses, %d workers: %s, %d sockets, want %s", c.n, c.workers, s, total, c.want)
		}
	}
}

// TestManyAddressesAreBounded: 61 addresses and 16 workers took 3,040
// descriptors and 115 MB.
func TestManyAddressesAreBounded(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("counts descriptors in /proc, and uses all of 127.0.0.0/8")
	}
	descriptors := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	resident := func() (pages int) {
		runtime.GC()
		text, err := os.ReadFile("/proc/self/statm")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Sscanf(string(text), "%d %d", new(int), &pages); err != nil {
			t.Fatal(err)
		}
		return pages
	}
	c := Config{Workers: 16}
	for i := range 61 {
		c.Addrs = append(c.Addrs, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 1, byte(i + 1)}), 0))
	}
	filesBefore, before := descriptors(), resident()
	s := listen(t, c)
	files, memory := descriptors()-filesBefore, (resident()-before)*os.Getpagesize()
	t.Logf("%d sockets, %d descriptors, %d KiB", s.group.Workers(), files, memory>>10)
	if s.group.Workers() > maxSockets || files > 3*maxSockets+10 || memory > 24<<20 {
		t.Errorf("%d sockets, %d descriptors, %d KiB", s.group.Workers(), files, memory>>10)
	}
	if len(s.Candidates()) != 61 {
		t.Errorf("%d addresses in answers", len(s.Candidates()))
	}
	// The last address has one socket, which all of the first one's share.
	from := join(t, s, peerOptions{seats: 1, via: func(netip.AddrPort) netip.AddrPort { return s.Candidates()[0] }})
	to := join(t, s, peerOptions{seats: 1, via: func(netip.AddrPort) netip.AddrPort { return s.Candidates()[60] }})
	to.session.Place(0, Placement{From: from.session, Source: Camera, Video: true})
	wantPicture(t, from, to, 0)
}

// stubborn binds all addresses but one, until it is told otherwise.
type stubborn struct {
	mu   sync.Mutex // guards what follows
	addr netip.Addr
	err  error // nil: it gives in
}

func (b *stubborn) bind(a netip.AddrPort, c udp.Config) (*udp.Socket, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil && a.Addr() == b.addr {
		return nil, fmt.Errorf("listen on udp %s: %w", a, b.err)
	}
	return udp.Listen(a, c)
}

func (b *stubborn) giveIn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = nil
}

var (
	good = netip.MustParseAddr("127.0.0.1")
	bad  = netip.MustParseAddr("127.0.0.3")
)

// within waits for ok.
func within(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(rtctest.Patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited too long for %s", what)
		}
	}
}

// TestAnAddressThatCanNotBeBound does not keep the others from serving. When
// it can be, answers name it and packets take it, while others flow.
func TestAnAddressThatCanNotBeBound(t *testing.T) {
	log := &rtctest.Log{}
	b := &stubborn{addr: bad, err: syscall.EADDRNOTAVAIL}
	s := listen(t, Config{
		Workers: 2, Addrs: []netip.AddrPort{netip.AddrPortFrom(bad, 0), netip.AddrPortFrom(good, 0)},
		Log: slog.New(slog.NewTextHandler(log, nil)), bind: b.bind, bindAgain: 10 * time.Millisecond,
	})
	if c := s.Candidates(); len(c) != 1 || c[0].Addr() != good {
		t.Fatalf("answers name %v", c)
	}
	if said := log.String(); !strings.Contains(said, "127.0.0.3:0") || !strings.Contains(said, syscall.EADDRNOTAVAIL.Error()) {
		t.Errorf("the log does not name the address and the reason:\n%s", said)
	}
	from, to := join(t, s, peerOptions{seats: 1}), join(t, s, peerOptions{seats: 1})
	to.session.Place(0, Placement{From: from.session, Source: Camera, Video: true})
	wantPicture(t, from, to, 0)
	time.Sleep(50 * time.Millisecond)
	if n := strings.Count(log.String(), "can not be used"); n != 1 {
		t.Errorf("told %d times", n)
	}
	b.giveIn()
	within(t, "the address", func() bool { return len(s.Candidates()) == 2 })
	if c := s.Candidates(); c[1].Addr() != bad || c[1].Port() == 0 {
		t.Errorf("answers name %v", c)
	}
	late := join(t, s, peerOptions{seats: 1, via: func(netip.AddrPort) netip.AddrPort { return s.Candidates()[1] }})
	late.session.Place(0, Placement{From: from.session, Source: Camera, Video: true})
	from.session.Place(0, Placement{From: late.session, Source: Camera, Video: true})
	wantPicture(t, from, late, 0)
	wantPicture(t, late, from, 0)
	within(t, "the log", func() bool { return strings.Contains(log.String(), "serves now") })
	if n := len(s.Figures().Workers); n != 4 {
		t.Errorf("%d workers are counted", n)
	}
}

// TestAnAddressThatGoes is not tried for ever.
func TestAnAddressThatGoes(t *testing.T) {
	log := &rtctest.Log{}
	var mu sync.Mutex
	there := []netip.Addr{good, bad}
	s := listen(t, Config{
		Workers: 1, Addrs: []netip.AddrPort{netip.MustParseAddrPort("0.0.0.0:0")},
		Log: slog.New(slog.NewTextHandler(log, nil)), bindAgain: 10 * time.Millisecond,
		bind: (&stubborn{addr: bad, err: syscall.EADDRNOTAVAIL}).bind,
		local: func([]string) ([]netip.Addr, []string, error) {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(there), nil, nil
		},
	})
	mu.Lock()
	there = there[:1]
	mu.Unlock()
	within(t, "the log", func() bool { return strings.Contains(log.String(), "is gone") })
	s.binding.Wait() // nobody tries any more
	if !strings.Contains(log.String(), "is gone") || len(s.Candidates()) != 1 {
		t.Errorf("answers name %v; the log:\n%s", s.Candidates(), log.String())
	}
}

// TestClosedWhileBinding: a server ends while it tries again.
func TestClosedWhileBinding(t *testing.T) {
	b := &stubborn{addr: bad, err: syscall.EADDRNOTAVAIL}
	for range 20 {
		s, err := Listen(Config{
			Workers: 1, Addrs: []netip.AddrPort{netip.AddrPortFrom(good, 0), netip.AddrPortFrom(bad, 0)},
			Log: slog.New(slog.DiscardHandler), bind: b.bind, bindAgain: 100 * time.Microsecond,
		})
		if err != nil {
			t.Fatal(err)
		}
		go b.giveIn()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestNothingToBind: what says the same of all addresses, or is true of all,
// is an error that says which and why.
func TestNothingToBind(t *testing.T) {
	for name, c := range map[string]struct {
		config Config
		want   []error
		says   string
	}{
		"none can be bound": {
			Config{Addrs: []netip.AddrPort{netip.AddrPortFrom(bad, 0)}, bind: (&stubborn{addr: bad, err: syscall.EADDRNOTAVAIL}).bind},
			[]error{ErrNoAddress, syscall.EADDRNOTAVAIL}, "127.0.0.3:0",
		},
		"the port is taken": {
			Config{Addrs: []netip.AddrPort{netip.AddrPortFrom(good, 0), netip.AddrPortFrom(bad, 0)}, bind: (&stubborn{addr: bad, err: syscall.EADDRINUSE}).bind},
			[]error{syscall.EADDRINUSE}, "127.0.0.3:0",
		},
		"no descriptors are left": {
			Config{Addrs: []netip.AddrPort{netip.AddrPortFrom(good, 0), netip.AddrPortFrom(bad, 0)}, bind: (&stubborn{addr: bad, err: syscall.EMFILE}).bind},
			[]error{syscall.EMFILE}, "127.0.0.3:0",
		},
		"no such interface": {
			Config{Addrs: []netip.AddrPort{netip.MustParseAddrPort("0.0.0.0:0")}, Interfaces: []string{"nosuch0"}},
			[]error{ErrNoAddress}, "nosuch0",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c.config.Log = slog.New(slog.DiscardHandler)
			_, err := Listen(c.config)
			for _, want := range c.want {
				if !errors.Is(err, want) {
					t.Errorf("%v, want %v", err, want)
				}
			}
			if err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v does not name %s", err, c.says)
			}
		})
	}
}

// TestAnInterfaceThatIsNotThere is looked for while the others serve.
func TestAnInterfaceThatIsNotThere(t *testing.T) {
	log := &rtctest.Log{}
	s := listen(t, Config{
		Addrs:      []netip.AddrPort{netip.MustParseAddrPort("0.0.0.0:0")},
		Interfaces: []string{loopbackName(t), "nosuch0"}, Log: slog.New(slog.NewTextHandler(log, nil)), bindAgain: time.Hour,
	})
	if !strings.Contains(log.String(), "nosuch0") {
		t.Errorf("the log does not name it:\n%s", log.String())
	}
	for _, a := range s.Candidates() {
		if !a.Addr().IsLoopback() {
			t.Errorf("answers name %s", a)
		}
	}
	if !s.binder.waits() {
		t.Error("nobody looks for it")
	}
}
