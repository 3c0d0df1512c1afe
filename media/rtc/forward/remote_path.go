package forward

import (
	"parley/media"
	"parley/media/rtc/path"
)

// pathOwner is a remote as its path sees it.
type pathOwner Remote

// remoteOf returns the remote that a path leads to.
func remoteOf(p *path.Peer) *Remote { return (*Remote)(p.Owner().(*pathOwner)) }

// Running implements path.Owner.
func (o *pathOwner) Running() bool { return (*Remote)(o).running() }

// Heard implements path.Owner.
func (o *pathOwner) Heard(now media.Instant) { (*Remote)(o).touch(now) }

// Failed implements path.Owner.
func (o *pathOwner) Failed(err error) { o.session.Failed(err) }

// Go implements path.Owner.
func (o *pathOwner) Go(f func()) { o.session.Go(f) }

// Keyed implements path.Owner.
func (o *pathOwner) Keyed(k *path.Keys) {
	again := o.keys.Swap(k) != nil
	o.session.Keyed(again)
}

// Selected implements path.Owner. Who sends nothing is owned by the worker that it
// is sent something from.
func (o *pathOwner) Selected(by path.Worker, restarted bool) {
	o.owner.CompareAndSwap(nil, (*worker)(by.(*pathWorker)))
	o.session.Selected(restarted)
}
