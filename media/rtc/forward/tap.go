package forward

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"parley/media"
	"parley/media/udp"
)

// Tap is a seat without a peer: what it carries goes to a goroutine of ours,
// which calls Read. It is placed as a seat is, and gets what a seat would get:
// sound at once and pictures from a key frame on, numbers and times that go on
// without a break whatever changes, the layer that fits the wanted size. To
// follow one source it is placed once.
//
// A tap waits for nobody. What its reader does not take in time is left out,
// whole frames of it, and counted; a picture goes on at a key frame, which is
// asked for when there is room again.
//
//	worker ──▶ admitLoop ──▶ queue ──▶ Read
//	              │ full, and a frame begins
//	              └▶ left out, numbers close up
//
// All methods but Read may be called from any goroutine.
type Tap struct {
	group  *Group
	number uint64 // as an exit, see order
	seat   seat
	halves [2]tapHalf // of sound and picture
	queue  chan *TapPacket
	room   int // packets that may wait before frames are left out
	done   chan struct{}
	open   atomic.Bool
	left   atomic.Uint64

	mu       sync.Mutex // serialises Place, Vacate and Close and guards what follows
	err      error      // why it is closed
	requests bucket     // what the reader may ask for
}

// tapHalf is the state of one of a tap's streams, and belongs to whoever its
// sender does.
type tapHalf struct {
	// in is the newest packet that was let in, a frame by source, layer and time.
	source  uint64
	layer   uint8
	newest  media.ExtSeq
	ts      media.Ticks
	starved bool              // something was left out, and nothing has begun since
	clock   media.SenderClock // our clock and the stream's time, as last told
}

// TapPacket is a packet of a tap. It and all it points to, Codec apart, are
// valid until the function that got it returns, and may be written to until
// then.
type TapPacket struct {
	// Source is what it is of: Microphone, Camera, Screen or ScreenAudio.
	Source string
	// Codec is how that is encoded, with the profile and the parameter sets that
	// its sender named; its payload types are that sender's. Never written to.
	Codec *media.CodecParams
	// Number counts the packets of the tap's sound and those of its picture.
	// What was lost on the way in is missing, or comes late; what was left out by
	// the tap or in front of it is not missing.
	Number media.ExtSeq
	// Time is in ticks of the codec's clock, and goes on whatever the source.
	Time   media.Ticks
	Marker bool
	// Begins: this is the first packet after a change of source, layer or
	// format, after a mute, or after something was left out. Of a picture it
	// starts a key frame.
	Begins bool
	// Start and Keyframe say of a picture that a frame begins, and that it is a
	// key frame; Width and Height are the newest key frame's, 0 if unknown.
	Start, Keyframe bool
	Width, Height   int
	// Level is the loudness that the sender told.
	Level media.AudioLevel
	// Arrived is when the packet came in. Captured is when sound or picture were
	// taken up, by the publisher's clock as it looks on ours, so that both halves
	// can be played in sync; zero as long as that is not known.
	Arrived, Captured time.Time
	// RTP is the packet as a feed takes it: the payload type tells the codec (see
	// DefaultPayloadType), the SSRC sound from picture. Payload is the end of it.
	RTP, Payload []byte

	buf [udp.MaxSend]byte
}

var tapPackets = sync.Pool{New: func() any { return new(TapPacket) }}

// TapOptions say what a tap may hold.
type TapOptions struct {
	// Queue is how many packets may wait for the reader before frames are left
	// out; 0 means 512. Frames that were begun by then may go beyond, by three
	// times as many and 1,024 packets at least; only one that is longer is cut.
	// Each packet takes 1.7 KiB while it waits.
	Queue int
}

const (
	defaultTapQueue = 512
	// maxTapFrame is the longest frame that is never cut: 1.2 MB.
	maxTapFrame = 1024 // packets
)

// OpenTap makes a tap that carries nothing yet, and must be closed.
func (g *Group) OpenTap(o TapOptions) (*Tap, error) {
	if o.Queue <= 0 {
		o.Queue = defaultTapQueue
	}
	t := &Tap{group: g, number: lastExit.Add(1), room: o.Queue, queue: make(chan *TapPacket, o.Queue+max(3*o.Queue, maxTapFrame)), done: make(chan struct{})}
	t.seat.audio = t.stream(media.KindAudio)
	t.seat.video = t.stream(media.KindVideo)
	t.open.Store(true)
	if err := g.inside.addTap(t); err != nil {
		return nil, err
	}
	return t, nil
}

func (t *Tap) stream(kind media.Kind) *stream {
	st := &stream{exit: t, order: t.number, kind: kind}
	st.shape.Store(tapShape(kind))
	return st
}

