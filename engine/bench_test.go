package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"parley/engine/wire"
)

// countConn is a connection that only counts, and wakes who waits for a reply.
type countConn struct {
	frames *atomic.Int64
	reply  chan *wire.Frame // of a frame that is no event; may be nil
	closed chan struct{}
}

func (c *countConn) Send(f *wire.Frame) bool {
	f.Bytes() // as who speaks JSON does
	c.frames.Add(1)
	if c.reply != nil {
		select {
		case c.reply <- f:
		default:
		}
	}
	return true
}

func (c *countConn) Close(int, string) { close(c.closed) }

// bench is an engine with real time, and people who only count.
type bench struct {
	b      testing.TB
	engine *Engine
	frames atomic.Int64
}

func newBench(b testing.TB) *bench {
	engine, err := New(Options{
		Media: &memMedia{}, Records: newMemRecords(), Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Limits: Limits{MessageRate: 1e9, MessageBurst: 1e9, RoomParticipants: 5000},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := engine.Stop(ctx); err != nil {
			b.Error(err)
		}
	})
	return &bench{b: b, engine: engine}
}

// join joins without media and waits for joined.
func (w *bench) join(room string) (*Signal, *countConn) {
	conn := &countConn{frames: &w.frames, reply: make(chan *wire.Frame, 1), closed: make(chan struct{})}
	s := w.engine.Accept(conn, ConnInfo{})
	req := &wire.Join{Room: room, Name: "Ada"}
	setHead(req, 1)
	data, err := json.Marshal(req)
	if err != nil {
		w.b.Fatal(err)
	}
	s.OnText(data)
	<-conn.reply
	conn.reply = nil
	return s, conn
}

func BenchmarkBroadcast1000(b *testing.B) {
	w := newBench(b)
	var ada *Signal
	for range 1000 {
		ada, _ = w.join("tea")
	}
	up, down := []byte(`{"type":"hand","id":2,"raised":true}`), []byte(`{"type":"hand","id":2,"raised":false}`)
	want := w.frames.Load()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%2 == 0 {
			ada.OnText(up)
		} else {
			ada.OnText(down)
		}
		for want += 1001; w.frames.Load() < want; { // everybody, and the reply
			runtime.Gosched()
		}
	}
}

// BenchmarkBroadcastToMany tells rooms of 200 something in turn, so many that none
// is in the processor's caches any more when its turn comes, as in a server that has
// done something else since.
func BenchmarkBroadcastToMany(b *testing.B) {
	const size, rooms = 200, 100
	frames := &atomic.Int64{}
	all := make([]*roomState, rooms)
	for i := range all {
		all[i] = &roomState{env: &env{}, j: newJournal("tea", "Tea", false)}
	}
	for i := range size { // members of one room are not neighbours in memory
		for _, r := range all {
			m := &member{person: person{id: fmt.Sprint(i), kind: wire.KindPerson}}
			m.signal = &Signal{env: r.env, conn: &countConn{frames: frames}}
			r.j.add(m)
		}
	}
	frame := wire.FrameOf(&wire.Reacted{Participant: "1", Emoji: "x"})
	for b.Loop() {
		for _, r := range all {
			r.sendAll(frame, "")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rooms*size), "ns/member")
}

func BenchmarkJoinLeave(b *testing.B) {
	for _, others := range []int{0, 10, 100} {
		b.Run(fmt.Sprint("among ", others), func(b *testing.B) {
			w := newBench(b)
			for range others {
				w.join("tea")
			}
			b.ReportAllocs()
			for b.Loop() {
				s, conn := w.join("tea")
				s.OnText([]byte(`{"type":"leave","id":2}`))
				<-conn.closed
			}
		})
	}
}

// BenchmarkMemoryPerParticipant reports the heap and stack that one joined
// participant without media costs.
func BenchmarkMemoryPerParticipant(b *testing.B) {
	const n = 1000
	for b.Loop() {
		w := newBench(b)
		w.join("tea")
		before := inUse()
		for i := range n {
			w.join(fmt.Sprint("room", i%100))
		}
		b.ReportMetric(float64(inUse()-before)/n, "B/participant")
	}
}

func inUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

func BenchmarkIdleConnection(b *testing.B) {
	const n = 10000
	w := newBench(b)
	for b.Loop() {
		before := inUse()
		conns := make([]*Signal, n)
		for i := range conns {
			conns[i] = w.engine.Accept(&countConn{frames: &w.frames}, ConnInfo{})
		}
		b.ReportMetric(float64(inUse()-before)/n, "B/connection")
		for _, c := range conns {
			c.OnClose()
		}
	}
}

// TestBroadcastEncodesOnce proves that an event costs the same few allocations
// however many members a room has.
func TestBroadcastEncodesOnce(t *testing.T) {
	allocs := func(members int) float64 {
		r := &roomState{env: &env{}, j: newJournal("tea", "Tea", false)}
		frames := &atomic.Int64{}
		for i := range members {
			m := &member{person: person{id: fmt.Sprint(i), kind: wire.KindPerson}}
			m.signal = &Signal{env: r.env, conn: &countConn{frames: frames}}
			r.j.add(m)
		}
		return testing.AllocsPerRun(100, func() {
			r.publish(&wire.Reacted{Participant: "1", Emoji: "👍"}, audience{})
		})
	}
	if few, many := allocs(1), allocs(1000); many > few+1 {
		t.Errorf("%v allocations for one member, %v for a thousand", few, many)
	}
}
