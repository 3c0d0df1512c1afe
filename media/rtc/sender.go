package rtc

import (
	"math/rand/v2"

	"parley/media"
)

// sender is the sending state of a stream. It belongs to the owner of the
// session whose track holds the stream.
type sender struct {
	rewriter media.Rewriter
	// track is the one that the state was last used for. It differs from the
	// holder until the holder's owner first sees the stream.
	track  *track
	params *media.CodecParams // what format was chosen for
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
}

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
	tx.track, tx.gap = t, t.own.gap
	tx.params, tx.format = nil, nil
	tx.target, tx.current = noLayer, noLayer
	tx.reportAt, tx.asked, tx.waits = 0, 0, 0
}

// aim makes layer the one to be reached.
func (tx *sender) aim(layer int8) {
	if tx.target == layer {
		return
	}
	tx.target = layer
	tx.rewriter.SetTarget(tx.track.id, uint8(layer))
}
