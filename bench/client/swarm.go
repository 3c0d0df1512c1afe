package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"parley/bench/load"
	"parley/bench/netloop"
)

// Swarm is all clients of a run.
type Swarm struct {
	Config    *Config
	Directory *Directory
	Shards    []*Shard

	mu     sync.Mutex // guards rng, turn and failed
	rng    *rand.Rand
	turn   int
	failed error // of a loop
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// errEnded says that the swarm is closed.
var errEnded = errors.New("load clients have ended")

// NewSwarm starts loops goroutines; Close stops them. The same seed gives the
// same clients.
func NewSwarm(cfg *Config, loops int, seed uint64) (*Swarm, error) {
	s := &Swarm{Config: cfg, Directory: NewDirectory(), rng: rand.New(rand.NewPCG(seed, 0x70617263))}
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	for range max(loops, 1) {
		shard, err := newShard(cfg, s.Directory)
		if err != nil {
			s.Close()
			return nil, err
		}
		s.Shards = append(s.Shards, shard)
		s.done.Go(func() {
			if err := shard.Loop.Run(ctx); err != nil {
				s.mu.Lock()
				s.failed = fmt.Errorf("client loop: %w", err)
				s.mu.Unlock()
			}
		})
	}
	return s, nil
}

// Close ends all clients at once, without saying good-bye.
func (s *Swarm) Close() {
	s.cancel()
	s.done.Wait()
}

// Err is what ended a loop before its time, nil as a rule.
func (s *Swarm) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// next gives the shard for a new client, and its random numbers.
func (s *Swarm) next() (*Shard, *rand.Rand) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn++
	return s.Shards[s.turn%len(s.Shards)], rand.New(rand.NewPCG(s.rng.Uint64(), s.rng.Uint64()))
}

// Join brings one client into its room. It blocks until the client is
// connected and runs; the returned Times lack First.
func (s *Swarm) Join(ctx context.Context, spec *Spec) (*Client, Times, error) {
	shard, rng := s.next()
	n, err := shard.join(ctx, spec, rng)
	if err != nil {
		return nil, Times{}, err
	}
	times := n.client.times // the loop owns the client from here on
	if !shard.Loop.Post(n) {
		n.signal.conn.Close()
		if n.udp != nil {
			n.udp.Close()
		}
		return nil, Times{}, errEnded
	}
	return n.client, times, <-n.adopted
}

// task is a Command that runs a function and tells when it is done. The
// functions are those of this file only; each touches its own shard.
type task struct {
	shard *Shard
	run   func(*Shard)
	done  chan<- struct{}
}

func (t *task) Do(*netloop.Loop) {
	t.run(t.shard)
	t.done <- struct{}{}
}

// each runs a function on every shard's loop, one after the other, and waits.
func (s *Swarm) each(run func(*Shard)) {
	done := make(chan struct{}, 1)
	for _, shard := range s.Shards {
		if shard.Loop.Post(&task{shard, run, done}) {
			select {
			case <-done:
			case <-time.After(5 * time.Second): // the loop ended under us
			}
		}
	}
}

// Begin starts a window: what came before does not count.
func (s *Swarm) Begin() {
	for {
		chat := netloop.Now() + chatAhead
		s.each(func(sh *Shard) { sh.begin(chat) })
		if netloop.Now() < chat {
			return
		}
		// A loop was too busy to know of the window before it began.
	}
}

// Interval returns what came since Begin or the last Interval.
func (s *Swarm) Interval() *load.Stats {
	total := load.NewStats()
	s.each(func(sh *Shard) { total.Add(sh.interval()) })
	return total
}

// drain is how long packets may still be on their way after the last was
// sent.
const drain = 300 * time.Millisecond

