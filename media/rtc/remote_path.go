package rtc

import (
	"parley/media"
	"parley/media/rtc/path"
)

// pathOwner is a remote as its path sees it.
type pathOwner remote

// remoteOf returns the remote that a path leads to.
func remoteOf(p *path.Peer) *remote { return (*remote)(p.Owner().(*pathOwner)) }

// Running implements path.Owner.
func (o *pathOwner) Running() bool { return (*remote)(o).running() }

// Heard implements path.Owner.
func (o *pathOwner) Heard(now media.Instant) { (*remote)(o).touch(now) }

// Failed implements path.Owner.
func (o *pathOwner) Failed(err error) { o.session.fail(err) }

// Go implements path.Owner.
func (o *pathOwner) Go(f func()) { o.session.start(f) }

// Keyed implements path.Owner.
func (o *pathOwner) Keyed(k *path.Keys) {
	again := o.keys.Swap(k) != nil
	o.session.keyed(again)
}

// Selected implements path.Owner. Who sends nothing is owned by the worker that it
// is sent something from.
func (o *pathOwner) Selected(by path.Worker, restarted bool) {
	o.owner.CompareAndSwap(nil, (*worker)(by.(*pathWorker)))
	o.session.selected(restarted)
}
