package actors

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func newBox(bound int) *mailbox[int] {
	return &mailbox[int]{lane: lane{bound: bound, wake: make(chan struct{}, 1)}}
}

func takeAll(b *mailbox[int]) []int {
	var got []int
	for {
		m, _, e := b.take()
		if e == nothing {
			return got
		}
		got = append(got, m)
	}
}

// TestMailboxModel compares random tells and takes with a slice.
func TestMailboxModel(t *testing.T) {
	for seed := range uint64(50) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 1))
			bound := 1 + rng.IntN(70)
			box, model := newBox(bound), &boxModel{bound: bound}
			for i := range 5000 {
				modelStep(t, rng, box, model, i)
			}
			if got := takeAll(box); !slices.Equal(got, model.values()) {
				t.Fatalf("left %v, want %v", got, model.values())
			}
			for i, left := range box.ring {
				if left != 0 {
					t.Fatalf("slot %d of the empty mailbox still holds %d", i, left)
				}
			}
			if len(box.keys.key) != 0 || len(box.keys.position) != 0 {
				t.Fatalf("the empty mailbox still indexes %d keys", len(box.keys.key))
			}
		})
	}
}

type boxModel struct {
	bound int
	queue []boxEntry
}

type boxEntry struct {
	value int
	key   Key
	keyed bool
}

func (m *boxModel) values() []int {
	var all []int
	for _, e := range m.queue {
		all = append(all, e.value)
	}
	return all
}

func (m *boxModel) tell(e boxEntry) error {
	if e.keyed {
		for i := range m.queue {
			if m.queue[i].keyed && m.queue[i].key == e.key {
				m.queue[i].value = e.value
				return nil
			}
		}
	}
	if len(m.queue) == m.bound {
		return ErrFull
	}
	m.queue = append(m.queue, e)
	return nil
}

func modelStep(t *testing.T, rng *rand.Rand, box *mailbox[int], model *boxModel, value int) {
	t.Helper()
	switch rng.IntN(5) {
	case 0, 1:
		if got, want := box.tell(value, Drop), model.tell(boxEntry{value: value}); got != want {
			t.Fatalf("tell: %v, want %v", got, want)
		}
	case 2:
		key := Key{Class: uint32(rng.IntN(3)), ID: uint64(rng.IntN(4))}
		want := model.tell(boxEntry{value: value, key: key, keyed: true})
		if got := box.tell(value, Coalesce(key)); got != want {
			t.Fatalf("coalesce: %v, want %v", got, want)
		}
	default:
		m, _, e := box.take()
		if (e == gotMessage) != (len(model.queue) > 0) {
			t.Fatalf("take found %v, want %d messages", e, len(model.queue))
		}
		if e == gotMessage {
			if m != model.queue[0].value {
				t.Fatalf("take %d, want %d", m, model.queue[0].value)
			}
			model.queue = model.queue[1:]
		}
		box.park()
	}
}

func TestMailboxGrowsAndShrinks(t *testing.T) {
	box := newBox(1000)
	if len(box.ring) != 0 {
		t.Fatalf("a new mailbox holds a ring of %d", len(box.ring))
	}
	for i := range 1000 {
		if err := box.tell(i, Drop); err != nil {
			t.Fatal(err)
		}
	}
	if err := box.tell(1000, Drop); err != ErrFull {
		t.Fatalf("beyond the bound: %v, want %v", err, ErrFull)
	}
	if len(box.ring) != 1024 {
		t.Fatalf("ring of %d for 1000 messages", len(box.ring))
	}
	takeAll(box)
	for range 20 { // quiet times
		_ = box.tell(1, Drop)
		takeAll(box)
		if !box.park() {
			t.Fatal("an empty mailbox does not park")
		}
	}
	if len(box.ring) != minRing {
		t.Fatalf("ring of %d after quiet times, want %d", len(box.ring), minRing)
	}
}

func TestBlockedSendersAreServedInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := newBox(1)
		_ = box.tell(0, Drop)
		for i := 1; i <= 3; i++ {
			go func() {
				if err := box.tell(i, Block(t.Context())); err != nil {
					t.Errorf("sender %d: %v", i, err)
				}
			}()
			synctest.Wait()
		}
		if err := box.tell(9, Drop); err != ErrFull {
			t.Fatalf("a later sender overtakes: %v", err)
		}
		if got := takeAll(box); !slices.Equal(got, []int{0, 1, 2, 3}) {
			t.Fatalf("order %v", got)
		}
	})
}

func TestSenderGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := newBox(1)
		_ = box.tell(0, Drop)
		start := time.Now()
		if err := box.tell(1, Wait(3*time.Second)); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("wait: %v", err)
		}
		if waited := time.Since(start); waited != 3*time.Second {
			t.Fatalf("waited %v", waited)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if err := box.tell(2, Block(ctx)); !errors.Is(err, context.Canceled) {
			t.Fatalf("block: %v", err)
		}
		if got := takeAll(box); !slices.Equal(got, []int{0}) {
			t.Fatalf("got %v: a message arrived although its sender gave up", got)
		}
		if box.counts.blocked != 2 || box.counts.expired != 2 {
			t.Fatalf("counts %+v", box.counts)
		}
	})
}

func TestShutDownReleasesSenders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := newBox(1)
		_ = box.tell(0, Drop)
		errs := make(chan error, 2)
		go func() { errs <- box.tell(1, Block(t.Context())) }()
		go func() { errs <- box.tell(2, Wait(time.Hour)) }()
		synctest.Wait()
		box.shutDown()
		for range 2 {
			if err := <-errs; err != ErrStopped {
				t.Fatalf("released with %v", err)
			}
		}
		if err := box.tell(3, Drop); err != ErrStopped {
			t.Fatalf("tell after the end: %v", err)
		}
		if left := box.dispose(); left != 1 {
			t.Fatalf("%d left, want 1", left)
		}
	})
}

func TestTellDoesNotAllocate(t *testing.T) {
	const rounds = 1000
	box := newBox(64)
	for i := range 64 {
		_ = box.tell(i, Coalesce(Key{ID: uint64(i)}))
	}
	takeAll(box)
	ctx := context.Background()
	policies := map[string]Policy{
		"drop": Drop, "block": Block(ctx), "wait": Wait(time.Second), "coalesce": Coalesce(Key{Class: 1}),
	}
	for name, policy := range policies {
		allocs := testing.AllocsPerRun(rounds, func() {
			_ = box.tell(1, policy)
			_ = box.tell(2, policy)
			box.take()
			box.take()
			box.park()
		})
		if allocs != 0 {
			t.Errorf("%s: %v allocations", name, allocs)
		}
	}
}
