package forward

import (
	"parley/media"
	"parley/media/rtc/path"
)

// Control is a [Remote] as the session sees it that it belongs to.
type Control Remote

func (c *Control) remote() *Remote { return (*Remote)(c) }

// Init makes it a remote of g that nothing is known of yet. feedback is the SSRC that
// our own RTCP to its sources goes by; to hears what is found out of it.
func (c *Control) Init(g *Group, of Owner, to Listener, feedback media.SSRC) {
	r := c.remote()
	r.group, r.session, r.feedbackSSRC = g, of, feedback
	r.number = lastExit.Add(1)
	r.up, r.to = r, to
	r.path.Init(g.paths, (*pathOwner)(r))
	r.touch(g.clock.now())
}

// Path is the way to the peer.
func (c *Control) Path() *path.Peer { return &c.path }

// Connected reports whether there is a way to the peer, and keys.
func (c *Control) Connected() bool { return c.keys.Load() != nil && c.path.Selected() != nil }

// Running reports whether what comes is handled: until End or Release.
func (c *Control) Running() bool { return c.remote().running() }

// Silent reports whether nothing authentic came since some time.
func (c *Control) Silent(since media.Instant) bool { return c.lastSeen() < since }

// LookAfter judges the pictures of a peer that is connected, and has the listener
// look again at what its viewers can be told. It is to be called once a second.
func (c *Control) LookAfter(now media.Instant) { c.lookAfter(now) }

// GoBy puts in force what was agreed upon: what the remote may send, and what it is
// sent. The plan is used up.
func (c *Control) GoBy(p *Plan) {
	r := c.remote()
	r.mu.Lock()
	defer r.mu.Unlock()
	p.in.settle()
	if old := r.incoming.Swap(p.in); old != nil {
		old.closeReplaced(p.in)
	}
	p.out.settle()
	if old := r.outgoing.Swap(p.out); old != nil {
		r.group.reseatLocked(old.replaced(p.out))
	}
}

// Greet asks for key frames for all seats of who has just been connected, or has
// another address: what was forwarded to it before went nowhere.
func (c *Control) Greet() {
	out := c.outgoing.Load()
	if out == nil {
		return
	}
	for _, seat := range out.seats {
		if seat.video == nil {
			continue
		}
		if t := seat.video.holder.Load(); t != nil {
			t.from.post(command{kind: cmdKeyframe, stream: seat.video})
		}
	}
}

// End stops the handling of what comes, and nothing more.
func (c *Control) End() { c.over.Store(true) }

// Release unlinks the remote from everything. Workers may go on using what they
// hold until the end of their batch; nothing is reused after.
func (c *Control) Release() {
	c.End()
	c.path.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	if out := c.outgoing.Load(); out != nil {
		for _, seat := range out.seats {
			seat.unlink()
		}
	}
	if in := c.incoming.Load(); in != nil {
		for _, t := range in.tracks {
			t.close()
		}
	}
}
