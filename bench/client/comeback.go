package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"parley/bench/netloop"
	"parley/engine/wire"
)

// Return is how a client came back after its WebSocket was cut.
type Return struct {
	// Took is the time from the cut to the answer to resume.
	Took time.Duration
	// Attempts is how many WebSockets it tried to open.
	Attempts int
	// Err is why it is not back, nil if it is. Media went on all the time.
	Err error
}

// errSessionGone says that a session was not kept until its client was back.
var errSessionGone = errors.New("the session is gone")

// CutAll cuts the WebSockets of all clients at one moment, as a network does
// that fails for everybody, and lets each come back as the page does. It returns
// when all are back or have given up, or ctx ends.
func (s *Swarm) CutAll(ctx context.Context) []Return {
	var cut []*Client
	s.each(func(sh *Shard) {
		for c := range sh.clients {
			if c.signal != nil {
				c.signal.Close()
				c.signal = nil
				cut = append(cut, c)
			}
		}
	})
	returns := make([]Return, len(cut))
	began := time.Now()
	var group sync.WaitGroup
	for i, c := range cut {
		_, rng := s.next()
		group.Go(func() { returns[i] = c.comeBack(ctx, began, rng) })
	}
	group.Wait()
	return returns
}

// pageWaits are how long the page waits before its attempts
// (transport/httpd/web/lib/backoff.js); from the third on it adds up to pageJitter.
var pageWaits = []time.Duration{0, 300 * time.Millisecond, 1200 * time.Millisecond, 2700 * time.Millisecond, 4800 * time.Millisecond, 7 * time.Second}

const pageJitter = time.Second

// comeBack tries until it is back, for as long as the server keeps a session.
func (c *Client) comeBack(ctx context.Context, began time.Time, rng *rand.Rand) (r Return) {
	for ctx.Err() == nil {
		wait := pageWaits[min(r.Attempts, len(pageWaits)-1)]
		if r.Attempts >= 2 {
			wait += time.Duration(rng.Int64N(int64(pageJitter)))
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			continue
		}
		r.Attempts++
		if r.Err = c.resume(ctx); r.Err == nil || errors.Is(r.Err, errSessionGone) {
			r.Took = time.Since(began)
			return r
		}
	}
	if r.Err == nil {
		r.Err = ctx.Err()
	}
	return r
}

// resume opens a WebSocket and takes the session up again.
func (c *Client) resume(ctx context.Context) error {
	cfg := c.shard.cfg
	ctx, cancel := context.WithTimeout(ctx, cfg.Timeout)
	defer cancel()
	signal, err := dialSignal(ctx, cfg.URL, cfg.Path, subprotocol)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { signal.conn.Close() })
	defer stop()
	err = signal.send(&wire.Resume{Head: wire.Head{Type: wire.TypeResume, ID: 1}, Token: c.token, Seq: c.seq})
	if err == nil {
		err = signal.awaitResumed(cfg.URL)
	}
	if err == nil {
		back := &comeback{c, signal, make(chan error, 1)}
		if !c.shard.Loop.Post(back) {
			err = errEnded
		} else {
			err = <-back.adopted
		}
	}
	if err == nil {
		return nil
	}
	signal.conn.Close()
	var refused *RefusedError
	if errors.As(err, &refused) && refused.Code == wire.CodeResumeGone {
		return errSessionGone
	}
	return err
}

// awaitResumed reads the answer to resume, which has to be the right one.
func (s *signalConn) awaitResumed(url string) error {
	reply, err := s.await(1, func([]byte) {})
	if err != nil {
		return err
	}
	if _, ok := reply.(*wire.Resumed); !ok {
		return &NotParleyError{URL: url, Detail: "resume was not answered with resumed"}
	}
	return nil
}

// comeback moves a new WebSocket into its client's loop: netloop.Command.
type comeback struct {
	client  *Client
	signal  *signalConn
	adopted chan error
}

func (b *comeback) Do(l *netloop.Loop) {
	c := b.client
	if _, here := c.shard.clients[c]; !here {
		b.adopted <- errEnded
		return
	}
	conn, early := b.signal.release()
	var err error
	c.signal, err = l.AdoptText(conn, early, c)
	b.adopted <- err
}
