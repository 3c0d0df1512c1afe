package forward

import (
	"slices"
	"testing"
	"time"

	"parley/media"
)

// TestTrouble goes through what a publisher can do, one letter for each second:
//
//	p  packets come         .  none, but the peer is heard
//	x  nothing is heard     k  packets come, and a key frame was asked for long
//	m  packets of a muted picture, M: none
//
// and compares what is found: - nothing, q no media, k no key frame, w the
// publisher is told of what is wasted.
func TestTrouble(t *testing.T) {
	for _, tc := range []struct {
		name, does, found string
		screen            bool
	}{
		{name: "all is well", does: "pppppppp", found: "--------"},
		{name: "camera on, nothing comes", does: "........", found: "----qqqq"},
		{name: "it comes again", does: "......pppp", found: "----qqq---"},
		{name: "a single packet is not the end of it", does: "......p....p....", found: "----qqqqqqqqqqqq"},
		{name: "it breaks off and comes again", does: "ppp....ppp.....pp", found: "--------------qq-"},
		{name: "an outage of the network", does: "pppxxxxxxxxxxxxxxxxppp", found: "----------------------"},
		{name: "an outage and then nothing", does: "pppxxxxxxxxxx......", found: "-----------------qq"},
		{name: "heard only now and then", does: ".xx.xx.xx.xx.xx.xx", found: "------------qqqqqq"},
		{name: "muted meanwhile", does: ".....MMM.....", found: "----q-------q"},
		{name: "no key frame", does: "ppkkkkpp", found: "--kkkk--"},
		{name: "no key frame, then nothing", does: "kkk.....", found: "kkk----q"},
		{name: "a screen that does not change", screen: true, does: "pp..............", found: "----------------"},
		{name: "a screen of which nothing ever came", screen: true, does: ".......", found: "----qqq"},
		{name: "a screen that is shared again", screen: true, does: "ppMM......", found: "--------qq"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var q trouble
			now, heard, alive := media.Instant(1e18), media.Instant(0), media.Instant(0)
			found := ""
			for _, c := range tc.does {
				now = now.Add(time.Second)
				l := look{now: now, screen: tc.screen, muted: c == 'm' || c == 'M'}
				if c != 'x' {
					alive = now
				}
				if c == 'p' || c == 'k' || c == 'm' {
					heard = now
				}
				if c == 'k' {
					l.unanswered = now.Add(-keyframePatience)
				}
				l.heard, l.alive = heard, alive
				if q.take(&l) {
					found += "w"
				} else {
					found += map[problem]string{problemNone: "-", problemNoMedia: "q", problemNoKeyframe: "k"}[q.problem]
				}
			}
			if found != tc.found {
				t.Errorf("%s\nfound %s\nwant  %s", tc.does, found, tc.found)
			}
		})
	}
	t.Run("sent though muted", func(t *testing.T) {
		var q trouble
		var told []int
		now := media.Instant(1e18)
		for i := range 700 {
			now = now.Add(time.Second)
			l := look{now: now, alive: now, muted: true, heard: now}
			if i == 650 {
				l.heard = 0 // for a moment
			}
			if q.take(&l) {
				told = append(told, i+1)
			}
		}
		if !slices.Equal(told, []int{mutedLooks, mutedLooks + mutedAgain}) {
			t.Errorf("told after %v seconds", told)
		}
	})
}

// second lets a second pass in which the publisher's peer is heard, sends the
// given frames and looks.
func (r *rig) second(frames, keys int) {
	r.group.clock.base = r.group.clock.base.Add(time.Second)
	now := r.group.clock.now()
	r.from.touch(now)
	for _, s := range r.to {
		s.touch(now)
		s.SetMuted(media.Camera, true)
	}
	for i := range frames {
		r.frame(2, 400, i < keys)
		r.turn(2)
	}
	r.tick()
	r.look()
}

// told returns what the publisher was told since the last time.
func (r *rig) told() (problems, wasted []string) {
	rec := r.from.told
	rec.mu.Lock()
	defer rec.mu.Unlock()
	problems, wasted = rec.problems, rec.wasted
	rec.problems, rec.wasted = nil, nil
	return problems, wasted
}

// wantProblems compares what the viewers would be told.
func (r *rig) wantProblems(when string, want ...string) {
	r.t.Helper()
	for i, w := range want {
		if got := r.to[i].PictureProblem(0, r.from, media.Camera); got != w {
			r.t.Errorf("%s: viewer %d is told %q, want %q", when, i, got, w)
		}
	}
}

