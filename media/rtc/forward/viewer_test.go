package forward

import (
	"slices"
	"testing"
	"time"

	"parley/media"
)

// TestViewerIsDriven: who sends nothing is looked after by a worker for as long as
// something is sent to it, and by none before and after.
func TestViewerIsDriven(t *testing.T) {
	const packets = 4
	r := newRig(t, 1, options{})
	viewer := r.to[0]
	looked := func() bool { return slices.Contains(r.w.loop.active, &viewer.publisher) }

	r.tick()
	if looked() || r.w.ticking.Load() {
		t.Fatal("a viewer that is sent nothing is looked after")
	}
	for range 3 {
		r.frame(packets, 1100, r.frames == 0)
		r.turn(packets)
	}
	if !looked() {
		t.Fatal("a viewer that is sent something is not looked after")
	}
	viewer.counts.log.Store(new(media.SendLog)) // it reported
	for range 5 {
		r.pass(idleAfter)
		r.frame(packets, 1100, false)
		r.turn(packets)
		r.tick()
	}
	if !looked() || viewer.counts.log.Load() == nil {
		t.Fatal("it is let go of while it watches")
	}
	r.pass(idleAfter)
	r.tick() // sees what came last
	r.pass(idleAfter + time.Second)
	r.tick()
	if looked() || viewer.counts.log.Load() != nil || r.w.ticking.Load() {
		t.Fatal("it is looked after though nothing is sent to it")
	}
	r.frame(packets, 1100, false)
	r.turn(packets)
	if !looked() {
		t.Fatal("it is not looked after when something is sent to it again")
	}
}

// TestViewerOfAnotherWorker: the worker that sends to a viewer leaves it to the one
// whose socket the viewer is at.
func TestViewerOfAnotherWorker(t *testing.T) {
	const packets = 4
	r := newRig(t, 1, options{})
	other := newWorker(r.group, r.w.sock, 0, 1)
	viewer := r.to[0]
	viewer.owner.Store(other)
	for range 3 {
		r.frame(packets, 1100, r.frames == 0)
		r.turn(packets)
	}
	if len(other.commands) != 1 || slices.Contains(r.w.loop.active, &viewer.publisher) {
		t.Fatalf("%d commands for the viewer's worker", len(other.commands))
	}
	other.loop.now = r.w.loop.now
	other.commandLoop(<-other.commands)
	if !slices.Contains(other.loop.active, &viewer.publisher) {
		t.Error("its worker does not look after it")
	}
}

// reports sends feedback of the subscriber: that it got some numbers.
func (s *subscriber) reports(numbers ...uint32) {
	s.r.t.Helper()
	var rec media.TWCCRecorder
	for i, n := range numbers {
		rec.Record(uint16(n), s.stream.ssrc, s.r.w.loop.now.Add(time.Duration(i)*time.Millisecond))
	}
	buf, _ := rec.AppendFeedback(media.AppendReceiverReport(s.buf[:0], 1, nil), 1)
	s.sealed(buf)
}

// sealed sends a compound packet of the subscriber.
func (s *subscriber) sealed(buf []byte) {
	s.r.t.Helper()
	s.index++
	n, err := s.sealer.SealRTCP(buf[:cap(buf)], len(buf), s.index)
	if err != nil {
		s.r.t.Fatal(err)
	}
	s.r.sinks[0].WriteTo(buf[:n], &s.server)
	s.r.turn(1)
}

// TestReportsAreJoined: what a viewer says that it got is joined with what was sent
// to it, repairs included, whoever sent it.
func TestReportsAreJoined(t *testing.T) {
	const packets = 4
	r := newRig(t, 1, options{})
	s := newSubscriber(t, r)
	viewer := r.to[0]
	frame := func() (first uint32) {
		first = viewer.counts.transport.Load() + 1
		r.frame(packets, 1100, r.frames == 0)
		r.turn(packets)
		return first
	}
	want := func(what string, arrived, lost uint64) {
		t.Helper()
		f := r.figures().Workers[0]
		if f.Arrived != arrived || f.Lost != lost {
			t.Fatalf("%s: %d arrived and %d lost, want %d and %d", what, f.Arrived, f.Lost, arrived, lost)
		}
	}
	n := frame()
	s.reports(n, n+1, n+2, n+3)
	want("before there was a log", 0, 0)
	n = frame()
	s.reports(n, n+1, n+3)
	want("one is lost", 3, 1)
	s.reports(n, n+1)
	want("said again", 3, 1)
	s.reports(n + 50)
	want("never sent", 3, 1)
	for range 4 {
		frame()
	}
	n = viewer.counts.transport.Load() + 1
	s.nack()
	if repairs := viewer.counts.transport.Load() + 1 - n; repairs == 0 {
		t.Fatal("no repairs")
	}
	s.reports(n)
	want("a repair", 4, 1)
	if r.w.count.drops[dropRTCP].Load() != 0 {
		t.Error("feedback was dropped")
	}
}

// TestHostileReports: feedback about more than was ever sent costs its sender the
// right to be heard, and makes no log of who is sent nothing.
func TestHostileReports(t *testing.T) {
	r := newRig(t, 1, options{})
	s := newSubscriber(t, r)
	// One run of 8,191 numbers that are lost, in 24 bytes.
	long := []byte{0x8f, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 9, 0, 5, 0x1f, 0xff, 0, 0, 1, 7, 0x1f, 0xff, 0, 0}
	short := []byte{0x8f, 205, 0, 4, 0, 0, 0, 1, 0, 0, 0, 9, 0, 5, 0x1f, 0xff, 0, 0, 1, 7}
	send := func(packet []byte, n int) {
		buf := media.AppendReceiverReport(s.buf[:0], 1, nil)
		for range n {
			buf = append(buf, packet...)
		}
		s.sealed(buf)
	}
	send(long, 40)
	if n := r.w.count.drops[dropThrottled].Load(); n < 38 {
		t.Errorf("%d of 40 refused", n)
	}
	if r.to[0].counts.log.Load() != nil {
		t.Error("a log of nothing")
	}
	send(short, 1)
	if n := r.w.count.drops[dropRTCP].Load(); n != 1 {
		t.Errorf("%d malformed, want 1", n)
	}
}
