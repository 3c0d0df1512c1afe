package engine

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"parley/engine/wire"
)

// memConn is a signalling connection in memory. What is sent waits in frames
// until a test takes it.
type memConn struct {
	mu     sync.Mutex
	frames []*wire.Frame
	bytes  int
	limit  int // of bytes, beyond it the connection closes itself; 0: none
	frozen bool
	closed bool
	status int
	reason string
	onGone func()
}

func (c *memConn) Send(f *wire.Frame) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.bytes += len(f.Bytes())
	if c.limit > 0 && c.bytes > c.limit {
		c.closed, c.status, c.reason = true, 1006, "slow consumer"
		time.AfterFunc(0, c.onGone)
		return false
	}
	c.frames = append(c.frames, f)
	return true
}

func (c *memConn) Close(status int, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.closed, c.status, c.reason = true, status, reason
	}
}

func (c *memConn) take() []*wire.Frame {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.frames
	c.frames = nil
	if !c.frozen {
		c.bytes = 0
	}
	return out
}

func (c *memConn) end() (closed bool, status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed, c.status
}

// memMedia is the packet side in memory. It complains about use that would
// disturb a real one.
type memMedia struct {
	mu       sync.Mutex
	sessions map[string]*memSession // by participant
	wrongs   []string
	delay    time.Duration         // of Open
	refuse   error                 // of the next Open
	problems []wire.SectionProblem // of every offer: their sources can not be sent
	decodes  string                // of sessions to be opened, words; empty: VP8
	panicky  bool                  // the next Open panics
	dead     bool                  // sessions never hear anything
}

func (m *memMedia) Open(_ context.Context, id string, offer MediaOffer, events MediaEvents) (MediaSession, MediaAnswer, error) {
	time.Sleep(m.delay)
	offer = inferred(offer)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.panicky {
		m.panicky = false
		panic("media twin was told to")
	}
	if err := m.refuse; err != nil {
		m.refuse = nil
		return nil, MediaAnswer{}, err
	}
	s := &memSession{
		media: m, id: id, events: events, seats: make([]Placement, len(offer.Seats)),
		codecs: map[wire.Source]string{}, muted: map[wire.Source]bool{}, decodes: map[string]bool{"opus": true}, shared: offer.Shared,
		problems: map[wire.Source]wire.Problem{}, running: map[int]bool{},
	}
	for codec := range strings.FieldsSeq(cmp.Or(m.decodes, "VP8")) {
		s.decodes[codec] = true
	}
	s.takeSources(offer)
	s.takeSeats(offer)
	if m.sessions == nil {
		m.sessions = make(map[string]*memSession)
	}
	m.sessions[id] = s
	return s, m.answerTo(offer), nil
}

func (m *memMedia) answerTo(offer MediaOffer) MediaAnswer {
	return MediaAnswer{SDP: "answer to " + offer.SDP, Problems: m.problems, Sources: offer.Sources, Seats: offer.Seats}
}

// inferred gives sections their meaning where the offer does not: its SDP is words
// then, what is sent, and "seat" for each pair that receives.
func inferred(offer MediaOffer) MediaOffer {
	if offer.Sources != nil || offer.Seats != nil {
		return offer
	}
	offer.Sources = map[wire.Source]wire.SourceSection{}
	for i, word := range strings.Fields(offer.SDP) {
		mid := fmt.Sprint(i)
		if source := wire.Source(word); source.Valid() {
			offer.Sources[source] = wire.SourceSection{MID: mid}
		} else if word == "seat" {
			offer.Seats = append(offer.Seats, wire.SeatMIDs{Audio: mid + "a", Video: mid + "v"})
		}
	}
	return offer
}

func (m *memMedia) session(id string) *memSession {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sessions[id]
}

func (m *memMedia) wrongLocked(format string, args ...any) {
	m.wrongs = append(m.wrongs, fmt.Sprintf(format, args...))
}

func (m *memMedia) complaints() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.wrongs
}

// memSession is one participant on the packet side; media.mu guards it all.
type memSession struct {
	media   *memMedia
	id      string
	events  MediaEvents
	seats   []Placement // From nil: empty
	codecs  map[wire.Source]string
	muted   map[wire.Source]bool
	decodes map[string]bool
	shared  []string // of the last offer
	shows   []bool   // per seat: pictures
	hears   []bool   // and sound
	// problems are of what it sends; viewers whose picture runs are not
	// bothered by one, as with a key frame that others wait for.
	problems map[wire.Source]wire.Problem
	running  map[int]bool // seats with a picture
	seen     time.Time
	sent     time.Time
	silent   bool
	quality  MediaQuality
	places   int
	closed   bool
}

func (s *memSession) takeSources(offer MediaOffer) {
	for src := range offer.Sources {
		s.codecs[src] = "opus"
		if src.Video() {
			s.codecs[src] = "VP8"
			if strings.HasSuffix(offer.SDP, "H264") {
				s.codecs[src] = "H264"
			}
		}
	}
	for _, p := range s.media.problems {
		delete(s.codecs, p.Source)
	}
}

