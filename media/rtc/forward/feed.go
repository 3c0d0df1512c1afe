package forward

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"parley/media"
	"parley/media/udp"
)

// Feed is a publisher without a peer: its packets come from a goroutine of ours,
// in the clear. Seats and taps carry it as they carry a session. It belongs to
// one worker, chosen when it is opened, which takes its packets from a bounded
// queue:
//
//	Write ──▶ queue ──cmdFeed──▶ ingestLoop, as a peer's packets
//
// Each source has one layer. What is missing is not asked for again, for there
// is nobody who has it: a viewer that can not go on asks for a key frame. All
// methods may be called from any goroutine.
type Feed struct {
	publisher
	group     *Group
	queue     chan *feedPacket
	posted    atomic.Bool // the owner was told that something waits
	open      atomic.Bool
	keyframes chan struct{}

	mu sync.Mutex // serialises Close and guards err
	// err is why the feed is closed.
	err error
}

// FeedSource is a source of a feed.
type FeedSource struct {
	// Source is Microphone, Camera, Screen or ScreenAudio.
	Source string
	// Codec is how it is encoded. A PT of 0 means DefaultPayloadType; RTX and
	// Feedback do not count.
	Codec media.CodecParams
}

// maxFeedPacket is the longest packet that a feed takes.
const maxFeedPacket = 1500

const defaultFeedQueue = 512

// feedPacket is a packet on its way to the worker or, if track is set, what that
// track's clock reads.
type feedPacket struct {
	track *track
	clock media.SenderClock
	n     int
	buf   [maxFeedPacket]byte
}

var feedPackets = sync.Pool{New: func() any { return new(feedPacket) }}

// OpenFeed makes a feed, which must be closed. There has to be a worker (Listen). queue is how many packets may wait
// for the worker, 0 means 512; to hears what is found out of it. Errors: ErrFeed,
// ErrClosed.
func (g *Group) OpenFeed(sources []FeedSource, queue int, to Listener) (*Feed, error) {
	if queue <= 0 {
		queue = defaultFeedQueue
	}
	f := &Feed{group: g, queue: make(chan *feedPacket, queue), keyframes: make(chan struct{}, 1)}
	f.up, f.to = f, to
	in := newIncoming()
	in.exts = tapExts
	for _, source := range sources {
		if err := in.takeFeed(&f.publisher, source); err != nil {
			return nil, err
		}
	}
	if len(in.tracks) == 0 {
		return nil, fmt.Errorf("%w: no source", ErrFeed)
	}
	in.settle()
	f.incoming.Store(in)
	workers := g.workers()
	f.owner.Store(workers[g.fed.Add(1)%uint64(len(workers))])
	f.touch(g.clock.now())
	f.open.Store(true)
	if err := g.inside.addFeed(f); err != nil {
		return nil, err
	}
	return f, nil
}

// takeFeed adds a source of a feed.
func (in *incoming) takeFeed(from *publisher, s FeedSource) error {
	c := s.Codec
	c.RTX, c.Feedback = 0, 0
	if c.PT == 0 {
		c.PT = DefaultPayloadType(c.Codec)
	}
	switch kind := media.KindOf(s.Source); {
	case kind == media.KindOther:
		return fmt.Errorf("%w: source %.40q", ErrFeed, s.Source)
	case kind != c.Codec.Kind():
		return fmt.Errorf("%w: %s for %s", ErrFeed, c.Codec, s.Source)
	case c.PT > 127 || in.byPayloadType(c.PT) != nil || in.byMID[s.Source] != nil:
		return fmt.Errorf("%w: %s, payload type %d", ErrFeed, s.Source, c.PT)
	}
	t := newTrack(from, &SourceSpec{Source: s.Source, MID: s.Source, Codecs: []media.CodecParams{c}})
	in.tracks = append(in.tracks, t)
	in.byMID[s.Source] = t
	return nil
}

// Write queues an RTP packet, which it copies, and does not wait. Any SSRC will
// do; another one begins numbers and times anew. A packet may carry its audio
// level and AV1's dependency descriptor as those of taps do. Errors: ErrClosed,
// or what ended the feed, ErrFeedFull and ErrTooLong, which are counted.
func (f *Feed) Write(packet []byte) error {
	if len(packet) > maxFeedPacket {
		f.group.drops[dropMalformed].Add(1)
		return ErrTooLong
	}
	p := feedPackets.Get().(*feedPacket)
	p.n = copy(p.buf[:], packet)
	return f.put(p)
}

