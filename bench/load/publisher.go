package load

import "encoding/binary"

// Clock rates, RTP ticks per second.
const (
	videoClock = 90000
	audioClock = 48000
)

// SoundsPerSecond is how many packets a voice is: 20 ms each.
const SoundsPerSecond = 50

// second is in nanoseconds.
const second = 1_000_000_000

// Layer is one simulcast layer of a camera (or the only one).
type Layer struct {
	Track
	PerFrame      int // packets per picture
	Width, Height uint16
}

// FrameShape cuts a picture of bitrate/fps bits into the fewest packets of at
// most MaxDatagram bytes, all of the same size. bitrate counts whole
// datagrams, in bits per second.
func FrameShape(bitrate int64, fps float64) (perFrame, datagram int) {
	frame := int(float64(bitrate)/fps/8 + 0.5)
	perFrame = max(1, (frame+MaxDatagram-1)/MaxDatagram)
	datagram = max(MinVideoDatagram, (frame+perFrame/2)/perFrame)
	return perFrame, datagram
}

// MinVideoDatagram has room for header, extensions, the VP8 head of a key
// frame, stamp and tag.
const MinVideoDatagram = 12 + 16 + vp8HeadMax + StampLen + tagLen

// Publisher is what one client sends. Zero fields are not sent.
type Publisher struct {
	Mic    *Track
	Layers []*Layer
	FPS    float64 // pictures a second
	SPS    float64 // sounds a second

	// Late counts pictures and sounds that were due but left out because
	// the process came too late to send them in time.
	Late uint64
	// Keys counts key frames sent.
	Keys uint64

	nextFrame, nextSound int64
	wantKey              bool
	picture              uint16
	tl0                  uint8
	buf                  [2048]byte
}

// Start sets the time of the first picture and sound; the first picture is a
// key frame.
func (p *Publisher) Start(frame, sound int64) {
	p.nextFrame, p.nextSound, p.wantKey = frame, sound, true
}

// RequestKey makes the next picture a key frame.
func (p *Publisher) RequestKey() { p.wantKey = true }

// Due is when Run has to be called next, false when nothing is sent.
func (p *Publisher) Due() (int64, bool) {
	switch {
	case p.Mic != nil && len(p.Layers) > 0:
		return min(p.nextFrame, p.nextSound), true
	case p.Mic != nil:
		return p.nextSound, true
	case len(p.Layers) > 0:
		return p.nextFrame, true
	}
	return 0, false
}

// Run sends what is due by now, each packet stamped with the time clock
// tells.
func (p *Publisher) Run(now int64, clock func() int64, sink Sink) {
	if p.Mic != nil && p.nextSound <= now {
		p.sound(clock, sink)
		p.nextSound = p.advance(p.nextSound, int64(second/p.SPS), now)
	}
	if len(p.Layers) > 0 && p.nextFrame <= now {
		p.frame(clock, sink)
		p.nextFrame = p.advance(p.nextFrame, int64(second/p.FPS), now)
	}
}

// advance gives the next due time. What is a whole period late is left out: a
// camera does not catch up either, and pictures sent at once because this
// process stood still would wait in the server for each other.
func (p *Publisher) advance(due, period, now int64) int64 {
	due += period
	if behind := (now - due) / period; behind > 0 {
		p.Late += uint64(behind)
		due += behind * period
	}
	return due
}

func (p *Publisher) sound(clock func() int64, sink Sink) {
	p.Mic.emit(p.buf[:], nil, false, clock(), sink)
	p.Mic.TS += uint32(audioClock / p.SPS)
}

func (p *Publisher) frame(clock func() int64, sink Sink) {
	key := p.wantKey
	p.wantKey = false
	p.picture = (p.picture + 1) & 0x7fff
	p.tl0++
	if key {
		p.Keys++
	}
	for _, l := range p.Layers {
		var head [vp8HeadMax]byte
		for i := range l.PerFrame {
			lead := appendVP8(head[:0], vp8Head{
				start: i == 0, key: key, picture: p.picture, tl0: p.tl0,
				width: l.Width, height: l.Height,
			})
			l.emit(p.buf[:], lead, i == l.PerFrame-1, clock(), sink)
		}
		l.TS += uint32(videoClock / p.FPS)
	}
}

// vp8HeadMax is the longest result of appendVP8 in bytes.
const vp8HeadMax = 6 + 10

// vp8Head is what a packet's first payload bytes say.
type vp8Head struct {
	start, key    bool
	picture       uint16 // 15 bits
	tl0           uint8
	width, height uint16
}

// appendVP8 appends the payload descriptor (RFC 7741 §4.2: 15-bit picture id,
// TL0PICIDX, temporal layer 0, key index) and, at a picture's start, the
// frame head (RFC 6386 §9.1): for a key frame with start code and size.
func appendVP8(dst []byte, h vp8Head) []byte {
	first := byte(0x80)
	if h.start {
		first |= 0x10
	}
	dst = append(dst, first, 0xf0)
	dst = binary.BigEndian.AppendUint16(dst, h.picture|0x8000)
	dst = append(dst, h.tl0, 0)
	if !h.start {
		return dst
	}
	const shown, partition = 0x10, 0x20 // show_frame, first partition of 1 (<<5)
	if !h.key {
		return append(dst, shown|partition|1, 0, 0)
	}
	dst = append(dst, shown|partition, 0, 0, 0x9d, 0x01, 0x2a)
	dst = binary.LittleEndian.AppendUint16(dst, h.width&0x3fff)
	return binary.LittleEndian.AppendUint16(dst, h.height&0x3fff)
}
