package path

import (
	"crypto/rand"
	"encoding/binary"

	"github.com/pion/stun/v4"

	"parley/media"
	"parley/media/dtlsgate"
	"parley/media/udp"
)

// intend notes what a fresh binding request of f's peer asks for; the
// answer to the check that goes back brings it about.
func (l *Loop) intend(f *Flow, c *Credentials, m *stun.Message) {
	ch := &f.check
	if ch.creds != c { // none under way, or one of an earlier generation
		l.uncheck(f)
		ch.creds = c
		_, _ = rand.Read(ch.id[:]) // never fails (crypto/rand)
		l.checks[ch.id] = f
	}
	// A nomination stands until it is answered: peers may make it only once.
	ch.nominate = ch.nominate || m.Contains(stun.AttrUseCandidate)
	ch.priority = pairPriority(m, l.local)
	if !f.hasProof() {
		l.prospects.Put(&f.Addr, f)
	}
}

// hasProof may be asked by f's worker, for only it gives one.
func (f *Flow) hasProof() bool { return f.seen.Load() != 0 }

// uncheck forgets the check under way, if any.
func (l *Loop) uncheck(f *Flow) {
	if f.check.creds != nil {
		delete(l.checks, f.check.id)
		f.check = check{}
	}
}

// sendCheck sends the check that is under way to f, for the first time or
// again. It does nothing if there is none.
func (l *Loop) sendCheck(f *Flow) {
	c := f.check.creds
	if c == nil {
		return
	}
	m := &l.response
	m.Reset()
	m.TransactionID = f.check.id
	m.Type = stun.BindingRequest
	m.WriteHeader()
	err := stun.NewUsername(c.RemoteUfrag + ":" + c.Ufrag).AddTo(m)
	if err == nil {
		m.Add(stun.AttrPriority, binary.BigEndian.AppendUint32(nil, uint32(media.CandidatePriority(l.local))))
		m.Add(stun.AttrICEControlled, l.host.tieBreaker[:])
		err = stun.NewShortTermIntegrity(c.RemotePwd).AddTo(m)
	}
	l.sendSTUN(m, err, &f.Addr, f.Link)
}

// sendSTUN adds the fingerprint and queues m, unless building it failed. to is
// kept until the flush.
func (l *Loop) sendSTUN(m *stun.Message, err error, to *udp.Addr, via *Link) {
	if err == nil {
		err = stun.Fingerprint.AddTo(m)
	}
	if err != nil || len(m.Raw) > udp.MaxSend {
		l.drop(DropSTUN)
		return
	}
	b := l.worker.Batch(via)
	b.Push(copy(b.Room(), m.Raw), to)
}

// retry sends f its cookie, for a ClientHello in the record of that number.
func (l *Loop) retry(f *Flow, record uint64) {
	if l.now < f.retryAt || record >= dtlsgate.MaxRetries {
		return
	}
	f.retryAt = l.now.Add(retryEvery)
	b := l.worker.Batch(f.Link)
	b.Push(copy(b.Room(), dtlsgate.Retry(f.cookie[:], record)), &f.Addr)
}

// answered takes a success response. It counts only if it answers a check
// that is under way, comes from where that went, and has the peer's integrity.
func (l *Loop) answered(m *stun.Message, from *udp.Addr) {
	f := l.checks[m.TransactionID]
	if f == nil || !f.Addr.Equal(from) || !checkIntegrity(m, f.check.creds.RemotePwd) {
		l.drop(DropAnswer)
		return
	}
	l.worker.Handling(f.peer)
	if l.taken(from, f.peer) {
		l.drop(DropTaken)
		return
	}
	done := f.check
	l.uncheck(f)
	l.proven(f, &done)
}

// proven makes f, which has just answered ch, a flow that is heard, and
// follows its nomination.
func (l *Loop) proven(f *Flow, ch *check) {
	peer := f.peer
	restarted := peer.ice.restarting()
	p := peer.ice.prove(f, ch, l.now)
	if !p.ok {
		l.drop(DropFlows)
		return
	}
	l.dismiss(p.evicted)
	l.host.ufrags.remove(p.expired)
	peer.owner.Heard(l.now)
	if known, ok := l.flows.Get(&f.Addr); !ok || known != f {
		l.flows.Put(&f.Addr, f)
	}
	l.unprospect(f)
	restarted = restarted && p.expired != nil // often over the same addresses
	if p.changed || restarted {
		peer.owner.Selected(l.worker, restarted)
	}
	peer.handshake.proven(f, l.now)
}

// unprospect takes f out of the prospects.
func (l *Loop) unprospect(f *Flow) {
	if known, ok := l.prospects.Get(&f.Addr); ok && known == f {
		l.prospects.Delete(&f.Addr)
	}
}

// dismiss has a flow that its session gave up, if any, forgotten by its worker.
func (l *Loop) dismiss(f *Flow) {
	switch {
	case f == nil:
	case f.loop == l:
		l.Forget(f)
	default:
		f.loop.worker.Forget(f)
	}
}

// Forget takes a flow that its session gave up out of all tables.
func (l *Loop) Forget(f *Flow) {
	if known, ok := l.flows.Get(&f.Addr); ok && known == f {
		l.flows.Delete(&f.Addr)
	}
	l.unprospect(f)
	l.uncheck(f)
}

// Sweep forgets all flows of ended sessions, and those that their session
// gave up while the queue of commands was full.
func (l *Loop) Sweep() {
	ended := func(f *Flow) bool { return !f.peer.owner.Running() || !f.peer.ice.has(f) }
	l.flows.DeleteFunc(ended)
	l.prospects.DeleteFunc(ended)
	for id, f := range l.checks {
		if ended(f) {
			delete(l.checks, id)
		}
	}
}
