package forward

import (
	"math/rand/v2"

	"parley/media"
	"parley/media/rtc/path"
)

// sender is the sending state of a stream. It belongs to the owner of the
// publisher whose track holds the stream.
type sender struct {
	rewriter media.Rewriter
	// source is the id of the track that the state was last used for, 0 for
	// none. It differs from the holder until the holder's owner first sees the
	// stream.
	source uint64
	params *media.CodecParams // what format was chosen for
	shape  *shape             // where it was chosen from
	format *format            // nil: the receiver can not decode params
	gap    uint32             // the track's gap that was stepped over last
	idle   bool               // nothing was sent while the section was idle
	// target and current are layers of track; noLayer for none.
	target, current int8
	repairs         media.ExtSeq // next number on the repair SSRC
	budget          media.RepairBudget
	reportAt        media.Instant // when the next sender report is due, 0: at once
	asked           media.Instant // when the receiver last asked for a key frame, 0: never
	waits           media.Instant // since when it waits for one that was asked for, on whichever layer; 0: it does not
	reason          string        // why target was chosen, see Layer…
	packets         uint32        // sent, for reports; wraps (RFC 3550 §6.4.1)
	octets          uint32
	// keys are what was last sealed with. Under new ones the receiver counts
	// roll-overs from 0 again: base is what the numbers are above that, noNumber
	// until the first is sent.
	keys   *path.Keys
	sealer *media.Sealer
	base   media.ExtSeq
}

// noNumber is above all numbers.
const noNumber = ^media.ExtSeq(0)

const noLayer = -1

func newSender(st *stream) *sender {
	seq, ts := media.Seq(rand.Uint32()), media.Ticks(rand.Uint32())
	return &sender{
		rewriter: media.NewRewriter(st.kind, seq, ts),
		repairs:  media.ExtSeq(rand.Uint32() & 0x7fff),
	}
}

// adopt starts sending t: its sound at once, its picture from a key frame of
// the chosen layer on.
func (tx *sender) adopt(t *track) {
	tx.rewriter.Restart()
	tx.source, tx.gap = t.id, t.own.gap
	tx.params, tx.format = nil, nil
	tx.target, tx.current = noLayer, noLayer
	tx.reportAt, tx.asked, tx.waits = 0, 0, 0
}

// rekey begins to seal with other keys. SRTP indexes may repeat under those.
func (tx *sender) rekey(k *path.Keys) {
	tx.keys, tx.base, tx.sealer = k, noNumber, k.Sealer.ForStream()
	tx.repairs &= 0xffff
}

// index returns the SRTP index of an outgoing number. ok is false if the number
// belongs to a roll-over before the keys.
func (tx *sender) index(ext media.ExtSeq) (index media.ExtSeq, ok bool) {
	if tx.base == noNumber {
		tx.base = ext &^ 0xffff
	}
	return ext - tx.base, ext >= tx.base
}

// aim makes layer the one to be reached.
func (tx *sender) aim(layer int8) {
	if tx.target == layer {
		return
	}
	tx.target = layer
	tx.rewriter.SetTarget(tx.source, uint8(layer))
}
