package actors

import (
	"context"
	"runtime"
	"sync"
	"testing"
)

// benchMsg has the shape of a frequent message: a value, no pointer to box.
type benchMsg struct {
	n     int
	reply Reply[int]
	wait  *sync.WaitGroup
}

type benchActor struct{ sum int }

func (b *benchActor) Handle(_ *Context[benchMsg], m benchMsg) {
	b.sum += m.n
	m.reply.Send(b.sum)
	if m.wait != nil {
		m.wait.Done()
	}
}

func spawnBench(tb testing.TB, sys *System, mailbox int) Ref[benchMsg] {
	tb.Helper()
	ref, err := Spawn(sys, Spec[benchMsg]{
		Kind: "bench", Mailbox: mailbox,
		New: func() Handler[benchMsg] { return &benchActor{} },
	})
	if err != nil {
		tb.Fatal(err)
	}
	return ref
}

func stopSystem(tb testing.TB, sys *System) {
	tb.Helper()
	if err := sys.Stop(context.Background()); err != nil {
		tb.Error(err)
	}
}

// BenchmarkTell: one sender that waits when the mailbox is full, so the figure
// is the rate at which messages pass from one goroutine to another.
func BenchmarkTell(b *testing.B) {
	sys := NewSystem(Options{})
	defer stopSystem(b, sys)
	ref := spawnBench(b, sys, 1024)
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		_ = ref.Tell(benchMsg{n: 1}, Block(ctx))
	}
	_, _ = Ask(ctx, ref, func(r Reply[int]) benchMsg { return benchMsg{reply: r} })
}

// BenchmarkTellUncontended: the sender's share alone, nobody takes out.
func BenchmarkTellUncontended(b *testing.B) {
	const bound = 1 << 12
	box := &mailbox[benchMsg]{lane: lane{bound: bound, wake: make(chan struct{}, 1)}}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if box.depth == bound {
			box.head, box.depth = box.head+bound, 0
		}
		if err := box.tell(benchMsg{n: i}, Drop); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTellMany: all processors tell one actor.
func BenchmarkTellMany(b *testing.B) {
	sys := NewSystem(Options{})
	defer stopSystem(b, sys)
	ref := spawnBench(b, sys, 1024)
	ctx := context.Background()
	b.ReportAllocs()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			_ = ref.Tell(benchMsg{n: 1}, Block(ctx))
		}
	})
}

// BenchmarkBroadcast: one sender tells 1,000 idle actors, as a room its
// participants; the figure is per Tell, waking included.
func BenchmarkBroadcast(b *testing.B) {
	const listeners = 1000
	sys := NewSystem(Options{})
	defer stopSystem(b, sys)
	refs := make([]Ref[benchMsg], listeners)
	for i := range refs {
		refs[i] = spawnBench(b, sys, 64)
	}
	var wait sync.WaitGroup
	b.ReportAllocs()
	for b.Loop() {
		wait.Add(listeners)
		for _, ref := range refs {
			_ = ref.Tell(benchMsg{n: 1, wait: &wait}, Drop)
		}
		wait.Wait()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/listeners, "ns/tell")
}

func BenchmarkAsk(b *testing.B) {
	sys := NewSystem(Options{})
	defer stopSystem(b, sys)
	ref := spawnBench(b, sys, 64)
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Ask(ctx, ref, func(r Reply[int]) benchMsg { return benchMsg{reply: r} }); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSpawn reports what an idle actor that has handled a message holds,
// stack included.
func BenchmarkSpawn(b *testing.B) {
	sys := NewSystem(Options{})
	defer stopSystem(b, sys)
	before := residentBytes()
	var wait sync.WaitGroup
	b.ReportAllocs()
	for b.Loop() {
		wait.Add(1)
		_ = spawnBench(b, sys, 256).Tell(benchMsg{n: 1, wait: &wait}, Drop)
	}
	wait.Wait()
	b.ReportMetric(float64(residentBytes()-before)/float64(b.N), "B/actor")
}

func residentBytes() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