// Clock says when what has the time ts of a source was captured, as a peer's
// sender report does: about once a second, by a clock that all sources of the
// feed share. Without it all counts as captured when it was written. Errors are
// those of Write.
func (f *Feed) Clock(source string, ts media.Ticks, captured time.Time) error {
	t := f.track(source)
	if t == nil {
		return fmt.Errorf("%w: source %.40q", ErrFeed, source)
	}
	p := feedPackets.Get().(*feedPacket)
	p.track, p.clock = t, media.SenderClock{NTP: media.InstantOf(captured).NTP(), RTP: ts}
	return f.put(p)
}

// put queues p.
func (f *Feed) put(p *feedPacket) error {
	if !f.open.Load() {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.err
	}
	select {
	case f.queue <- p:
	default:
		p.free()
		f.group.drops[dropFeedFull].Add(1)
		f.tell() // the owner may have been told in vain
		return ErrFeedFull
	}
	f.tell()
	return nil
}

// free gives p back.
func (p *feedPacket) free() {
	p.track, p.n = nil, 0
	feedPackets.Put(p)
}

// tell has the owner look at the queue, once for all that waits.
func (f *Feed) tell() {
	if f.posted.CompareAndSwap(false, true) && !f.post(command{kind: cmdFeed, feed: f}) {
		f.posted.Store(false)
	}
}

// Keyframes is sent to when a viewer needs a key frame of the feed's picture, as
// rarely as a peer would be asked. One that waits to be received stands for all
// that come meanwhile.
func (f *Feed) Keyframes() <-chan struct{} { return f.keyframes }

// Close ends the feed. What was written and not yet taken is lost. It may be
// called twice.
func (f *Feed) Close() { f.end(ErrClosed) }

// fail implements party.
func (f *Feed) fail(err error) {
	if f.end(err) {
		f.to.Failed(err)
	}
}

// end closes the feed and reports whether it was open.
func (f *Feed) end(err error) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return false
	}
	f.err = err
	f.open.Store(false)
	for _, t := range f.incoming.Load().tracks {
		t.close()
	}
	f.group.inside.removeFeed(f)
	return true
}

// quietLoop implements upstream: what is sent to nobody needs no looking after.
func (f *Feed) quietLoop(w *worker) bool {
	f.rx.active = false
	w.rest(&f.publisher)
	return false
}

// leaveLoop implements upstream.
func (f *Feed) leaveLoop() {}

// running implements upstream.
func (f *Feed) running() bool { return f.open.Load() }

// feedbackLoop implements upstream. What is missing stays so.
func (f *Feed) feedbackLoop(w *worker, tracks []*track) {
	for _, t := range tracks {
		for _, l := range t.layers {
			if l.started {
				l.nack.Reset()
			}
		}
		f.requestLoop(w, t)
	}
}

// requestLoop implements upstream.
func (f *Feed) requestLoop(w *worker, t *track) {
	for _, l := range t.layers {
		if l.gate.due(w.loop.now) {
			select {
			case f.keyframes <- struct{}{}:
			default:
			}
		}
	}
}

// feedLoop takes what a feed has written, as much as a batch has of datagrams,
// and forwards it.
func (w *worker) feedLoop(f *Feed) {
	f.posted.Store(false)
	if !f.running() {
		return
	}
	w.loop.current = f
	var taken [udp.BatchSize]*feedPacket
	n := min(len(f.queue), len(taken)) // nobody else takes any
	for i := range n {
		taken[i] = <-f.queue
		w.fedLoop(f, taken[i])
	}
	w.forwardLoop()
	for _, p := range taken[:n] {
		p.free()
	}
	if len(f.queue) > 0 {
		f.tell()
	}
}

// fedLoop takes one packet of a feed.
func (w *worker) fedLoop(f *Feed, p *feedPacket) {
	l := &w.loop
	if p.track != nil {
		w.toldClock(f, p.track.layers[0], p.clock)
		return
	}
	pkt := p.buf[:p.n]
	if f.rx.inbound.flooding(l.now) {
		w.count.drop(dropFlood)
		return
	}
	f.rx.inbound.Tokens--
	if media.ParseHeader(pkt, &l.header) != nil {
		w.count.drop(dropHeader)
		return
	}
	f.touch(l.now)
	w.ingestLoop(&f.publisher, &l.header, pkt)
}

// toldClock takes what the clock of a feed's source reads.
func (w *worker) toldClock(f *Feed, l *layer, clock media.SenderClock) {
	if !l.started {
		return
	}
	l.watch.Report(clock, w.loop.now, l.track.clockRate(), &f.rx.offset)
	w.clockLoop(l)
}
