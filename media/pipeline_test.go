package media

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"
)

// pipeline is the whole way of a packet from one publisher to one subscriber,
// as media/rtc puts it together.
type pipeline struct {
	opener   *Opener
	nack     NackTracker
	stats    ReceiveStats
	cache    Cache
	twcc     TWCCRecorder
	rewriter Rewriter
	template *HeaderTemplate
	repair   *HeaderTemplate
	sealer   *Sealer
	sc       Scratch
	rtxNext  ExtSeq
	unwrap   Unwrapper
	h        Header
	facts    Facts
	in       Input
	out      Output
	patch    Patch
	slot     [1500]byte
}

func newPipeline(t testing.TB, from, to MasterKey) *pipeline {
	t.Helper()
	p := &pipeline{cache: NewCache(DefaultVideoCache, DefaultCacheKeep), rewriter: NewRewriter(KindVideo, 32760, 5)}
	var err error
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	p.opener, err = NewOpener(from, 0)
	must(err)
	p.sealer, err = NewSealer(to)
	must(err)
	p.template, err = NewHeaderTemplate(HeaderSpec{SSRC: 100, AbsSendTimeID: 2, TransportSeqID: 3})
	must(err)
	p.repair, err = NewHeaderTemplate(HeaderSpec{SSRC: 101})
	must(err)
	p.rewriter.SetTarget(1, 0)
	return p
}

// forward takes a sealed packet and returns what goes to the subscriber, nil
// if it is dropped.
func (p *pipeline) forward(pkt []byte, now Instant) []byte {
	if ParseHeader(pkt, &p.h) != nil {
		return nil
	}
	plain, _, err := p.opener.OpenRTP(pkt, &p.h, 1)
	if err != nil {
		return nil
	}
	ext := p.unwrap.Unwrap(p.h.Seq)
	p.twcc.Record(uint16(ext), p.h.SSRC, now)
	if p.nack.Push(ext, now).Drop() {
		return nil
	}
	p.stats.Update(ext, p.h.TS, len(pkt), now, 90000)
	payload, err := Payload(plain, &p.h)
	if err != nil || ParseFacts(CodecVP8, payload, &p.facts) != nil {
		return nil
	}
	p.cache.Put(ext, plain, now)
	p.in = Input{Source: 1, Ext: ext, TS: p.h.TS, Marker: p.h.Marker, Facts: &p.facts, Now: now}
	if p.rewriter.Rewrite(&p.in, &p.out) != Forward {
		return nil
	}
	p.patch = Patch{PT: 120, Seq: p.out.Ext.Seq(), TS: p.out.TS, Marker: p.out.Marker, SendTime: now.AbsSendTime(), TransportSeq: 7}
	p.facts.Counters.Patch(payload, p.out.PictureID, p.out.TL0)
	n := p.template.Write(p.slot[:], &p.patch)
	n, err = p.sealer.SealRTP(&p.sc, p.slot[:], n, payload, p.out.Ext)
	if err != nil {
		return nil
	}
	return p.slot[:n]
}

// resend answers a NACK for seq, nil if it can not.
func (p *pipeline) resend(seq Seq) []byte {
	o, ok := p.rewriter.Lookup(seq)
	if !ok {
		return nil
	}
	pkt, ok := p.cache.Get(o.Ext)
	if !ok || ParseHeader(pkt, &p.h) != nil {
		return nil
	}
	payload, err := Payload(pkt, &p.h)
	if err != nil || ParseFacts(CodecVP8, payload, &p.facts) != nil {
		return nil
	}
	p.in = Input{Ext: o.Ext, TS: p.h.TS, Marker: p.h.Marker, Facts: &p.facts}
	o.Recreate(&p.in, &p.out)
	p.rtxNext++
	p.patch = Patch{PT: 121, Seq: p.rtxNext.Seq(), TS: p.out.TS, Marker: p.out.Marker}
	p.facts.Counters.Patch(payload, p.out.PictureID, p.out.TL0)
	n := p.repair.Write(p.slot[:], &p.patch)
	n, err = p.sealer.SealRTX(&p.sc, p.slot[:], n, p.out.Ext.Seq(), payload, p.rtxNext)
	p.facts.Counters.Patch(payload, p.facts.Counters.PictureID, p.facts.Counters.TL0)
	if err != nil {
		return nil
	}
	return p.slot[:n]
}

// videoPacket writes a one-packet VP8 frame.
func videoPacket(buf []byte, seq Seq, ts Ticks, pid uint16, key bool) []byte {
	b := append(buf[:0], 0x80, 0x80|96, byte(seq>>8), byte(seq))
	b = binary.BigEndian.AppendUint32(b, uint32(ts))
	b = binary.BigEndian.AppendUint32(b, 9)
	frame := byte(1)
	if key {
		frame = 0
	}
	b = append(b, 0x90, 0xc0, 0x80|byte(pid>>8), byte(pid), byte(seq), frame)
	return append(b, bytes.Repeat([]byte{byte(seq)}, 1000)...)
}

