package main

import (
	"crypto/rand"
	"encoding/binary"
	"slices"
	"time"

	"github.com/pion/stun/v4"
)

// credentials are those of one ICE generation, of both sides.
type credentials struct {
	clientUfrag, clientPwd string
	serverUfrag            string
}

// check is a binding request of the server's side to the stack, and what became of it.
// The server's own and those that the relay makes in its place look the same.
type check struct {
	id       [stun.TransactionIDSize]byte
	raw      []byte // as sent, to be sent again
	injected bool   // made by the relay
	sendings int    // those that were dropped included
	first    time.Time
	sent     time.Time // the last that was not dropped
	answered time.Time
	code     int  // of an error, 0: success
	sound    bool // a success with the right integrity and a mapped address
}

// priority is that of a peer-reflexive candidate (RFC 8445 §7.1.1): type
// preference 110.
const priority = 110<<24 | 65535<<8 | 255

// newCheck makes a check of the form the server's have: short-term credentials
// the other way round, controlled, no nomination.
func newCheck(c *credentials) (*check, error) {
	var number, tie [8]byte
	binary.BigEndian.PutUint32(number[:4], priority)
	_, _ = rand.Read(tie[:]) // never fails (crypto/rand)
	tie[0] |= 1              // libdatachannel takes 0 for none, and refuses the check
	m, err := stun.Build(stun.TransactionID, stun.BindingRequest,
		stun.NewUsername(c.clientUfrag+":"+c.serverUfrag),
		stun.RawAttribute{Type: stun.AttrPriority, Value: number[:4]},
		stun.RawAttribute{Type: stun.AttrICEControlled, Value: tie[:]},
		stun.NewShortTermIntegrity(c.clientPwd), stun.Fingerprint)
	if err != nil {
		return nil, err
	}
	return &check{id: m.TransactionID, raw: slices.Clone(m.Raw), injected: true}, nil
}

// answer records a response to the check.
func (c *check) answer(m *stun.Message, cred *credentials, now time.Time) {
	if !c.answered.IsZero() {
		return
	}
	c.answered = now
	if m.Type != stun.BindingSuccess {
		var code stun.ErrorCodeAttribute
		c.code = -1
		if code.GetFrom(m) == nil {
			c.code = int(code.Code)
		}
		return
	}
	var mapped stun.XORMappedAddress
	c.sound = stun.NewShortTermIntegrity(cred.clientPwd).Check(m) == nil && mapped.GetFrom(m) == nil
}

// proves reports whether the check was answered as a proof must be.
func (c *check) proves() bool { return !c.answered.IsZero() && c.code == 0 && c.sound }

// parseSTUN reads a STUN message; nil if pkt is none. It keeps nothing of pkt.
func parseSTUN(pkt []byte) *stun.Message {
	if !stun.IsMessage(pkt) {
		return nil
	}
	m := &stun.Message{Raw: slices.Clone(pkt)}
	if m.Decode() != nil {
		return nil
	}
	return m
}