// Place makes the tap carry what p says, as Remote.Place does with a seat.
func (t *Tap) Place(p Placement) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open.Load() && p.From != nil {
		t.group.reseatLocked(t.seat.tracks(&p))
	}
}

// Vacate empties the tap; what waits can still be read.
func (t *Tap) Vacate() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seat.unlink()
}

// RequestKeyframe asks for a key frame of the picture, for a reader that can not
// go on without one. It may be called at any rate: requests beyond what a peer
// may make are dropped, and the publisher is asked as rarely as for peers.
func (t *Tap) RequestKeyframe() {
	t.mu.Lock()
	ok := t.requests.ask(keyframeCost, t.group.clock.now())
	t.mu.Unlock()
	if !ok {
		t.group.drops[dropThrottled].Add(1)
		return
	}
	if from := t.seat.video.holder.Load(); from != nil {
		from.from.post(command{kind: cmdKeyframe, stream: t.seat.video})
	}
}

// Read waits until something has come and hands all that waits to take, in the
// order of arrival. It returns after that, or with the context's error, or, when
// nothing waits any more, with ErrClosed or what ended the tap. One goroutine at
// a time may call it.
func (t *Tap) Read(ctx context.Context, take func(*TapPacket)) error {
	first, err := t.wait(ctx)
	if err != nil {
		return err
	}
	hand(first, take)
	for range len(t.queue) {
		hand(<-t.queue, take)
	}
	return nil
}

// wait returns the next packet.
func (t *Tap) wait(ctx context.Context) (*TapPacket, error) {
	select {
	case p := <-t.queue:
		return p, nil
	default:
	}
	select {
	case p := <-t.queue:
		return p, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-t.done:
		t.mu.Lock()
		defer t.mu.Unlock()
		return nil, t.err
	}
}

// hand lends p to take.
func hand(p *TapPacket, take func(*TapPacket)) {
	defer p.free()
	take(p)
}

// free gives p back. Nothing of it may be used after.
func (p *TapPacket) free() {
	p.Codec, p.RTP, p.Payload = nil, nil, nil
	tapPackets.Put(p)
}

// LeftOut returns how many packets the tap has left out so far, because its
// reader was slow.
func (t *Tap) LeftOut() uint64 { return t.left.Load() }

// Close ends the tap. It may be called twice.
func (t *Tap) Close() { t.fail(ErrClosed) }

// fail implements party.
func (t *Tap) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.open.Swap(false) {
		return
	}
	t.err = err
	t.seat.unlink()
	t.group.inside.removeTap(t)
	close(t.done)
}

// order implements exit.
func (t *Tap) order() uint64 { return t.number }

// guard implements exit.
func (t *Tap) guard() *sync.Mutex { return &t.mu }

// begin implements exit.
func (t *Tap) begin(*worker) (d delivery, ok bool) { return delivery{tap: t}, t.open.Load() }

// wants implements exit. While a reader is behind, no publisher makes key frames
// for it, nor is blamed for having made none.
func (t *Tap) wants(*worker) bool { return t.open.Load() && t.hasRoom(false) }

// hasRoom reports whether a frame may begin. After something was left out half
// of the room has to be free, or a reader that is a little too slow would get
// hardly more than key frames.
func (t *Tap) hasRoom(flowing bool) bool {
	if flowing {
		return len(t.queue) < t.room
	}
	return len(t.queue) <= t.room/2
}

func (t *Tap) half(kind media.Kind) *tapHalf {
	if kind == media.KindVideo {
		return &t.halves[1]
	}
	return &t.halves[0]
}

// sentLoop implements exit.
func (t *Tap) sentLoop(*worker) {}

// switchedLoop implements exit. The clock is told anew at the next tick.
func (t *Tap) switchedLoop(_ *worker, st *stream, _ *layer) {
	h := t.half(st.kind)
	h.clock, h.starved = media.SenderClock{}, false
}

// reportLoop implements exit.
func (t *Tap) reportLoop(_ *worker, st *stream, info media.SenderInfo) {
	t.half(st.kind).clock = info.Clock
}