// A publisher and a subscriber made of pion's SRTP, with our whole path in
// between: the subscriber gets every payload, numbered without a break, and
// its repairs are byte for byte what was lost.
func TestPipelineBetweenPions(t *testing.T) {
	from, to := testKey(ProfileAES128GCM), testKey(ProfileAES256GCM)
	publisher, subscriber := pionContext(t, from), pionContext(t, to)
	p := newPipeline(t, from, to)
	now := InstantOf(time.Unix(1_800_000_000, 0))
	var buf [1500]byte
	for i := range 3000 {
		now = now.Add(2 * time.Millisecond)
		seq := Seq(64000 + i)
		plain := videoPacket(buf[:], seq, Ticks(i*180), uint16(32000+i)&0x7fff, i == 0)
		sealed, err := publisher.EncryptRTP(nil, plain, nil)
		if err != nil {
			t.Fatal(err)
		}
		out := p.forward(sealed, now)
		if out == nil {
			t.Fatalf("packet %d dropped", i)
		}
		got, err := subscriber.DecryptRTP(nil, out, nil)
		if err != nil {
			t.Fatalf("packet %d: %v", i, err)
		}
		var h Header
		if err := ParseHeader(got, &h); err != nil {
			t.Fatal(err)
		}
		if h.Seq != Seq(32760+i) || h.TS != Ticks(5+i*180) || h.SSRC != 100 || h.PT != 120 || !h.Marker {
			t.Fatalf("packet %d has header %+v", i, h)
		}
		if want := plain[fixedHeaderLen:]; !bytes.Equal(got[h.HeaderLen:], want) {
			t.Fatalf("packet %d: payload differs", i)
		}
		if i%10 != 0 {
			continue
		}
		lost := h.Seq - Seq(min(i, 40))
		rtx, err := subscriber.DecryptRTP(nil, p.resend(lost), nil)
		if err != nil {
			t.Fatalf("repair of %d: %v", lost, err)
		}
		want := videoPacket(buf[:], seq-Seq(min(i, 40)), 0, uint16(32000+i-min(i, 40))&0x7fff, i <= 40)[fixedHeaderLen:]
		if binary.BigEndian.Uint16(rtx[fixedHeaderLen:]) != uint16(lost) || !bytes.Equal(rtx[fixedHeaderLen+2:], want) {
			t.Fatalf("repair of %d differs", lost)
		}
	}
}

func TestPipelineNoAlloc(t *testing.T) {
	key := testKey(ProfileAES128GCM)
	publisher, _ := NewSealer(key)
	p := newPipeline(t, key, key)
	var sc Scratch
	var plain, sealed [1500]byte
	now, index := InstantOf(time.Unix(1_800_000_000, 0)), ExtSeq(100)
	step := func() {
		index++
		now = now.Add(5 * time.Millisecond)
		pkt := videoPacketInto(plain[:], index)
		copy(sealed[:], pkt[:fixedHeaderLen])
		n, err := publisher.SealRTP(&sc, sealed[:], fixedHeaderLen, pkt[fixedHeaderLen:], index)
		if err != nil {
			t.Fatal(err)
		}
		if p.forward(sealed[:n], now) == nil {
			t.Fatal("dropped")
		}
		if p.resend(p.out.Ext.Seq()-3) == nil && index > 110 {
			t.Fatal("not repaired")
		}
	}
	for range 1000 { // the cache grows to its size
		step()
	}
	if n := testing.AllocsPerRun(2000, step); n != 0 {
		t.Errorf("%v allocations from receive to send and repair", n)
	}
}

// videoPacketInto is videoPacket without allocations; every frame is a key
// frame.
func videoPacketInto(buf []byte, index ExtSeq) []byte {
	copy(buf, []byte{0x80, 0x80 | 96, byte(index >> 8), byte(index), 0, 0, 0, 0, 0, 0, 0, 9, 0x90, 0x80, 0x80, byte(index), 0})
	binary.BigEndian.PutUint32(buf[4:], uint32(index)*450)
	return buf[:1100]
}

// BenchmarkForward is the whole way of one packet to one subscriber, the
// publisher's sealing included. The floor is the cipher alone: two Seals and
// one Open of the same bytes.
func BenchmarkForward(b *testing.B) {
	key := testKey(ProfileAES128GCM)
	plain, sealed := make([]byte, 1500), make([]byte, 1500)
	b.Run("floor", func(b *testing.B) {
		aead, nonce, slot := benchAEAD(b), make([]byte, 12), make([]byte, 1500)
		for b.Loop() {
			out := aead.Seal(sealed[12:12], nonce, plain[12:1100], sealed[:12])
			if _, err := aead.Open(out[:0], nonce, out, sealed[:12]); err != nil {
				b.Fatal(err)
			}
			aead.Seal(slot[24:24], nonce, out[:1088], slot[:24])
		}
	})
	b.Run("forward", func(b *testing.B) {
		publisher, _ := NewSealer(key)
		p := newPipeline(b, key, key)
		sc, index := new(Scratch), ExtSeq(1)
		now := InstantOf(time.Unix(1_800_000_000, 0))
		for b.Loop() {
			index++
			now = now.Add(5 * time.Millisecond)
			pkt := videoPacketInto(plain, index)
			copy(sealed, pkt[:fixedHeaderLen])
			n, err := publisher.SealRTP(sc, sealed, fixedHeaderLen, pkt[fixedHeaderLen:], index)
			if err != nil {
				b.Fatal(err)
			}
			if p.forward(sealed[:n], now) == nil {
				b.Fatal("dropped")
			}
		}
	})
}
