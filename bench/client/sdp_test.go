package client

import (
	"strings"
	"testing"

	"github.com/pion/rtcp"
	"github.com/pion/sdp/v3"

	"parley/engine/wire"
)

func TestOfferIsSDPInTheClientsLayout(t *testing.T) {
	for _, simulcast := range []bool{false, true} {
		o := buildOffer(&offerSpec{ufrag: "abcd", pwd: "p", fingerprint: "AA:BB", seats: 2, simulcast: simulcast, twcc: true, mic: 7, camera: 32})
		var parsed sdp.SessionDescription
		if err := parsed.UnmarshalString(o.sdp); err != nil {
			t.Fatal(err)
		}
		kinds := ""
		for i, m := range parsed.MediaDescriptions {
			kinds += m.MediaName.Media[:1]
			if mid, _ := m.Attribute("mid"); mid != string(rune('0'+i)) {
				t.Errorf("section %d has mid %q", i, mid)
			}
		}
		if kinds != "avvaavav" {
			t.Errorf("sections %s, want microphone, camera, screen, its sound, then seats", kinds)
		}
		if o.sources[wire.Camera].MID != "1" || o.seats[1].Video != "7" {
			t.Errorf("%v %v", o.sources, o.seats)
		}
		if strings.Contains(o.sdp, "a=simulcast:send q;h;f") != simulcast {
			t.Errorf("simulcast %v:\n%s", simulcast, o.sdp)
		}
	}
}

const goodAnswer = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n" +
	"a=ice-ufrag:u\r\na=ice-pwd:p\r\na=fingerprint:SHA-256 " +
	"00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f\r\n" +
	"a=candidate:1 1 UDP 1 127.0.0.1 4000 typ host\r\na=candidate:1 1 tcp 1 127.0.0.1 4000 typ host\r\n" +
	"a=candidate:2 1 udp 1 ::1 4000 typ host\r\n" +
	"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=rtpmap:111 opus/48000/2\r\na=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n" +
	"m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:5\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\n" +
	"a=extmap:4/sendonly urn:ietf:params:rtp-hdrext:sdes:mid\r\na=ssrc-group:FID 10 11\r\na=ssrc:10 cname:x\r\n"

func TestParseAnswer(t *testing.T) {
	a, err := parseAnswer(goodAnswer)
	if err != nil {
		t.Fatal(err)
	}
	if a.ufrag != "u" || len(a.candidates) != 2 || a.candidates[1].String() != "[::1]:4000" || a.fingerprint[1] != 1 {
		t.Errorf("%+v", a)
	}
	if s := a.sections["5"]; *s != (section{ssrc: 10, rtx: 11, pt: 96, rtxPT: 97, mid: 4}) {
		t.Errorf("video section %+v", *s)
	}
	if s := a.sections["0"]; s.level != 1 || s.pt != 111 {
		t.Errorf("audio section %+v", *s)
	}
	for name, broken := range map[string]string{
		"no candidate":    strings.ReplaceAll(goodAnswer, "a=candidate", "a=x"),
		"no fingerprint":  strings.ReplaceAll(goodAnswer, "a=fingerprint", "a=x"),
		"bad fingerprint": strings.ReplaceAll(goodAnswer, "00:01", "zz:01"),
		"no password":     strings.ReplaceAll(goodAnswer, "a=ice-pwd", "a=x"),
	} {
		if _, err := parseAnswer(broken); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzParseAnswer(f *testing.F) {
	f.Add(goodAnswer)
	f.Add("m=\r\na=mid:\r\na=ssrc-group:FID 1\r\na=extmap:99 x")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := parseAnswer(text)
		if err == nil && (len(a.candidates) == 0 || len(a.fingerprint) != 32) {
			t.Errorf("accepted %q", text)
		}
	})
}

func FuzzWalkRTCP(f *testing.F) {
	f.Add(appendNACK(nil, 5, []uint16{1, 2}))
	f.Add([]byte{0x80, 200, 0, 9})
	f.Fuzz(func(t *testing.T, data []byte) {
		total := 0
		walkRTCP(data, func(_, _ byte, body []byte) { total += 4 + len(body) })
		if total > len(data) {
			t.Errorf("%d bytes out of %d", total, len(data))
		}
	})
}

func FuzzHeader(f *testing.F) {
	f.Add([]byte{0x90, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0xbe, 0xde, 0, 1, 0x31, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, pkt []byte) {
		if n := headerLen(pkt); n > len(pkt) {
			t.Errorf("header of %d in %d bytes", n, len(pkt))
		}
		if len(pkt) >= 12 {
			findExt(pkt, 3)
		}
	})
}

func TestFeedbackIsWhatPionReads(t *testing.T) {
	r := &twccRecorder{id: extTWCC}
	ms := int64(1_000_000)
	for _, a := range []arrival{{65534, 100 * ms}, {65535, 101 * ms}, {1, 103 * ms}, {0, 300 * ms}, {12, 400 * ms}} {
		pkt := []byte{0x90, 96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xbe, 0xde, 0, 1, extTWCC<<4 | 1, byte(a.seq >> 8), byte(a.seq), 0}
		r.record(pkt, a.at)
	}
	var fb rtcp.TransportLayerCC
	if err := fb.Unmarshal(r.feedback()); err != nil {
		t.Fatal(err)
	}
	if fb.BaseSequenceNumber != 65534 || fb.PacketStatusCount != 15 || len(fb.RecvDeltas) != 5 {
		t.Fatalf("%+v", fb)
	}
	at := int64(fb.ReferenceTime) * 64000
	var times []int64
	for _, d := range fb.RecvDeltas {
		at += d.Delta
		times = append(times, at/1000)
	}
	if want := []int64{100, 101, 300, 103, 400}; len(times) != 5 || times[0] != want[0] || times[1] != want[1] || times[2] != want[2] || times[3] != want[3] || times[4] != want[4] {
		t.Errorf("arrivals at %v ms, want %v", times, want)
	}
}
