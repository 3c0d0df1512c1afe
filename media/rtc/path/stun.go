package path

import (
	"bytes"
	"encoding/binary"
	"net"

	"github.com/pion/stun/v4"

	"parley/media"
	"parley/media/udp"
)

// STUN takes a STUN message: a binding request of a peer, or its answer to
// one of ours. It came by a link, nil for the socket.
func (l *Loop) STUN(pkt []byte, from *udp.Addr, via *Link) {
	m := &l.request
	m.Raw = pkt // has 64 spare bytes behind it, see checkIntegrity
	if !stun.IsMessage(pkt) || m.Decode() != nil {
		l.drop(DropSTUN)
		return
	}
	switch m.Type {
	case stun.BindingRequest:
		l.requested(m, from, via)
	case stun.BindingSuccess:
		l.answered(m, from)
	case stun.BindingError:
		l.drop(DropAnswer) // who will not prove an address does not
	default:
		l.drop(DropSTUN)
	}
}

// requested answers a binding request, after a check of our own. Every
// request that is not provably made by a session's peer is dropped without a
// word: an answer would tell a stranger that the session exists, and tearing
// anything down would let him end it (hardening A2).
func (l *Loop) requested(m *stun.Message, from *udp.Addr, via *Link) {
	c := l.credentialsFor(m)
	if c == nil {
		l.drop(DropUnknownUfrag)
		return
	}
	l.worker.Handling(c.peer)
	if !checkIntegrity(m, c.Pwd) {
		l.drop(DropIntegrity)
		return
	}
	if unknown := unknownAttributes(m); unknown != nil {
		l.respond(m, c, from, via, stun.CodeUnknownAttribute, unknown)
		return
	}
	if m.Contains(stun.AttrICEControlled) {
		// Two lite sides, or a role conflict: as a lite agent we are always
		// controlled (RFC 8445 §7.3.1.1).
		l.respond(m, c, from, via, stun.CodeRoleConflict, nil)
		return
	}
	if l.taken(from, c.peer) {
		l.drop(DropTaken)
		return
	}
	f, fresh, evicted, why := c.peer.ice.ask(c, l, from, via, m.TransactionID[:], l.now)
	l.dismiss(evicted)
	if f == nil {
		l.drop(why)
		return
	}
	if fresh {
		l.intend(f, c, m)
	}
	l.sendCheck(f)
	l.respond(m, c, from, via, 0, nil)
	if f.retryAt == 0 && c.peer.handshake.waits() {
		l.retry(f, 0) // behind the response: the peer may begin its handshake by that
	}
}

// taken reports whether an address belongs to another session: it proved
// itself for that one, and still lives.
func (l *Loop) taken(from *udp.Addr, by *Peer) bool {
	f, ok := l.flows.Get(from)
	return ok && f.peer != by && f.peer.owner.Running() && f.consents(l.now)
}

// credentialsFor finds the session by USERNAME, "ours:theirs" (RFC 8445
// §7.2.2); both halves must match.
func (l *Loop) credentialsFor(m *stun.Message) *Credentials {
	name, err := m.Get(stun.AttrUsername)
	if err != nil {
		return nil
	}
	ours, theirs, ok := bytes.Cut(name, []byte{':'})
	if !ok {
		return nil
	}
	c := l.host.ufrags.find(ours)
	if c == nil || string(theirs) != c.RemoteUfrag {
		return nil
	}
	return c
}

// checkIntegrity verifies MESSAGE-INTEGRITY. pion/stun computes the HMAC into
// the capacity behind m.Raw and rewrites the length field meanwhile: the slot
// has room for that, and its next datagram is not touched (udp.RecvBatch).
func checkIntegrity(m *stun.Message, pwd string) bool {
	return cap(m.Raw)-len(m.Raw) >= 20 && stun.MessageIntegrity(pwd).Check(m) == nil
}

// maxUnknown is how many unknown attributes an answer names.
const maxUnknown = 16

// unknownAttributes returns the attributes that the sender wants understood or
// the request refused (RFC 8489 §6.3.1), and that we do not know; nil for none.
func unknownAttributes(m *stun.Message) (unknown stun.UnknownAttributes) {
	for i := range m.Attributes {
		t := m.Attributes[i].Type
		if !t.Required() || len(unknown) == maxUnknown {
			continue
		}
		switch t {
		case stun.AttrUsername, stun.AttrMessageIntegrity, stun.AttrPriority, stun.AttrUseCandidate,
			stun.AttrRealm, stun.AttrNonce, stun.AttrMessageIntegritySHA256, stun.AttrPasswordAlgorithm, stun.AttrUserhash,
			stun.AttrMappedAddress, stun.AttrXORMappedAddress, stun.AttrErrorCode, stun.AttrUnknownAttributes:
		default:
			unknown = append(unknown, t)
		}
	}
	return unknown
}

// respond sends a success response, or an error response for a code, with the
// attributes that it is about, if any. It goes straight to where the request
// came from, by what it came by.
func (l *Loop) respond(req *stun.Message, c *Credentials, to *udp.Addr, via *Link, code stun.ErrorCode, unknown stun.UnknownAttributes) {
	m := &l.response
	m.Reset()
	m.TransactionID = req.TransactionID
	m.Type = stun.BindingSuccess
	if code != 0 {
		m.Type = stun.BindingError
	}
	m.WriteHeader()
	var err error
	if code != 0 {
		err = code.AddTo(m)
		if err == nil && unknown != nil {
			err = unknown.AddTo(m)
		}
	} else {
		a := to.AddrPort()
		x := stun.XORMappedAddress{IP: net.IP(a.Addr().AsSlice()), Port: int(a.Port())}
		err = x.AddTo(m)
	}
	if err == nil {
		err = stun.MessageIntegrity(c.Pwd).AddTo(m)
	}
	l.sendSTUN(m, err, to, via) // to lies in the receive arena, which keeps until after the flush
}

// pairPriority combines the peer's PRIORITY with that of our candidate
// (RFC 8445 §6.1.2.3); the peer is controlling.
func pairPriority(m *stun.Message, local int) uint64 {
	var g uint64
	if v, err := m.Get(stun.AttrPriority); err == nil && len(v) == 4 {
		g = uint64(binary.BigEndian.Uint32(v))
	}
	d := uint64(media.CandidatePriority(local))
	p := min(g, d)<<32 + 2*max(g, d)
	if g > d {
		p++
	}
	return p
}
