package rtc

import (
	"crypto/rand"
	"encoding/binary"

	"github.com/pion/stun/v4"

	"parley/media"
	"parley/media/dtlsgate"
	"parley/media/udp"
)

// intendLoop notes what a fresh binding request of f's peer asks for; the
// answer to the check that goes back brings it about.
func (w *worker) intendLoop(f *flow, c *credentials, m *stun.Message) {
	ch := &f.check
	if ch.creds != c { // none under way, or one of an earlier generation
		w.uncheckLoop(f)
		ch.creds = c
		_, _ = rand.Read(ch.id[:]) // never fails (crypto/rand)
		w.loop.checks[ch.id] = f
	}
	// A nomination stands until it is answered: peers may make it only once.
	ch.nominate = ch.nominate || m.Contains(stun.AttrUseCandidate)
	ch.priority = pairPriority(m, w.local)
	if !f.hasProof() {
		w.loop.prospects.Put(&f.addr, f)
	}
}

// hasProof may be asked by f's worker, for only it gives one.
func (f *flow) hasProof() bool { return f.seen.Load() != 0 }

// uncheckLoop forgets the check under way, if any.
func (w *worker) uncheckLoop(f *flow) {
	if f.check.creds != nil {
		delete(w.loop.checks, f.check.id)
		f.check = check{}
	}
}

// checkLoop sends the check that is under way to f, for the first time or
// again. It does nothing if there is none.
func (w *worker) checkLoop(f *flow) {
	c := f.check.creds
	if c == nil {
		return
	}
	m := &w.loop.stun.response
	m.Reset()
	m.TransactionID = f.check.id
	m.Type = stun.BindingRequest
	m.WriteHeader()
	err := stun.NewUsername(c.remoteUfrag + ":" + c.ufrag).AddTo(m)
	if err == nil {
		m.Add(stun.AttrPriority, binary.BigEndian.AppendUint32(nil, uint32(media.CandidatePriority(w.local))))
		m.Add(stun.AttrICEControlled, w.server.tieBreaker[:])
		err = stun.NewShortTermIntegrity(c.remotePwd).AddTo(m)
	}
	w.sendSTUN(m, err, &f.addr)
}

// sendSTUN adds the fingerprint and queues m, unless building it failed. to is
// kept until the flush.
func (w *worker) sendSTUN(m *stun.Message, err error, to *udp.Addr) {
	if err == nil {
		err = stun.Fingerprint.AddTo(m)
	}
	if err != nil || len(m.Raw) > udp.MaxSend {
		w.count.drop(dropSTUN)
		return
	}
	b := w.batch(w.local)
	b.Push(copy(b.Room(), m.Raw), to)
}

// retryLoop sends f its cookie, for a ClientHello in the record of that number.
func (w *worker) retryLoop(f *flow, record uint64) {
	if w.loop.now < f.retryAt || record >= dtlsgate.MaxRetries {
		return
	}
	f.retryAt = w.loop.now.Add(retryEvery)
	b := w.batch(w.local)
	b.Push(copy(b.Room(), dtlsgate.Retry(f.cookie[:], record)), &f.addr)
}

// answeredLoop takes a success response. It counts only if it answers a check
// that is under way, comes from where that went, and has the peer's integrity.
func (w *worker) answeredLoop(m *stun.Message, from *udp.Addr) {
	f := w.loop.checks[m.TransactionID]
	if f == nil || !f.addr.Equal(from) || !checkIntegrity(m, f.check.creds.remotePwd) {
		w.count.drop(dropAnswer)
		return
	}
	w.loop.current = f.session
	if w.taken(from, f.session) {
		w.count.drop(dropTaken)
		return
	}
	done := f.check
	w.uncheckLoop(f)
	w.provenLoop(f, &done)
}

// provenLoop makes f, which has just answered ch, a flow that is heard, and
// follows its nomination.
func (w *worker) provenLoop(f *flow, ch *check) {
	s, l := f.session, &w.loop
	restarted := s.ice.restarting()
	p := s.ice.prove(f, ch, l.now)
	if !p.ok {
		w.count.drop(dropFlows)
		return
	}
	w.dismiss(p.evicted)
	w.server.ufrags.remove(p.expired)
	s.touch(l.now)
	if known, ok := l.flows.Get(&f.addr); !ok || known != f {
		l.flows.Put(&f.addr, f)
	}
	w.unprospectLoop(f)
	restarted = restarted && p.expired != nil // often over the same addresses
	if p.changed || restarted {
		s.owner.CompareAndSwap(nil, w)
		s.selectedChanged(restarted)
	}
	s.handshake.proven(f, l.now)
}

// unprospectLoop takes f out of the prospects.
func (w *worker) unprospectLoop(f *flow) {
	if known, ok := w.loop.prospects.Get(&f.addr); ok && known == f {
		w.loop.prospects.Delete(&f.addr)
	}
}

// dismiss has a flow that its session gave up, if any, forgotten by its worker.
func (w *worker) dismiss(f *flow) {
	switch {
	case f == nil:
	case f.worker == w:
		w.forgetLoop(f)
	default:
		f.worker.post(command{kind: cmdForget, flow: f})
	}
}

// forgetLoop takes a flow that its session gave up out of all tables.
func (w *worker) forgetLoop(f *flow) {
	if known, ok := w.loop.flows.Get(&f.addr); ok && known == f {
		w.loop.flows.Delete(&f.addr)
	}
	w.unprospectLoop(f)
	w.uncheckLoop(f)
}

// sweepLoop forgets all flows of ended sessions, and those that their session
// gave up while the queue of commands was full.
func (w *worker) sweepLoop() {
	ended := func(f *flow) bool { return !f.session.running() || !f.session.ice.has(f) }
	w.loop.flows.DeleteFunc(ended)
	w.loop.prospects.DeleteFunc(ended)
	for id, f := range w.loop.checks {
		if ended(f) {
			delete(w.loop.checks, id)
		}
	}
}