func (s *memSession) Offer(_ context.Context, offer MediaOffer) (MediaAnswer, error) {
	offer = inferred(offer)
	s.media.mu.Lock()
	defer s.media.mu.Unlock()
	if len(offer.Seats) < len(s.seats) {
		return MediaAnswer{}, refuse(wire.CodeSDPMismatch, "seats are missing")
	}
	clear(s.codecs)
	s.shared = offer.Shared
	s.takeSources(offer)
	s.takeSeats(offer)
	for len(s.seats) < len(offer.Seats) {
		s.seats = append(s.seats, Placement{})
	}
	return s.media.answerTo(offer), nil
}

func (s *memSession) Codec(src wire.Source) string {
	s.media.mu.Lock()
	defer s.media.mu.Unlock()
	return s.codecs[src]
}

func (s *memSession) CanDecode(seat int, from MediaSession, src wire.Source) bool {
	s.media.mu.Lock()
	defer s.media.mu.Unlock()
	sender, ok := from.(*memSession)
	return ok && seat < len(s.seats) && s.shows[seat] && s.decodes[sender.codecs[src]]
}

func (s *memSession) SeatCodecs(seat int) (names []string) {
	s.media.mu.Lock()
	defer s.media.mu.Unlock()
	for _, codec := range []string{"VP8", "H264"} {
		if s.decodes[codec] && s.shows[seat] {
			names = append(names, codec)
		}
	}
	return names
}

func (s *memSession) SeatHears(seat int) bool {
	s.media.mu.Lock()
	defer s.media.mu.Unlock()
	return s.hears[seat]
}

// takeSeats takes over which seats can show pictures.
func (s *memSession) takeSeats(offer MediaOffer) {
	s.shows, s.hears = nil, nil
	for _, seat := range offer.Seats {
		s.shows, s.hears = append(s.shows, seat.Video != ""), append(s.hears, seat.Audio != "")
	}
}

func (s *memSession) PictureProblem(seat int, from MediaSession, src wire.Source) wire.Problem {
	s.media.mu.Lock()
	defer s.media.mu.Unlock()
	sender, ok := from.(*memSession)
	if !ok || seat >= len(s.seats) {
		s.media.wrongLocked("problem of seat %d of %d", seat, len(s.seats))
		return ""
	}
	return s.problemLocked(seat, sender, src)
}

func (s *memSession) problemLocked(seat int, from *memSession, src wire.Source) wire.Problem {
	p := from.problems[src]
	if from.muted[src] || p == wire.ProblemNoKeyframe && s.running[seat] {
		return ""
	}
	return p
}

// suffer makes p the problem of what the session sends, and says so.
func (s *memSession) suffer(src wire.Source, p wire.Problem) {
	s.media.mu.Lock()
	s.problems[src] = p
	s.media.mu.Unlock()
	s.events.MediaProblem(string(src))
}

func (s *memSession) SetMuted(src wire.Source, muted bool) {
	s.media.mu.Lock()
	defer s.media.mu.Unlock()
	s.muted[src] = muted
}

func (s *memSession) Place(seat int, p Placement) {
	s.media.mu.Lock()
	defer s.media.mu.Unlock()
	from, _ := p.From.(*memSession)
	switch {
	case s.closed:
		s.media.wrongLocked("place in a closed session")
	case seat < 0 || seat >= len(s.seats):
		s.media.wrongLocked("place in seat %d of %d", seat, len(s.seats))
	case from == nil || from.closed:
		s.media.wrongLocked("place from a closed session")
	case p.Video && !s.shows[seat]:
		s.media.wrongLocked("a picture in seat %d, which is for sound", seat)
	case !p.Source.Video():
		s.media.wrongLocked("place of source %s", p.Source)
	default:
		s.seats[seat] = p
		s.places++
	}
}

func (s *memSession) Vacate(seat int) {
	s.media.mu.Lock()
	defer s.media.mu.Unlock()
	if seat < 0 || seat >= len(s.seats) {
		s.media.wrongLocked("vacate seat %d of %d", seat, len(s.seats))
		return
	}
	s.seats[seat] = Placement{}
}

func (s *memSession) LastSent() time.Time {
	s.media.mu.Lock()
	defer s.media.mu.Unlock()
	return s.sent
}

// sendNow makes now the last time anything was sent.
func (s *memSession) sendNow() {
	s.media.mu.Lock()
	defer s.media.mu.Unlock()
	s.sent = time.Now()
}

func (s *memSession) LastSeen() time.Time {
	s.media.mu.Lock()
	defer s.media.mu.Unlock()
	if s.silent || s.media.dead {
		return s.seen
	}
	return time.Now()
}

// fallSilent makes now the last time anything was heard.
func (s *memSession) fallSilent() {
	s.media.mu.Lock()
	defer s.media.mu.Unlock()
	s.silent, s.seen = true, time.Now()
}

func (s *memSession) Quality() MediaQuality {
	s.media.mu.Lock()
	defer s.media.mu.Unlock()
	return s.quality
}

func (s *memSession) setQuality(q MediaQuality) {
	s.media.mu.Lock()
	defer s.media.mu.Unlock()
	s.quality = q
}

func (s *memSession) Close() {
	s.media.mu.Lock()
	defer s.media.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	for id, other := range s.media.sessions {
		for i, p := range other.seats {
			if p.From == MediaSession(s) && !other.closed && other != s {
				s.media.wrongLocked("session %s closed while in seat %d of %s", s.id, i, id)
			}
		}
	}
}

func (s *memSession) sitting(seat int) Placement {
	s.media.mu.Lock()
	defer s.media.mu.Unlock()
	return s.seats[seat]
}
