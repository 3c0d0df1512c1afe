package forward

import (
	"log/slog"
	"net"
	"strings"
	"syscall"
	"testing"

	"parley/media/rtc/rtctest"
	"parley/media/udp"
)

// TestPanicEndsOneSession breaks a session from within so that handling its
// packets panics, on arrival and in a tick. Others do not notice.
func TestPanicEndsOneSession(t *testing.T) {
	r := newRig(t, 1, options{})
	log := &rtctest.Log{}
	r.group.config.Log = slog.New(slog.NewTextHandler(log, nil))
	conn := rtctest.Stranger(t, r.w.sock.LocalAddr())
	broken := r.session(linesOf(0), 0, conn.LocalAddr().(*net.UDPAddr).AddrPort(), rtctest.MasterKey(1))
	broken.incoming.Store(nil)
	r.client, conn = conn, r.client
	for i := range uint16(3) {
		r.put(rtctest.Opus(i, "boom"))
	}
	r.client = conn
	arrived := r.w.count.drops[dropPanic].Load()
	r.tick()
	if ticked := r.w.count.drops[dropPanic].Load() - arrived; arrived == 0 || ticked == 0 {
		t.Errorf("%d panics on arrival, %d in a tick", arrived, ticked)
	}
	r.control()
	if !broken.told.failedWith(ErrPanicked) || broken.running() {
		t.Errorf("failed with %v", broken.told.failures)
	}
	if !strings.Contains(log.String(), "packet handling panicked") {
		t.Error("nothing was logged")
	}
	r.tick()
	r.frame(1, 100, true)
	r.turn(1)
	if n := r.w.count.forwarded.Load(); n != 1 || !r.from.running() {
		t.Errorf("%d packets of another session were forwarded", n)
	}
}

// TestReceiveErrorsPass: a worker whose socket fails for a while goes on when
// it works again, and says so once.
func TestReceiveErrorsPass(t *testing.T) {
	r := newRig(t, 0, options{})
	log := &rtctest.Log{}
	r.group.config.Log = slog.New(slog.NewTextHandler(log, nil))
	calls := 0
	r.w.recv = func(b *udp.RecvBatch) error {
		if calls++; calls <= 3 {
			return syscall.ENOMEM
		}
		return r.w.sock.Recv(b)
	}
	r.group.Start()
	if _, err := r.client.Write([]byte{1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a datagram to be looked at", func() bool { return r.w.count.drops[dropMalformed].Load() == 1 })
	if n, lines := r.w.count.drops[dropReceive].Load(), strings.Count(log.String(), "receiving failed"); n != 3 || lines != 1 {
		t.Errorf("%d failures counted, %d log lines, want 3 and 1", n, lines)
	}
}

// TestPanicLosesTheBatch: what waited to be sent when a worker panicked is
// counted and forgotten, for where it was to go is read from memory that the
// next batch overwrites.
func TestPanicLosesTheBatch(t *testing.T) {
	r := newRig(t, 2, options{})
	good, broken := r.to[0], r.to[1]
	shape := broken.outgoing.Load().seats[0].video.shape.Load()
	for i := range shape.formats {
		shape.formats[i].header = nil
	}
	r.frame(4, 100, true)
	r.turn(4)
	if n := r.w.loop.out[0].Pending(); n != 0 {
		t.Errorf("%d messages wait after a panic", n)
	}
	if n := r.w.count.drops[dropPanic].Load(); n < 1+4 {
		t.Errorf("%d drops counted, want the panic and 4 packets of the viewer before it", n)
	}
	broken.control().Release()
	before := r.w.count.forwarded.Load()
	r.frame(4, 100, true)
	r.turn(4)
	if n := r.w.count.forwarded.Load() - before; n != 4 || !good.running() {
		t.Errorf("%d packets forwarded afterwards, want 4", n)
	}
}

// TestPanicOnTheWayToAViewer breaks a viewer from within: sending to it panics. Its
// session ends, the publisher's and the other viewers' go on.
func TestPanicOnTheWayToAViewer(t *testing.T) {
	r := newRig(t, 2, options{})
	viewer, broken := r.to[0], r.to[1]
	for _, st := range broken.outgoing.Load().seats[0].streams() {
		formats := st.shape.Load().formats
		for i := range formats {
			formats[i].header = nil
		}
	}
	r.frame(1, 100, true)
	r.turn(1)
	r.control()
	if !broken.told.failedWith(ErrPanicked) {
		t.Errorf("it failed with %v", broken.told.failures)
	}
	broken.control().Release()
	before := viewer.outgoing.Load().seats[0].video.tx.packets
	r.frame(1, 100, true)
	r.turn(1)
	if n := viewer.outgoing.Load().seats[0].video.tx.packets; n != before+1 {
		t.Errorf("%d packets reached the other viewer", n-before)
	}
	if len(r.from.told.failures)+len(viewer.told.failures) != 0 {
		t.Errorf("the publisher failed with %v, the viewer with %v", r.from.told.failures, viewer.told.failures)
	}
}
