package client

import (
	"math"
	"slices"
	"time"

	"parley/bench/load"
	"parley/bench/netloop"
	"parley/engine/wire"
)

// Shard is the clients of one loop. All fields but Loop and cfg belong to the
// loop's goroutine.
type Shard struct {
	Loop *netloop.Loop

	cfg     *Config
	dir     *Directory
	clients map[*Client]struct{}
	stats   *load.Stats // of the running interval
	stamp   load.Stamp  // of the packet at hand
	batch   batch
	paused  bool // nothing is published
	rate    float64

	chat        ChatStats
	keyRequests uint64
	lost        map[string]uint64    // clients that ended by themselves, by reason
	refused     map[wire.Code]uint64 // requests answered with an error
	firsts      []Times              // of clients that got their first packet
	drops       uint64               // by the kernel, of closed sockets

	sockets, closedSockets int    // WebSockets that join nothing
	plainTexts             uint64 // messages on those
}

func newShard(cfg *Config, dir *Directory) (*Shard, error) {
	loop, err := netloop.New()
	if err != nil {
		return nil, err
	}
	return &Shard{
		Loop: loop, cfg: cfg, dir: dir, rate: 1,
		clients: make(map[*Client]struct{}),
		stats:   load.NewStats(),
		lost:    make(map[string]uint64),
		refused: make(map[wire.Code]uint64),
		chat:    newChatStats(),
	}, nil
}

// add starts a client whose sockets are in the loop.
func (s *Shard) add(c *Client) {
	now := netloop.Now()
	s.clients[c] = struct{}{}
	c.timer = netloop.NewTimer(c)
	c.tick = now + int64(c.spec.Sender)*7919*int64(time.Microsecond)%tickEvery
	c.consent = now + int64(c.spec.Sender)*7919*int64(time.Microsecond)%consentEvery
	if c.out.pub != nil {
		c.pace(s.rate)
		c.begin(now)
	}
	c.arm()
}

// drop forgets a client. reason is empty when it left as asked.
func (s *Shard) drop(c *Client, reason string) {
	if _, ok := s.clients[c]; !ok {
		return
	}
	delete(s.clients, c)
	if !c.leaving {
		s.lost[reason]++
	}
	s.Loop.Disarm(c.timer)
	if c.udp != nil {
		s.drops += c.udp.Drops()
		c.udp.Close()
	}
	if c.signal != nil {
		c.signal.Close()
	}
	s.dir.remove(c.id)
}

// onFirst notes that c got its first packet.
func (s *Shard) onFirst(c *Client) {
	if len(s.firsts) < 1<<20 {
		s.firsts = append(s.firsts, c.times)
	}
}

// begin starts a window: what came before does not count, nor what is said
// before chat.
func (s *Shard) begin(chat int64) {
	s.stats = load.NewStats()
	s.chat.reset(chat)
	for c := range s.clients {
		for _, in := range c.in.order {
			in.Reset()
		}
	}
}

// interval gives up the statistics since the last interval.
func (s *Shard) interval() *load.Stats {
	st := s.stats
	s.stats = load.NewStats()
	return st
}

// setRate changes how much is sent, see Client.pace.
func (s *Shard) setRate(rate float64) {
	s.rate = rate
	for c := range s.clients {
		if c.out.pub != nil {
			c.pace(rate)
		}
	}
}

// pace sets how many pictures a second are sent, as a factor of what was asked
// for; of who sends no pictures, how many sounds.
func (c *Client) pace(rate float64) {
	p := c.out.pub
	p.FPS, p.SPS = c.spec.Publish.FPS*rate, load.SoundsPerSecond
	if len(p.Layers) == 0 {
		p.SPS *= rate
	}
}

// begin makes a client send from now on, but not in step with the others: the
// server would get everyone's pictures at one moment and nothing in between.
// Multiples of the golden ratio spread any number of senders evenly over any
// period.
func (c *Client) begin(now int64) {
	_, share := math.Modf(float64(c.spec.Sender) * math.Phi)
	phase := func(perSecond float64) int64 {
		if perSecond <= 0 {
			return 0
		}
		return int64(share * float64(time.Second) / perSecond)
	}
	p := c.out.pub
	p.Start(now+phase(p.FPS), now+phase(p.SPS))
}

// pause stops or resumes publishing.
func (s *Shard) pause(paused bool) {
	s.paused = paused
	now := netloop.Now()
	for c := range s.clients {
		if c.out.pub != nil && !paused {
			c.begin(now)
		}
		c.arm()
	}
}

// sent adds the counters of what the shard's clients publish.
func (s *Shard) sent(all load.Sent) {
	for c := range s.clients {
		p := c.out.pub
		if p == nil {
			continue
		}
		if p.Mic != nil {
			all[load.SentKey{Sender: c.spec.Sender, Source: load.Audio}] = p.Mic.Stamp.Counter
		}
		for i, l := range p.Layers {
			all[load.SentKey{Sender: c.spec.Sender, Source: load.Video, Layer: uint8(i)}] = l.Stamp.Counter
		}
	}
}

// finish ends a window, given what everybody has sent.
func (s *Shard) finish(sent load.Sent) {
	for c := range s.clients {
		s.stats.Silent += c.silent()
		for _, in := range c.in.order {
			if !in.RTX {
				in.Finish(sent, s.stats)
			}
		}
	}
}

// silent counts streams whose source sends while nothing came: those of its
// seats, and those of whom it asked for and got no seat.
func (c *Client) silent() uint64 {
	n := c.unseated()
	for _, in := range c.in.order {
		s := &c.in.seats[in.Seat]
		if in.RTX || in.Total() > 0 || !s.resolve(c.shard.dir) {
			continue
		}
		if in.Source == load.Audio && s.peer.Audio || in.Source == load.Video && s.peer.Video && (s.video || slices.Contains(c.spec.View, s.peer.Sender)) {
			n++
		}
	}
	return n
}

// unseated counts the streams of those who are looked at and sit nowhere.
func (c *Client) unseated() (n uint64) {
	for _, sender := range c.spec.View {
		peer, id, here := c.shard.dir.sender(sender)
		if !here || slices.ContainsFunc(c.in.seats, func(s seat) bool { return s.participant == id }) {
			continue
		}
		if peer.Audio {
			n++
		}
		if peer.Video {
			n++
		}
	}
	return n
}

// late sums what publishers left out because this process was too slow.
func (s *Shard) late() uint64 {
	n := uint64(0)
	for c := range s.clients {
		if c.out.pub != nil {
			n += c.out.pub.Late
		}
	}
	return n
}

// kernelDrops counts datagrams lost in our own receive buffers.
func (s *Shard) kernelDrops() uint64 {
	n := s.drops
	for c := range s.clients {
		if c.udp != nil {
			n += c.udp.Drops()
		}
	}
	return n
}
