package rtc

import (
	"sync/atomic"

	"parley/media"
)

// Events is told what happens to a session. Calls come from the server's own
// goroutines, one at a time and in order, and must not block.
type Events interface {
	// MediaConnected: ICE and DTLS are done; also after an ICE restart.
	MediaConnected()
	// MediaFailed: the session is over; only Close is left to call.
	MediaFailed(err error)
	// MediaSpeaking: the microphone's smoothed level crossed the speaking
	// threshold, or a speaker's level moved by more than 6 dB. level is dB
	// below overload, 0 (loudest) … 127.
	MediaSpeaking(speaking bool, level int)
	// MediaLayer: a seat of this session now carries another layer. reason
	// is one of the Layer… constants.
	MediaLayer(seat int, layer string, width, height int, reason string)
	// MediaLimited: a source of this session sends more than limit bits per
	// second, and less of it reaches its viewers. It is told again every few
	// seconds while that lasts.
	MediaLimited(source string, limit uint64)
	// MediaMuted: a picture of this session has been sent for a minute though
	// it is muted, and reaches nobody. It is told again every five minutes.
	MediaMuted(source string)
	// MediaProblem: what PictureProblem or CanDecode say of a source of this
	// session to those who have it in a seat may have changed.
	MediaProblem(source string)
}

// event is one call of Events to be made.
type event struct {
	to     Events
	kind   eventKind
	err    error
	flag   bool
	layer  string
	reason string
	source string
	a, b   int
	seat   int
	rate   media.BitsPerSecond
}

type eventKind uint8

const (
	eventConnected eventKind = iota
	eventFailed
	eventSpeaking
	eventLayer
	eventLimited
	eventMuted
	eventProblem
)

// dispatcher makes the calls on a goroutine of its own, so that no worker
// ever runs foreign code. Its queue is bounded: what is offered is dropped and
// counted when it is full, what is sent waits for room, which only control
// goroutines may do.
type dispatcher struct {
	queue   chan event
	dropped atomic.Uint64
	stop    <-chan struct{}
}

func newDispatcher(stop <-chan struct{}) *dispatcher {
	return &dispatcher{queue: make(chan event, maxEvents), stop: stop}
}

// offer queues e and reports whether there was room. Workers use it.
func (d *dispatcher) offer(e event) bool {
	select {
	case d.queue <- e:
		return true
	default:
		d.dropped.Add(1)
		return false
	}
}

// send queues e and waits for room, unless the server stops.
func (d *dispatcher) send(e event) {
	select {
	case d.queue <- e:
	case <-d.stop:
	}
}

// run hands events to deliver, which makes the calls, until the server stops.
func (d *dispatcher) run(deliver func(event)) {
	for {
		select {
		case e := <-d.queue:
			deliver(e)
		case <-d.stop:
			return
		}
	}
}

func (e *event) deliver() {
	switch e.kind {
	case eventConnected:
		e.to.MediaConnected()
	case eventFailed:
		e.to.MediaFailed(e.err)
	case eventSpeaking:
		e.to.MediaSpeaking(e.flag, e.a)
	case eventLayer:
		e.to.MediaLayer(e.seat, e.layer, e.a, e.b, e.reason)
	case eventLimited:
		e.to.MediaLimited(e.source, uint64(e.rate))
	case eventMuted:
		e.to.MediaMuted(e.source)
	case eventProblem:
		e.to.MediaProblem(e.source)
	}
}

// teller queues what a session's or feed's Events are to be told.
type teller struct {
	queue *dispatcher
	to    Events
}

func (s *Server) teller(to Events) teller { return teller{s.events, to} }

func (t *teller) connected()       { t.queue.send(event{to: t.to, kind: eventConnected}) }
func (t *teller) Failed(err error) { t.queue.send(event{to: t.to, kind: eventFailed, err: err}) }

func (t *teller) Speaking(active bool, level int) {
	t.queue.offer(event{to: t.to, kind: eventSpeaking, flag: active, a: level})
}

func (t *teller) Layer(seat int, rid string, width, height int, reason string) {
	t.queue.offer(event{to: t.to, kind: eventLayer, seat: seat, layer: rid, a: width, b: height, reason: reason})
}

func (t *teller) Limited(source string, limit media.BitsPerSecond) {
	t.queue.offer(event{to: t.to, kind: eventLimited, source: source, rate: limit})
}

func (t *teller) Muted(source string) {
	t.queue.offer(event{to: t.to, kind: eventMuted, source: source})
}

func (t *teller) Problem(source string) bool {
	return t.queue.offer(event{to: t.to, kind: eventProblem, source: source})
}
