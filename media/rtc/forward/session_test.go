package forward

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/media"
	"parley/media/rtc/rtctest"
)

// session is whose a remote is, in these tests: it goes by what the test says, and
// knows of no offer.
type session struct {
	Remote
	told     *recorder
	selected int // how often it was told of another address
	over     sync.Once
}

// newSession makes one of which nothing is agreed upon.
func newSession(g *Group) *session {
	s := &session{told: newRecorder()}
	s.control().Init(g, s, s.told, draw())
	return s
}

func (s *session) control() *Control { return (*Control)(&s.Remote) }

func (s *session) Keyed(bool)    {}
func (s *session) Selected(bool) { s.selected++ }
func (s *session) Go(f func())   { f() }
func (s *session) Failed(err error) {
	s.over.Do(func() {
		s.control().End()
		s.told.Failed(err)
	})
}

var lastSSRC atomic.Uint32

// draw gives an SSRC that nobody has seen.
func draw() media.SSRC { return media.SSRC(1_000_000_000 + lastSSRC.Add(1)) }

// agree has the session go by what a client and we agreed upon.
func (s *session) agree(l lines, seats int) error {
	plan := s.control().Plan(seats, l.keep, draw)
	for _, line := range l {
		switch {
		case line.stopped:
		case line.source != "":
			plan.Source(&SourceSpec{
				Source: line.source, MID: line.mid, Codecs: line.params(), RIDs: line.rids, Exts: line.exts(), Streams: line.announced(),
			})
		default:
			if _, err := plan.Half(HalfSpec{
				Seat: line.seat, Kind: line.kind(), MID: line.mid, Codecs: line.params(), Exts: line.exts(), Active: true,
			}); err != nil {
				return err
			}
		}
	}
	s.control().GoBy(plan)
	return nil
}

// line is what was agreed upon of a section: a source, or half of a seat.
type line struct {
	mid         string
	video       bool
	source      string // what it sends; empty: half of a seat
	seat        int
	stopped     bool
	codecs      []rtctest.Codec // of pictures, in the client's order
	h264        string          // profile-level-id, empty for Constrained Baseline
	rids        []string
	ssrc, rtx   uint32 // announced, 0: not
	descriptors bool   // of dependencies go with it
}

func (l *line) kind() media.Kind {
	if l.video {
		return media.KindVideo
	}
	return media.KindAudio
}

func (l *line) params() (list []media.CodecParams) {
	if !l.video {
		return []media.CodecParams{{Codec: media.CodecOpus, PT: rtctest.PTOpus, Feedback: media.FeedbackTransportCC}}
	}
	for _, c := range l.codecs {
		p := media.CodecParams{
			Codec: media.CodecByName(c.Name), PT: uint8(c.PT), RTX: uint8(c.RTX),
			Feedback: media.FeedbackNACK | media.FeedbackPLI | media.FeedbackFIR | media.FeedbackTransportCC,
		}
		switch p.Codec {
		case media.CodecH264:
			if p.Profile = l.h264; p.Profile == "" {
				p.Profile = "42e01f"
			}
		case media.CodecVP9, media.CodecAV1:
			p.Profile = "0"
		}
		list = append(list, p)
	}
	return list
}

func (l *line) exts() media.ExtIDs {
	ids := media.ExtIDs{MID: rtctest.ExtMID, AbsSendTime: rtctest.ExtAbsSendTime, TransportCC: rtctest.ExtTransportCC}
	if !l.video {
		ids.AudioLevel = rtctest.ExtAudioLevel
	} else if l.source != "" {
		ids.RID, ids.RepairedRID = rtctest.ExtRID, rtctest.ExtRepairedRID
	}
	if l.descriptors {
		ids.Dependency = rtctest.ExtDependency
	}
	return ids
}

func (l *line) announced() []media.StreamSSRC {
	if l.ssrc == 0 {
		return nil
	}
	return []media.StreamSSRC{{Media: media.SSRC(l.ssrc), RTX: media.SSRC(l.rtx)}}
}

// lines are the sections of a client, in order.
type lines []*line

// linesOf are a microphone, a camera, and so many seats.
func linesOf(seats int) lines {
	l := lines{
		{mid: "mic", source: media.Microphone, ssrc: rtctest.SSRCMic},
		{mid: "cam", source: media.Camera, video: true, codecs: rtctest.Codecs(""), ssrc: rtctest.SSRCCam, rtx: rtctest.SSRCCamRTX},
	}
	for i := range seats {
		l = append(l,
			&line{mid: fmt.Sprintf("a%d", i), seat: i},
			&line{mid: fmt.Sprintf("v%d", i), seat: i, video: true, codecs: rtctest.Codecs("")})
	}
	return l
}

// find returns the section with a mid, nil for none.
func (l lines) find(mid string) *line {
	for _, s := range l {
		if s.mid == mid {
			return s
		}
	}
	return nil
}

// keep says of a half of a seat whether its section is still what it was for.
func (l lines) keep(mid string, seat int, kind media.Kind) bool {
	s := l.find(mid)
	return s != nil && (s.stopped || s.source == "" && s.seat == seat && s.kind() == kind)
}

// put gives a new section the place of the first that is stopped.
func (l lines) put(s *line) lines {
	for i, old := range l {
		if old.stopped {
			l[i] = s
			return l
		}
	}
	return append(l, s)
}

// recorder is a Listener that remembers.
type recorder struct {
	mu       sync.Mutex // guards all
	full     bool       // there is no room for problems
	speaking []bool
	limits   []string
	wasted   []string
	problems []string
	layers   []string
	failures []error
	changed  *sync.Cond
}

func newRecorder() *recorder {
	r := &recorder{}
	r.changed = sync.NewCond(&r.mu)
	return r
}

func (r *recorder) note(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
	r.changed.Broadcast()
}

func (r *recorder) Speaking(active bool, _ int) {
	r.note(func() { r.speaking = append(r.speaking, active) })
}
func (r *recorder) Limited(source string, limit media.BitsPerSecond) {
	r.note(func() { r.limits = append(r.limits, fmt.Sprint(source, " ", uint64(limit))) })
}
func (r *recorder) Muted(source string) { r.note(func() { r.wasted = append(r.wasted, source) }) }
func (r *recorder) Problem(source string) (ok bool) {
	r.note(func() {
		if ok = !r.full; ok {
			r.problems = append(r.problems, source)
		}
	})
	return ok
}
func (r *recorder) Layer(seat int, rid string, w, h int, reason string) {
	r.note(func() { r.layers = append(r.layers, fmt.Sprintf("%d %s %dx%d %s", seat, rid, w, h, reason)) })
}
func (r *recorder) Failed(err error) { r.note(func() { r.failures = append(r.failures, err) }) }

// limited returns the limits that were told since the last time.
func (r *recorder) limited() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.limits
	r.limits = nil
	return list
}

// failedWith reports whether what it hears of has failed once, with an error.
func (r *recorder) failedWith(err error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.failures) == 1 && errors.Is(r.failures[0], err)
}

func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(rtctest.Patience); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited too long for %s", what)
		}
	}
}
