package client

import (
	"context"
	"encoding/binary"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"go.uber.org/goleak"

	"parley/engine/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newSwarm(t *testing.T, url string) *Swarm {
	t.Helper()
	id, err := NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSwarm(&Config{URL: url, Path: "/api/v1/ws", Identity: id, Run: 7, Seats: 2, GRO: true, Stride: 1, Timeout: 10 * time.Second}, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// within waits until ok holds.
func within(t *testing.T, d time.Duration, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("not within %v: %s", d, what)
}

// pair joins one who sends and one who watches.
func pair(t *testing.T) (*peer, *Swarm) {
	p := newPeer(t)
	s := newSwarm(t, p.http.URL)
	for _, spec := range []*Spec{
		{Sender: 1, Room: "r", Name: "A", Publish: Publish{Audio: true, Bitrate: 400_000, FPS: 30}},
		{Sender: 2, Room: "r", Name: "B", View: []uint32{1}, Width: 640, Height: 360},
	} {
		_, times, err := s.Join(t.Context(), spec)
		if err != nil {
			t.Fatal(err)
		}
		if times.Asked > times.Answered || times.Answered > times.Connected {
			t.Errorf("milestones out of order: %+v", times)
		}
	}
	return p, s
}

func TestTwoClientsMeetThroughAForeignServer(t *testing.T) {
	p, s := pair(t)
	s.Begin()
	time.Sleep(1500 * time.Millisecond)
	st := s.Finish()
	if st.Packets < 100 || st.AudioCount < 50 || st.Crosstalk+st.Broken+st.Strangers+st.Duplicates+st.Silent != 0 {
		t.Errorf("%+v", *st)
	}
	// The peer leaves out each 50th picture packet, and repairs it if asked.
	if st.Gaps == 0 || st.Repaired == 0 {
		t.Errorf("%d gaps, %d repaired", st.Gaps, st.Repaired)
	}
	if pct, ok := st.LossPct(); !ok || pct < 0.5 || pct > 3 {
		t.Errorf("loss %v %%, the peer loses a fiftieth of the pictures", pct)
	}
	if st.Delay.TotalCount() == 0 || st.Delay.Max() > 1_000_000 {
		t.Errorf("%d delays, at most %d µs", st.Delay.TotalCount(), st.Delay.Max())
	}
	if firsts := s.Firsts(); len(firsts) != 1 || firsts[0].First < firsts[0].Connected {
		t.Errorf("first packets: %+v", firsts)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	reports, senders := 0, 0
	for _, r := range append(p.sessions[0].reports, p.sessions[1].reports...) {
		switch r := r.(type) {
		case *rtcp.SenderReport:
			senders++
		case *rtcp.ReceiverReport:
			for _, block := range r.Reports {
				if block.SSRC == seatVideo || block.SSRC == seatAudio {
					reports++
				}
			}
		}
	}
	if reports == 0 || senders == 0 {
		t.Errorf("%d report blocks, %d sender reports", reports, senders)
	}
}

func TestAPublisherAnswersPLIAndNACK(t *testing.T) {
	p, _ := pair(t)
	sender := p.sessions[0]
	count := func(pt uint8) int {
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(sender.received[pt])
	}
	within(t, 5*time.Second, "pictures", func() bool { return count(ptVP8) > 10 })
	p.mu.Lock()
	some := sender.received[ptVP8][5]
	p.mu.Unlock()
	sender.ask(some.SSRC, some.SequenceNumber)
	within(t, 5*time.Second, "a retransmission", func() bool { return count(ptRTX) > 0 })
	p.mu.Lock()
	again := sender.received[ptRTX][0]
	p.mu.Unlock()
	if binary.BigEndian.Uint16(again.Payload) != some.SequenceNumber || string(again.Payload[2:]) != string(some.Payload) || again.SSRC != some.SSRC+1 {
		t.Errorf("retransmission of %d holds %d", some.SequenceNumber, binary.BigEndian.Uint16(again.Payload))
	}
	within(t, 5*time.Second, "a second key frame", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return keyFrames(t, sender.received[ptVP8]) >= 2
	})
}

func keyFrames(t *testing.T, pkts []*rtp.Packet) int {
	n := 0
	for _, pkt := range pkts {
		var vp8 codecs.VP8Packet
		payload, err := vp8.Unmarshal(pkt.Payload)
		if err != nil {
			t.Fatal(err)
		}
		if vp8.S == 1 && payload[0]&1 == 0 {
			n++
		}
	}
	return n
}

func TestLeaveIsClean(t *testing.T) {
	p, s := pair(t)
	s.LeaveAll(5 * time.Second)
	for range 2 {
		select {
		case <-p.left:
		case <-time.After(5 * time.Second):
			t.Fatal("a client did not say good-bye")
		}
	}
	if h := s.Health(); h.Clients != 0 || len(h.Lost) != 0 {
		t.Errorf("%+v", h)
	}
}

func TestALostServerIsToldPerClient(t *testing.T) {
	p, s := pair(t)
	for _, session := range p.sessions {
		session.ws.Close()
	}
	within(t, 5*time.Second, "clients dropped", func() bool { return s.Health().Clients == 0 })
	lost := uint64(0)
	for _, n := range s.Health().Lost {
		lost += n
	}
	if lost != 2 {
		t.Errorf("%d clients told as lost, want 2", lost)
	}
}

func TestJoinErrors(t *testing.T) {
	spec := &Spec{Sender: 1, Room: "r", Name: "A"}
	t.Run("refused", func(t *testing.T) {
		p := newPeer(t)
		p.fail = func(j *wire.Join) wire.Message { return wire.ErrorTo(j.ID, wire.CodeRoomFull, "full") }
		_, _, err := newSwarm(t, p.http.URL).Join(t.Context(), spec)
		var refused *RefusedError
		if !errors.As(err, &refused) || refused.Code != wire.CodeRoomFull {
			t.Errorf("%v", err)
		}
	})
	t.Run("wrong certificate", func(t *testing.T) {
		p := newPeer(t)
		other, _ := NewIdentity()
		p.cert = &Identity{cert: p.cert.cert, fingerprint: other.fingerprint}
		_, _, err := newSwarm(t, p.http.URL).Join(t.Context(), spec)
		if err == nil || !strings.Contains(err.Error(), "fingerprint") {
			t.Errorf("%v", err)
		}
	})
	t.Run("something else", func(t *testing.T) {
		srv := httptest.NewServer(http.NotFoundHandler())
		defer srv.Close()
		_, _, err := newSwarm(t, srv.URL).Join(t.Context(), spec)
		var other *NotParleyError
		if !errors.As(err, &other) {
			t.Errorf("%v", err)
		}
		if err = Probe(t.Context(), srv.URL, "/api/v1/ws"); !errors.As(err, &other) {
			t.Errorf("probe: %v", err)
		}
	})
	t.Run("nobody", func(t *testing.T) {
		srv := httptest.NewServer(http.NotFoundHandler())
		srv.Close()
		if err := Probe(t.Context(), srv.URL, "/"); err == nil || !strings.Contains(err.Error(), "refused") {
			t.Errorf("probe: %v", err)
		}
		if err := Probe(t.Context(), "localhost:1", "/"); err == nil || !strings.Contains(err.Error(), "not an address") {
			t.Errorf("probe: %v", err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := newSwarm(t, "http://127.0.0.1:1").Join(ctx, spec); err == nil {
			t.Error("joined")
		}
	})
}
