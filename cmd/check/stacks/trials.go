package main

import (
	"context"
	"errors"
	"time"
)

const (
	// mediaWithin is how long media may take to flow both ways.
	mediaWithin = 15 * time.Second
	// reboundWithin is longer than stacks take from one consent check to the
	// next, by which alone they notice.
	reboundWithin = 20 * time.Second
	// settled is how long a session runs before its addresses change: in
	// their first seconds stacks check more often than later.
	settled = 5 * time.Second
	// lostChecks are the first of an address that are lost in the trial of it.
	lostChecks = 3
	// slowTrip is the round trip of the path on which both parts of the DTLS
	// handshake are compared: long beside what the programs need.
	slowTrip = 100 * time.Millisecond
)

// lab is where all stacks are tried.
type lab struct{ v4, v6 *rig }

// try puts a stack through all trials.
func (l *lab) try(ctx context.Context, st *stack) *result {
	r := &result{Stack: st.name}
	s, t := meet(ctx, l.v4, st, conditions{})
	r.Version, r.Plain = s.version, t
	if t.Up && t.Down {
		r.Restart = s.restarted(ctx)
	}
	s.close()
	if s.program == nil || ctx.Err() != nil {
		return r
	}
	once := func(g *rig, c conditions) trial {
		s, t := meet(ctx, g, st, c)
		s.close()
		return t
	}
	r.Lost = once(l.v4, conditions{dropFirst: lostChecks})
	r.IPv6 = once(l.v6, conditions{})
	r.Rebound, r.Mended = l.rebind(ctx, st)
	r.Client = once(l.v4, conditions{delay: slowTrip / 2})
	r.Server = once(l.v4, conditions{delay: slowTrip / 2, active: true})
	return r
}

// rebind tells what a stack does whose addresses change underway, and whether
// an ICE restart brings back what did not come by itself.
func (l *lab) rebind(ctx context.Context, st *stack) (rebound, mended *change) {
	s, t := meet(ctx, l.v4, st, conditions{})
	defer s.close()
	if !t.Up || !t.Down {
		return nil, nil
	}
	time.Sleep(settled)
	if rebound = s.rebound(ctx); !rebound.Up || !rebound.Down {
		mended = s.restarted(ctx)
	}
	return rebound, mended
}

// meet opens a session and waits for its media, or for the handshake of one
// that has none to come.
func meet(ctx context.Context, g *rig, st *stack, c conditions) (*session, trial) {
	var t trial
	s, err := open(ctx, g, st, c)
	if err != nil {
		t.Problem = err.Error()
		return s, t
	}
	t.Joined = true
	if c.active {
		err = s.shaken(ctx)
	} else {
		var f flow
		f, err = s.media(ctx, mediaWithin)
		t.Up, t.Down = f.up, f.down
		if f.up && f.down {
			t.MediaMS = ms(time.Since(s.given))
		}
	}
	if err != nil {
		t.Problem = err.Error()
	}
	s.proven(ctx, 0)
	t.Check = s.watch.facts(0)
	s.watch.describe(&t)
	return s, t
}

// shaken waits for the end of our handshake, and for the sound that the stack
// sends then.
func (s *session) shaken(ctx context.Context) (err error) {
	over := false
	until(ctx, mediaWithin, func() bool {
		over, err = s.dtls.result()
		return over
	})
	if !over {
		return errors.New("the handshake does not end")
	}
	if err == nil {
		until(ctx, 2*time.Second, s.watch.heard)
	}
	return err
}

// proven waits for an answer to one of the checks from the n-th on. A server
// that holds media back until then has it already.
func (s *session) proven(ctx context.Context, n int) {
	until(ctx, mediaWithin, func() bool {
		a := s.watch.facts(n)
		return a != nil && a.Answered
	})
}

// heard reports whether SRTP came from the stack.
func (w *watch) heard() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.up.IsZero()
}

// restarted restarts ICE and tells what came of it.
func (s *session) restarted(ctx context.Context) *change {
	before, began := s.watch.made(), time.Now()
	if err := s.restart(); err != nil {
		return &change{Problem: err.Error()}
	}
	s.proven(ctx, before)
	return s.after(ctx, before, began, mediaWithin)
}

// rebound gives the stack other addresses at the server and tells how long
// its media stayed away.
func (s *session) rebound(ctx context.Context) *change {
	before, began := s.watch.made(), time.Now()
	if err := s.relay.rebind(); err != nil {
		return &change{Problem: err.Error()}
	}
	time.Sleep(100 * time.Millisecond) // what was on its way
	return s.after(ctx, before, began, reboundWithin)
}

// after waits for media in a session that something was done to at began.
func (s *session) after(ctx context.Context, before int, began time.Time, within time.Duration) *change {
	f, err := s.media(ctx, within)
	c := &change{Up: f.up, Down: f.down, Check: s.watch.facts(before)}
	if f.up && f.down {
		c.MediaS = time.Since(began).Seconds()
	}
	if err != nil {
		c.Problem = err.Error()
	}
	return c
}