// Finish stops publishing, waits for what is on its way, settles what should
// have come, and returns what came since the last Interval. Publishing stays
// stopped until Resume.
func (s *Swarm) Finish() *load.Stats {
	s.each(func(sh *Shard) { sh.pause(true) })
	time.Sleep(drain)
	sent := make(load.Sent)
	s.each(func(sh *Shard) { sh.sent(sent) })
	total := load.NewStats()
	s.each(func(sh *Shard) {
		sh.finish(sent)
		total.Add(sh.interval())
	})
	return total
}

// Resume starts publishing again.
func (s *Swarm) Resume() { s.each(func(sh *Shard) { sh.pause(false) }) }

// SetRate changes how many pictures a second everyone sends, as a factor.
func (s *Swarm) SetRate(rate float64) { s.each(func(sh *Shard) { sh.setRate(rate) }) }

// Look makes every client send its view (again).
func (s *Swarm) Look() {
	s.each(func(sh *Shard) {
		for c := range sh.clients {
			c.look()
		}
	})
}

// Health is what went wrong, and how busy the loops were.
type Health struct {
	Clients     int
	Lost        map[string]uint64 // ended by themselves, by reason
	Refused     map[string]uint64 // requests, by error code
	Late        uint64            // pictures and sounds left out
	KernelDrops uint64            // lost in our own receive buffers
	KeyRequests uint64
	Loops       netloop.Counters
}

// Health sums up the shards.
func (s *Swarm) Health() Health {
	h := Health{Lost: make(map[string]uint64), Refused: make(map[string]uint64)}
	s.each(func(sh *Shard) {
		h.Clients += len(sh.clients)
		for reason, n := range sh.lost {
			h.Lost[reason] += n
		}
		for code, n := range sh.refused {
			h.Refused[string(code)] += n
		}
		h.Late += sh.late()
		h.KernelDrops += sh.kernelDrops()
		h.KeyRequests += sh.keyRequests
		h.Loops.Receives += sh.Loop.Counters.Receives
		h.Loops.Runs += sh.Loop.Counters.Runs
		h.Loops.Packets += sh.Loop.Counters.Packets
		h.Loops.Unsent += sh.Loop.Counters.Unsent
	})
	return h
}

// Clients is how many have joined, or have a WebSocket open that joins nothing.
func (s *Swarm) Clients() int {
	n := 0
	s.each(func(sh *Shard) { n += len(sh.clients) + sh.sockets - sh.closedSockets })
	return n
}

// Firsts returns the milestones of the clients that have got their first
// packet since the last call.
func (s *Swarm) Firsts() []Times {
	var all []Times
	s.each(func(sh *Shard) {
		all = append(all, sh.firsts...)
		sh.firsts = nil
	})
	return all
}

// Chat returns what was said and heard since Begin.
func (s *Swarm) Chat() ChatStats {
	total := newChatStats()
	s.each(func(sh *Shard) { total.add(&sh.chat) })
	return total
}

// StartTalk makes clients say something in turn, rate texts a second all
// together, until publishing is paused.
func (s *Swarm) StartTalk(rate float64, size int) {
	period := int64(float64(time.Second) * float64(len(s.Shards)) / rate)
	s.each(func(sh *Shard) {
		t := &Talk{shard: sh, period: period, size: size, next: netloop.Now()}
		t.timer = netloop.NewTimer(t)
		sh.Loop.Arm(t.timer, t.next)
	})
}

// Leave makes one client say good-bye.
func (s *Swarm) Leave(c *Client) {
	done := make(chan struct{}, 1)
	c.shard.Loop.Post(&task{c.shard, func(*Shard) { c.leave() }, done})
}

// LeaveAll makes everyone say good-bye and waits at most for wait until they
// are gone; then it closes what is left.
func (s *Swarm) LeaveAll(wait time.Duration) {
	s.each(func(sh *Shard) {
		for c := range sh.clients {
			c.leave()
		}
	})
	for deadline := time.Now().Add(wait); time.Now().Before(deadline) && s.Health().Clients > 0; {
		time.Sleep(20 * time.Millisecond)
	}
	s.each(func(sh *Shard) {
		for c := range sh.clients {
			sh.drop(c, "")
		}
	})
}