// admitLoop reports whether p may go on. A frame that begins when there is no
// room is left out, and ends the stretch: what follows has the number that it
// would have had.
func (t *Tap) admitLoop(w *worker, st *stream, p *packet) bool {
	h, in, rewriter := t.half(st.kind), &p.in, &st.tx.rewriter
	source, layer := rewriter.Current()
	known := in.Source == h.source && in.Layer == h.layer
	flowing := source == in.Source && layer == in.Layer
	switch {
	case known && in.Ext < h.newest:
		return true // late: it fills a hole
	case known && flowing && st.kind == media.KindVideo && in.TS == h.ts:
		h.newest = in.Ext
		return true // the rest of a frame
	case !flowing && st.kind == media.KindVideo && !(p.facts.Keyframe && p.facts.Start):
		if h.starved {
			t.leaveOut(w)
		}
		return !h.starved // nothing that begins; the rewriter knows what it is
	case !t.hasRoom(flowing):
		rewriter.Restart()
		h.starved = true
		t.leaveOut(w)
		return false
	}
	h.source, h.layer, h.newest, h.ts = in.Source, in.Layer, in.Ext, in.TS
	return true
}

func (t *Tap) leaveOut(w *worker) {
	t.left.Add(1)
	w.count.drop(dropTapFull)
}

// takeLoop queues a packet for the reader, as sendLoop sends one to a peer: the
// counters are patched in the shared payload, and what is queued is a copy.
func (t *Tap) takeLoop(w *worker, d *delivery, p *packet, out *media.Output) bool {
	if c := &p.facts.Counters; c.Any() {
		c.Patch(p.payload, out.PictureID, out.TL0)
	}
	tx := d.st.tx
	to := tapPackets.Get().(*TapPacket)
	n := tx.format.header.Write(to.buf[:], &media.Patch{
		PT: tx.format.params.PT, Seq: out.Ext.Seq(), TS: out.TS, Marker: out.Marker, Level: p.level,
		Dependency: p.descriptor, Frame: out.PictureID,
	})
	if n+len(p.payload) > len(to.buf) {
		to.free()
		w.count.drop(dropPayload)
		return false
	}
	to.RTP = to.buf[:n+copy(to.buf[n:], p.payload)]
	to.Payload = to.RTP[n:]
	to.Source, to.Codec = d.from.source, tx.params
	to.Number, to.Time, to.Marker, to.Begins = out.Ext, out.TS, out.Marker, out.Switched
	to.Start, to.Keyframe, to.Level = p.facts.Start, p.facts.Keyframe, p.level
	l := d.from.layers[max(tx.current, 0)]
	to.Width, to.Height = l.width, l.height
	to.Arrived = w.group.clock.time(w.loop.now)
	to.Captured = t.half(d.st.kind).captured(to, w.loop.now)
	select {
	case t.queue <- to:
	default: // longer than any frame should be
		to.free()
		tx.rewriter.Restart()
		t.half(d.st.kind).starved = true
		t.leaveOut(w)
		return false
	}
	tx.packets++
	tx.octets += uint32(len(p.payload))
	return true
}

// captured returns when what p holds was taken up.
func (h *tapHalf) captured(p *TapPacket, now media.Instant) time.Time {
	if !h.clock.Known() {
		return time.Time{}
	}
	ago := now.NTP().Sub(h.clock.NTPAt(p.Time, p.Codec.Codec.ClockRate()))
	return p.Arrived.Add(-ago)
}

// firstPayloadType is that of Opus; those of the others follow.
const firstPayloadType = 96

// DefaultPayloadType is what taps write, and feeds take if they are not told
// otherwise.
func DefaultPayloadType(c media.Codec) uint8 { return firstPayloadType - 1 + uint8(c) }

// tapExts are the header extensions that taps write, and feeds read.
var tapExts = media.ExtIDs{AudioLevel: 1, Dependency: 2}

// The SSRCs of a tap's packets.
const (
	tapAudio media.SSRC = 1
	tapVideo media.SSRC = 2
)

var tapAudioShape, tapVideoShape = newTapShape(media.KindAudio), newTapShape(media.KindVideo)

func tapShape(kind media.Kind) *shape {
	if kind == media.KindVideo {
		return tapVideoShape
	}
	return tapAudioShape
}

// newTapShape makes the shape of a stream that takes every codec, whatever the
// profile.
func newTapShape(kind media.Kind) *shape {
	spec := media.HeaderSpec{SSRC: tapAudio, AudioLevelID: tapExts.AudioLevel}
	if kind == media.KindVideo {
		spec = media.HeaderSpec{SSRC: tapVideo, DependencyID: tapExts.Dependency}
	}
	header, err := media.NewHeaderTemplate(spec)
	if err != nil {
		panic(err) // the ids above fit
	}
	sh := &shape{any: true, exts: tapExts}
	for c := media.CodecOpus; c.String() != ""; c++ {
		if c.Kind() == kind {
			sh.formats = append(sh.formats, format{params: &media.CodecParams{Codec: c, PT: DefaultPayloadType(c)}, header: header})
		}
	}
	return sh
}