// TestNoKeyframe: who has no picture for want of a key frame is told after some
// seconds, who comes later at once; who has one is told nothing. It ends with
// the key frame.
func TestNoKeyframe(t *testing.T) {
	r := newRig(t, 1, options{})
	r.second(3, 1)
	r.wantProblems("at the start", "")
	r.watch(r.sinks[0].LocalAddr(), linesOf(1))
	for range 3 {
		r.second(3, 0)
	}
	r.wantProblems("soon", "", "")
	for range 4 {
		r.second(3, 0)
	}
	r.wantProblems("after a while", "", NoKeyframe)
	if problems, _ := r.told(); !slices.Equal(problems, []string{media.Camera}) {
		t.Errorf("the engine was told %v", problems)
	}
	r.watch(r.sinks[0].LocalAddr(), linesOf(1))
	r.wantProblems("who comes late", "", NoKeyframe, NoKeyframe)
	if n := r.figures().Problems; n[NoKeyframe] != 1 || n[NoMedia] != 0 {
		t.Errorf("figures %v", n)
	}
	for range 5 {
		r.second(3, 0)
	}
	if problems, _ := r.told(); len(problems) != 0 {
		t.Errorf("told again: %v", problems)
	}
	r.to[0].outgoing.Load().seats[0].video.tx.rewriter.Restart()
	r.second(3, 0)
	r.wantProblems("whose picture broke off", NoKeyframe, NoKeyframe, NoKeyframe)
	if problems, _ := r.told(); !slices.Equal(problems, []string{media.Camera}) {
		t.Errorf("when a picture broke off the engine was told %v", problems)
	}
	r.second(3, 1)
	r.wantProblems("after the key frame", "", "", "")
	if problems, _ := r.told(); !slices.Equal(problems, []string{media.Camera}) {
		t.Errorf("at its end the engine was told %v", problems)
	}
	r.second(3, 0)
	if problems, _ := r.told(); len(problems) != 0 {
		t.Errorf("told again: %v", problems)
	}
}

// TestKeyframeAskedFor: who asks for a key frame again and again can not decode
// what comes; who asked once and is content is left alone.
func TestKeyframeAskedFor(t *testing.T) {
	r := newRig(t, 2, options{})
	r.second(3, 1)
	ask := func(i int) {
		r.w.commandLoop(command{kind: cmdKeyframe, stream: r.to[i].outgoing.Load().seats[0].video})
	}
	ask(1)
	for i := range 8 {
		if i%2 == 0 {
			ask(0)
		}
		if r.second(3, 0); i == 3 {
			r.wantProblems("soon", "", "")
		}
	}
	r.wantProblems("after some seconds", NoKeyframe, "")
	if problems, _ := r.told(); !slices.Equal(problems, []string{media.Camera}) {
		t.Errorf("the engine was told %v", problems)
	}
	r.second(3, 1)
	r.wantProblems("after the key frame", "", "")
	ask(0)
	for range keyframeLull/time.Second + 2 {
		r.second(3, 0)
	}
	r.wantProblems("after it was content", "", "")
}

// TestNoKeyframeAfterAnOutage: a publisher that was away for longer than the
// patience is given the same time again.
func TestNoKeyframeAfterAnOutage(t *testing.T) {
	for _, sound := range []bool{true, false} { // whether its microphone is heard
		r := newRig(t, 1, options{})
		for range 3 {
			r.second(3, 0)
		}
		for range 6 {
			r.second(0, 0)
			if sound {
				r.from.rx.packetAt = r.w.loop.now
			}
		}
		for range 3 {
			r.second(3, 0)
			if got := r.to[0].PictureProblem(0, r.from, media.Camera); got == NoKeyframe {
				t.Fatalf("blamed as soon as it was back, sound %v", sound)
			}
		}
	}
}

// TestNoMedia: a camera that is on and sends nothing is told to all who have it
// in a seat, also to who comes late, until it comes.
func TestNoMedia(t *testing.T) {
	r := newRig(t, 2, options{})
	r.second(3, 1)
	for range quietLooks - 1 {
		r.second(0, 0)
	}
	r.wantProblems("soon", "", "")
	r.second(0, 0)
	r.wantProblems("after some seconds", NoMedia, NoMedia)
	r.watch(r.sinks[0].LocalAddr(), linesOf(1))
	r.wantProblems("who comes late", NoMedia, NoMedia, NoMedia)
	r.from.SetMuted(media.Camera, true)
	r.wantProblems("muted", "", "", "")
	r.second(0, 0)
	r.from.SetMuted(media.Camera, false)
	for range quietLooks {
		r.second(0, 0)
	}
	r.wantProblems("on again", NoMedia, NoMedia, NoMedia)
	for range steadyLooks {
		r.second(3, 1)
	}
	r.wantProblems("it comes", "", "", "")
	if problems, _ := r.told(); len(problems) != 4 {
		t.Errorf("the engine was told %v", problems)
	}
}

// TestMutedPictureIsSent: its publisher is told, its viewers are not.
func TestMutedPictureIsSent(t *testing.T) {
	r := newRig(t, 1, options{})
	r.from.SetMuted(media.Camera, true)
	for range mutedLooks - 1 {
		r.second(1, 1)
	}
	if _, wasted := r.told(); len(wasted) != 0 {
		t.Errorf("told too soon: %v", wasted)
	}
	r.second(1, 1)
	r.wantProblems("muted", "")
	if problems, wasted := r.told(); !slices.Equal(wasted, []string{media.Camera}) || len(problems) != 0 {
		t.Errorf("told %v, problems %v", wasted, problems)
	}
}

// TestProblemsAreNotLost: when the queue to the engine is full it is told later.
func TestProblemsAreNotLost(t *testing.T) {
	r := newRig(t, 1, options{})
	r.from.told.full = true
	for range quietLooks + 1 {
		r.second(0, 0)
	}
	r.wantProblems("after some seconds", NoMedia)
	if problems, _ := r.told(); len(problems) != 0 {
		t.Errorf("told %v through a full queue", problems)
	}
	r.from.told.full = false
	r.second(0, 0)
	if problems, _ := r.told(); !slices.Equal(problems, []string{media.Camera}) {
		t.Errorf("told %v when there was room", problems)
	}
}
