package media

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// The offers of the table are made of sections as a browser writes them. A
// section sends if its name says "mic", "cam" or "scr", and receives otherwise.
const (
	opusLines = "a=rtpmap:111 opus/48000/2\r\n"
	vp8Lines  = "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack pli\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n"
	h264Lines = "a=rtpmap:102 H264/90000\r\na=fmtp:102 packetization-mode=1;profile-level-id=42e01f\r\na=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=102\r\n"
	iceLines  = "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijkl\r\n"
)

var sha256Line = "a=fingerprint:sha-256 " + strings.Repeat("AB:", 31) + "AB\r\n"

func soundSection(mid string) string {
	return "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" + commonLines(mid) + opusLines
}

func pictureSection(mid string) string {
	return "m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103\r\n" + commonLines(mid) + vp8Lines + h264Lines
}

func commonLines(mid string) string {
	direction := "recvonly"
	if slices.Contains([]string{"mic", "cam", "scr"}, mid) {
		direction = "sendonly"
	}
	return "c=IN IP4 0.0.0.0\r\na=mid:" + mid + "\r\na=" + direction + "\r\n" + iceLines + sha256Line + "a=setup:actpass\r\na=rtcp-mux\r\n" +
		"a=extmap:1 " + ExtMID.URI() + "\r\n"
}

const sessionLines = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"

// bundle makes an offer of sections that are all in one group.
func bundle(sections ...string) string {
	var mids strings.Builder
	for _, s := range sections {
		_, rest, _ := strings.Cut(s, "a=mid:")
		mid, _, _ := strings.Cut(rest, "\r\n")
		mids.WriteString(" " + mid)
	}
	return sessionLines + "a=group:BUNDLE" + mids.String() + "\r\n" + strings.Join(sections, "")
}

// plain is microphone, camera and one seat.
var plain = bundle(soundSection("mic"), pictureSection("cam"), soundSection("a0"), pictureSection("v0"))

// swap replaces every old by new, of which there must be one.
func swap(text, old, new string) string {
	if !strings.Contains(text, old) {
		panic(fmt.Sprintf("the offer has no %q", old))
	}
	return strings.ReplaceAll(text, old, new)
}

// in changes one section of plain.
func in(mid, old, new string) string {
	sections := strings.SplitAfter(strings.ReplaceAll(plain, "m=", "\x00m="), "\x00")
	for i, s := range sections {
		if strings.Contains(s, "a=mid:"+mid+"\r\n") {
			sections[i] = swap(s, old, new)
		}
	}
	return strings.ReplaceAll(strings.Join(sections, ""), "\x00", "")
}

func offerFile(name string) string {
	b, err := os.ReadFile("testdata/" + name + ".sdp")
	if err != nil {
		panic(err)
	}
	return string(b)
}

// allAccepted is what becomes of plain.
const allAccepted = "mic>opus cam>VP8,H264 a0<opus v0<VP8,H264"

// offerCase is an offer and what becomes of it. want names every section with
// what it is accepted for, ">" a source, "<" half a seat, and the codecs;
// "!code" is a problem, "-" rejects without one, "~" is inactive.
type offerCase struct {
	name, sdp string
	want      string
	refused   string // the code, if the whole offer is
	has       []string
	lacks     []string
	check     func(t *testing.T, o *Offer)
}

func TestOffers(t *testing.T) {
	cases := slices.Concat(browserOffers(), sectionOffers(), transportOffers(), textOffers())
	names := make(map[string]bool)
	for _, c := range cases {
		if names[c.name] {
			t.Errorf("two offers are called %q", c.name)
		}
		names[c.name] = true
		t.Run(c.name, func(t *testing.T) { c.run(t) })
	}
	if len(cases) < 90 {
		t.Errorf("only %d offers", len(cases))
	}
}

func (c *offerCase) run(t *testing.T) {
	o, err := ParseOffer(c.sdp)
	if c.refused != "" {
		if err == nil {
			t.Fatalf("it was taken")
		}
		wantCode(t, err, c.refused)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	spec := testSpec(nil)
	spec.Client = !o.Setup.Client
	var got []string
	for i := range o.Sections {
		s := &o.Sections[i]
		use := UseReceive
		if s.Direction == RecvOnly {
			use = UseSend
		}
		a, fault := s.Accept(use)
		spec.Sections = append(spec.Sections, a)
		got = append(got, describeSection(s, &a, fault))
	}
	if text := strings.Join(got, " "); text != c.want {
		t.Errorf("got  %s\nwant %s", text, c.want)
	}
	answer, err := o.Answer(spec)
	if err != nil {
		t.Fatal(err)
	}
	checkAnswer(t, o, answer)
	for _, line := range c.has {
		if !strings.Contains(answer, line) {
			t.Errorf("the answer lacks %q\n%s", line, answer)
		}
	}
	for _, line := range c.lacks {
		if strings.Contains(answer, line) {
			t.Errorf("the answer has %q\n%s", line, answer)
		}
	}
	if c.check != nil {
		c.check(t, o)
	}
}

func describeSection(s *Section, a *Accepted, fault *SDPError) string {
	switch {
	case fault != nil:
		return s.MID + "!" + fault.Code
	case a.Use == UseNone:
		return s.MID + "-"
	}
	var codecs []string
	for _, c := range a.Codecs {
		if name := c.Codec.String(); !slices.Contains(codecs, name) {
			codecs = append(codecs, name)
		}
	}
	sign := map[Use]string{UseReceive: ">", UseSend: "<"}[a.Use]
	if a.Direction == Inactive {
		sign = "~"
	}
	return s.MID + sign + strings.Join(codecs, ",")
}

// browserOffers are what clients send that there are.
func browserOffers() []offerCase {
	return []offerCase{
		{name: "Chromium", sdp: offerFile("offer_chromium"), want: "0>opus 1>VP8,H264,VP9,AV1 2>VP8,H264,VP9,AV1 3>opus 4<opus 5<VP8,H264,VP9,AV1 6<opus 7<VP8,H264,VP9,AV1",
			has: []string{"a=simulcast:recv q;h;f", "a=extmap-allow-mixed"}},
		{name: "Firefox, its later sections bundle-only", sdp: offerFile("offer_firefox"),
			want: "0>opus 1>VP8,VP9,AV1 2>VP8,VP9,AV1 3>opus 4<opus 5<VP8,VP9,AV1 6<opus 7<VP8,VP9,AV1", has: []string{"a=simulcast:recv q;h;f"}},
		{name: "Safari, H264 first", sdp: offerFile("offers/safari"), want: "0>opus 1>VP8,H264 2<opus 3<VP8,H264",
			has: []string{"m=video 9 UDP/TLS/RTP/SAVPF 100 101 98 99 96 97\r\n", "a=rid:q recv"}},
		{name: "Safari, where all take H264", sdp: offerFile("offers/safari"), want: "0>opus 1>VP8,H264 2<opus 3<VP8,H264",
			check: func(t *testing.T, o *Offer) {
				a, _ := o.Sections[1].Accept(UseReceive)
				o.Sections[1].Prefer(&a, Preference{Shared: []Codec{CodecVP8, CodecH264}})
				if a.Codecs[0].PT != 98 {
					t.Errorf("leads with %d", a.Codecs[0].PT)
				}
			}},
		{name: "OBS by WHIP, all at session level", sdp: offerFile("offers/obs_whip"), want: "0>opus 1>H264",
			has: []string{"m=video 9 UDP/TLS/RTP/SAVPF 96\r\n", "a=group:BUNDLE 0 1\r\n"}},
		{name: "plan B, the first track counts", sdp: offerFile("offers/plan_b"), want: "audio>opus video>VP8 data!sdp_profile",
			has: []string{"m=application 0 DTLS/SCTP 5000\r\n"},
			check: func(t *testing.T, o *Offer) {
				if got := o.Section("video").Streams; !slices.Equal(got, []StreamSSRC{{201, 202}}) {
					t.Errorf("streams %v", got)
				}
			}},
		{name: "aiortc 1.4, one id with two meanings", sdp: offerFile("offers/aiortc_1_4"), want: "0>opus 1>VP8,H264",
			has: []string{"a=extmap:1 " + ExtMID.URI(), "a=extmap:2 " + ExtAudioLevel.URI()}, lacks: []string{ExtAbsSendTime.URI()}},
		{name: "GStreamer by WHIP, with parameter sets", sdp: offerFile("offers/gstreamer_whip"), want: "video0>H264 audio1>opus",
			check: func(t *testing.T, o *Offer) {
				if sets := o.Section("video0").Codecs[0].ParamSets; len(sets) != 2 || sets[0][0] != 0x67 || sets[1][0] != 0x68 {
					t.Errorf("parameter sets %x", sets)
				}
			}},
		{name: "plain", sdp: plain, want: allAccepted, has: []string{"a=group:BUNDLE mic cam a0 v0\r\n", "a=setup:passive\r\n"}},
	}
}

// sectionOffers have one section that is different.
func sectionOffers() []offerCase {
	const noCam, noMic = "mic>opus cam!%s a0<opus v0<VP8,H264", "mic!%s cam>VP8,H264 a0<opus v0<VP8,H264"
	bad := func(format, code string) string { return fmt.Sprintf(format, code) }
	profileless, err := os.ReadFile("testdata/h264_without_profile.sdp.part")
	if err != nil {
		panic(err)
	}
	return []offerCase{
		// Codecs.
		{name: "a camera that knows another codec only", sdp: swap(in("cam", "VP8/90000", "theora/90000"), "m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103\r\nc=IN IP4 0.0.0.0\r\na=mid:cam", "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\nc=IN IP4 0.0.0.0\r\na=mid:cam"),
			want: bad(noCam, SDPNoCodec), has: []string{"m=video 0 UDP/TLS/RTP/SAVPF 96\r\n", "a=group:BUNDLE mic a0 v0\r\n"}},
		{name: "a camera with H264 mode 0 only", sdp: strings.Replace(in("cam", "packetization-mode=1", "packetization-mode=0"), "m=video 9 UDP/TLS/RTP/SAVPF 96 97", "m=video 9 UDP/TLS/RTP/SAVPF", 1), want: bad(noCam, SDPNoCodec)},
		{name: "a camera with H264 of no mode", sdp: strings.Replace(in("cam", "packetization-mode=1;", ""), "m=video 9 UDP/TLS/RTP/SAVPF 96 97", "m=video 9 UDP/TLS/RTP/SAVPF", 1), want: bad(noCam, SDPNoCodec)},
		{name: "a microphone with PCMU only", sdp: in("mic", "111", "0"), want: bad(noMic, SDPNoCodec), has: []string{"m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n", "a=group:BUNDLE cam a0 v0\r\n"}},
		{name: "opus with one channel", sdp: in("mic", "opus/48000/2", "opus/48000"), want: bad(noMic, SDPNoCodec)},
		{name: "opus at another clock", sdp: in("mic", "opus/48000/2", "opus/16000/2"), want: bad(noMic, SDPNoCodec)},
		{name: "names in capitals", sdp: in("mic", "opus/48000", "OPUS/48000"), want: allAccepted, has: []string{"a=rtpmap:111 opus/48000/2"}},
		{name: "a payload type that is not on the m= line", sdp: in("mic", "SAVPF 111", "SAVPF 112"), want: bad(noMic, SDPNoCodec)},
		{name: "129 formats", sdp: in("mic", "SAVPF 111", "SAVPF 111"+strings.Repeat(" 5", 128)), want: bad(noMic, SDPBad)},
		{name: "no format", sdp: in("mic", "SAVPF 111", "SAVPF"), want: bad(noMic, SDPNoCodec), has: []string{"m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n"}},
		{name: "H264 without a profile", sdp: bundle(soundSection("mic"), strings.Replace(string(profileless), "\n", "\r\n"+commonLines("cam"), 1)), want: "mic>opus cam>H264",
			has: []string{"a=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n"}},
		{name: "H264 with a profile that is none", sdp: in("cam", "profile-level-id=42e01f", "profile-level-id=high"), want: "mic>opus cam>VP8 a0<opus v0<VP8,H264"},
		{name: "a camera without VP8", sdp: strings.Replace(plain, "SAVPF 96 97 102 103", "SAVPF 102 103", 1), want: "mic>opus cam>H264 a0<opus v0<VP8,H264"},
		{name: "repairs of nothing", sdp: in("cam", "apt=96", "apt=50"), want: allAccepted, has: []string{"m=video 9 UDP/TLS/RTP/SAVPF 96 102 103\r\n"}},

		// Kinds and transports of sections.
		{name: "real-time text", sdp: bundle(soundSection("mic"), "m=text 9 UDP/TLS/RTP/SAVPF 98\r\n"+commonLines("t")+"a=rtpmap:98 t140/1000\r\n"), want: "mic>opus t!sdp_profile",
			has: []string{"m=text 0 UDP/TLS/RTP/SAVPF 98\r\n", "a=mid:t\r\n"}},
		{name: "a data channel", sdp: bundle(soundSection("mic"), "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"+commonLines("d")+"a=sctp-port:5000\r\n"), want: "mic>opus d!sdp_profile",
			has: []string{"m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n", "a=group:BUNDLE mic\r\n"}},
		{name: "a data channel over TCP", sdp: bundle(soundSection("mic"), "m=application 9 TCP/DTLS/SCTP webrtc-datachannel\r\n"+commonLines("d")), want: "mic>opus d!sdp_profile",
			has: []string{"m=application 0 TCP/DTLS/SCTP webrtc-datachannel\r\n"}},
		{name: "a data channel first", sdp: bundle("m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"+commonLines("d"), soundSection("mic")), want: "d!sdp_profile mic>opus"},
		{name: "nothing but a data channel", sdp: bundle("m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n" + commonLines("d")), refused: SDPProfile},
		{name: "fax", sdp: bundle(soundSection("mic"), "m=image 9 udptl t38\r\n"+commonLines("fax")), want: "mic>opus fax!sdp_profile", has: []string{"m=image 0 udptl t38\r\n"}},
		{name: "a kind of tomorrow", sdp: bundle(soundSection("mic"), "m=haptics 9 UDP/TLS/RTP/SAVPF 98\r\n"+commonLines("h")), want: "mic>opus h!sdp_profile", has: []string{"m=haptics 0 UDP/TLS/RTP/SAVPF 98\r\n"}},
		{name: "one section in the clear", sdp: in("cam", "UDP/TLS/RTP/SAVPF", "RTP/AVP"), want: bad(noCam, SDPProfile), has: []string{"m=video 0 RTP/AVP 96\r\n"}},
		{name: "one section of SDES", sdp: in("cam", "UDP/TLS/RTP/SAVPF", "RTP/SAVPF"), want: bad(noCam, SDPProfile)},
		{name: "one section over TCP", sdp: in("cam", "UDP/TLS/RTP/SAVPF", "TCP/DTLS/RTP/SAVPF"), want: bad(noCam, SDPProfile), has: []string{"m=video 0 TCP/DTLS/RTP/SAVPF 96\r\n"}},
		{name: "all in the clear", sdp: swap(plain, "UDP/TLS/RTP/SAVPF", "RTP/AVPF"), refused: SDPProfile},
		{name: "one section without rtcp-mux", sdp: in("cam", "a=rtcp-mux\r\n", ""), want: bad(noCam, SDPProfile)},
		{name: "none with rtcp-mux", sdp: swap(plain, "a=rtcp-mux\r\n", ""), refused: SDPProfile},

		// Mids and groups.
		{name: "one section outside the group", sdp: swap(plain, "BUNDLE mic cam", "BUNDLE mic"), want: bad(noCam, SDPProfile), has: []string{"a=group:BUNDLE mic a0 v0\r\n"}},
		{name: "the first section outside the group", sdp: swap(plain, "BUNDLE mic cam", "BUNDLE cam"), want: bad(noMic, SDPProfile)},
		{name: "a second group", sdp: swap(plain, "BUNDLE mic cam a0 v0", "BUNDLE mic cam\r\na=group:BUNDLE a0 v0"), want: "mic>opus cam>VP8,H264 a0!sdp_profile v0!sdp_profile"},
		{name: "groups of other semantics", sdp: swap(plain, "a=group:BUNDLE", "a=group:LS mic cam\r\na=group:FID a0 v0\r\na=group:BUNDLE"), want: allAccepted},
		{name: "a group that names what is not there", sdp: swap(plain, "BUNDLE mic", "BUNDLE x mic y mic"), want: allAccepted, has: []string{"a=group:BUNDLE mic cam a0 v0\r\n"}},
		{name: "a group in another order", sdp: swap(plain, "BUNDLE mic cam a0 v0", "BUNDLE v0 cam mic a0"), want: allAccepted, has: []string{"a=group:BUNDLE v0 cam mic a0\r\n"},
			check: func(t *testing.T, o *Offer) {
				if o.bundle[0] != 3 {
					t.Errorf("the first of the group is %d", o.bundle[0])
				}
			}},
		{name: "no group: the first section is taken", sdp: swap(plain, "a=group:BUNDLE mic cam a0 v0\r\n", ""), want: "mic>opus cam!sdp_profile a0!sdp_profile v0!sdp_profile", lacks: []string{"a=group"}},
		{name: "no group, and the first section has no codec", sdp: swap(in("mic", "opus", "G722"), "a=group:BUNDLE mic cam a0 v0\r\n", ""), want: "mic!no_codec cam>VP8,H264 a0!sdp_profile v0!sdp_profile"},
		{name: "one section, no group", sdp: sessionLines + pictureSection("cam"), want: "cam>VP8,H264", has: []string{"a=mid:cam\r\n"}, lacks: []string{"a=group"}},
		{name: "one section, no group, no mid", sdp: sessionLines + swap(pictureSection("cam"), "a=mid:cam\r\n", ""), want: "0>VP8,H264", lacks: []string{"a=group", "a=mid", ExtMID.URI()}},
		{name: "one section without a mid", sdp: in("cam", "a=mid:cam\r\n", ""), want: "mic>opus 1!sdp_profile a0<opus v0<VP8,H264", lacks: []string{"a=mid:1"}},
		{name: "one without, and its name is taken", sdp: strings.NewReplacer("a=mid:mic\r\n", "a=mid:1\r\n", "BUNDLE mic", "BUNDLE 1").Replace(in("cam", "a=mid:cam\r\n", "")), want: "1>opus m1!sdp_profile a0<opus v0<VP8,H264"},
		{name: "none with a mid", sdp: strings.NewReplacer("a=mid:mic\r\n", "", "a=mid:cam\r\n", "", "a=mid:a0\r\n", "", "a=mid:v0\r\n", "").Replace(plain), refused: SDPProfile},
		{name: "a mid used twice", sdp: in("cam", "a=mid:cam", "a=mid:mic"), want: "mic>opus 1!bad_sdp a0<opus v0<VP8,H264", lacks: []string{"a=mid:1"}},
		{name: "a mid of 16 bytes", sdp: swap(plain, "mic", strings.Repeat("m", 16)), want: strings.Repeat("m", 16) + ">opus cam>VP8,H264 a0<opus v0<VP8,H264"},
		{name: "a mid of 32 bytes", sdp: swap(plain, "v0", strings.Repeat("v", 32)), want: "mic>opus cam>VP8,H264 a0<opus " + strings.Repeat("v", 32) + "<VP8,H264",
			has: []string{"a=mid:" + strings.Repeat("v", 32) + "\r\n"},
			check: func(t *testing.T, o *Offer) {
				a, _ := o.Sections[3].Accept(UseSend)
				if a.ExtIDs().MID != 0 {
					t.Error("its mid does not fit into our headers")
				}
			}},
		{name: "a mid of 33 bytes", sdp: swap(plain, "v0", strings.Repeat("v", 33)), want: "mic>opus cam>VP8,H264 a0<opus 3!bad_sdp"},
		{name: "a mid that is no token", sdp: swap(plain, "v0", "v(0)"), want: "mic>opus cam>VP8,H264 a0<opus 3!bad_sdp", lacks: []string{"v(0)"}},

		// Directions and ports.
		{name: "a camera that is sendrecv", sdp: in("cam", "sendonly", "sendrecv"), want: allAccepted},
		{name: "no direction: sendrecv", sdp: in("cam", "a=sendonly\r\n", ""), want: allAccepted, has: []string{"a=recvonly\r\n"}},
		{name: "a direction at session level", sdp: swap(strings.ReplaceAll(plain, "a=sendonly\r\n", ""), "t=0 0\r\n", "t=0 0\r\na=sendonly\r\n"), want: allAccepted},
		{name: "an inactive camera", sdp: in("cam", "sendonly", "inactive"), want: "mic>opus cam~VP8,H264 a0<opus v0<VP8,H264"},
		{name: "port 0 first", sdp: swap(in("mic", "m=audio 9", "m=audio 0"), "BUNDLE mic", "BUNDLE"), want: "mic- cam>VP8,H264 a0<opus v0<VP8,H264",
			has: []string{"m=audio 0 UDP/TLS/RTP/SAVPF 111\r\n", "a=group:BUNDLE cam a0 v0\r\n"}},
		{name: "port 0 in the middle, still in the group", sdp: in("cam", "m=video 9", "m=video 0"), want: "mic>opus cam- a0<opus v0<VP8,H264", has: []string{"a=group:BUNDLE mic a0 v0\r\n"}},
		{name: "port 0 last, without attributes", sdp: plain + "m=video 0 UDP/TLS/RTP/SAVPF 0\r\n", want: allAccepted + " 4-", has: []string{"m=video 0 UDP/TLS/RTP/SAVPF 0\r\n"}},
		{name: "port 0 of a kind nobody knows", sdp: plain + "m=text 0 RTP/AVP 98\r\n", want: allAccepted + " 4-", has: []string{"m=text 0 RTP/AVP 98\r\n"}},
		{name: "port 0 everywhere", sdp: strings.NewReplacer("m=audio 9", "m=audio 0", "m=video 9", "m=video 0").Replace(plain), refused: SDPBad},
		{name: "port 0 that is bundle-only", sdp: swap(in("cam", "m=video 9", "m=video 0"), "a=mid:cam\r\n", "a=mid:cam\r\na=bundle-only\r\n"), want: allAccepted, has: []string{"m=video 9 "}},
		{name: "a range of ports", sdp: in("cam", "m=video 9", "m=video 49170/2"), want: allAccepted},
		{name: "a port that is none", sdp: in("cam", "m=video 9", "m=video 65536"), refused: SDPBad},

		// Layers, streams and extensions.
		{name: "layers without rid lines", sdp: in("cam", "a=sendonly\r\n", "a=sendonly\r\na=simulcast:send q;h;f\r\n"), want: allAccepted, lacks: []string{"simulcast"}},
		{name: "five layers", sdp: in("cam", "a=sendonly\r\n", "a=sendonly\r\na=rid:1 send\r\na=rid:2 send\r\na=rid:3 send\r\na=rid:4 send\r\na=rid:5 send\r\na=simulcast:send 1;2;3;4;5\r\n"), want: allAccepted, has: []string{"a=simulcast:recv 1;2;3\r\n"}},
		{name: "an id of two bytes", sdp: in("cam", "a=extmap:1 ", "a=extmap:255 "), want: allAccepted, lacks: []string{"extmap:255"}},
		{name: "an id with two meanings, mid among them", sdp: in("cam", "a=extmap:1 "+ExtMID.URI(), "a=extmap:1 "+ExtRID.URI()), want: allAccepted, has: []string{"extmap:1 " + ExtMID.URI()}, lacks: []string{ExtRID.URI()}},
		{name: "two ids of one extension", sdp: in("v0", "a=extmap:1 ", "a=extmap:7 "), want: allAccepted, has: []string{"extmap:1 " + ExtMID.URI()}, lacks: []string{"extmap:7"}},
		{name: "an id that only an extension nobody answers shares", sdp: in("cam", "a=extmap:1 "+ExtMID.URI()+"\r\n", "a=extmap:1 urn:ietf:params:rtp-hdrext:toffset\r\n"), want: allAccepted, has: []string{"extmap:1 " + ExtMID.URI()}},
		{name: "two-byte extensions, for one section", sdp: in("cam", "a=sendonly\r\n", "a=sendonly\r\na=extmap-allow-mixed\r\n"), want: allAccepted, has: []string{"a=extmap-allow-mixed\r\n"}},
	}
}

// transportOffers have other parameters of ICE and DTLS.
func transportOffers() []offerCase {
	hash := func(name string, bytes int) string {
		return "a=fingerprint:" + name + " " + strings.Repeat("AB:", bytes-1) + "AB\r\n"
	}
	fingerprint := func(lines string) string { return swap(plain, sha256Line, lines) }
	atSession := func(lines ...string) string {
		text := plain
		for _, l := range lines {
			text = swap(text, l, "")
		}
		return swap(text, "t=0 0\r\n", "t=0 0\r\n"+strings.Join(lines, ""))
	}
	usable := func(t *testing.T, want ...string) func(t *testing.T, o *Offer) {
		return func(t *testing.T, o *Offer) {
			var got []string
			for _, f := range o.Fingerprints {
				got = append(got, f.Hash)
			}
			if !slices.Equal(got, want) {
				t.Errorf("fingerprints %v, want %v", got, want)
			}
		}
	}
	candidates := "a=candidate:1 1 udp 2122260223 192.0.2.9 50000 typ host\r\n" +
		"a=candidate:2 1 udp 2122194687 4f3a1c52-9d0e-4b1b-8f83-2b6a7c0d9e1f.local 50001 typ host\r\n" +
		"a=candidate:3 1 tcp 1518280447 192.0.2.9 9 typ host tcptype active\r\n" +
		"a=candidate:4 1 udp 1686052607 203.0.113.5 61000 typ srflx raddr 0.0.0.0 rport 0\r\n" +
		"a=candidate:5 2 UDP 41885439 203.0.113.77 62000 typ relay raddr 203.0.113.5 rport 61000 generation 0 ufrag abcd network-cost 999\r\n" +
		"a=candidate:nonsense\r\na=end-of-candidates\r\n"
	return []offerCase{
		{name: "ICE at session level", sdp: atSession(iceLines), want: allAccepted},
		{name: "DTLS at session level", sdp: atSession(sha256Line, "a=setup:actpass\r\n"), want: allAccepted},
		{name: "everything at session level", sdp: atSession(iceLines, sha256Line, "a=setup:actpass\r\n"), want: allAccepted},
		{name: "a section's own before the session's", sdp: swap(plain, "t=0 0\r\n", "t=0 0\r\na=ice-ufrag:sess\r\na=ice-pwd:sessionsessionsessionsess\r\na=setup:holdconn\r\n"), want: allAccepted,
			check: func(t *testing.T, o *Offer) {
				if o.Ufrag != "abcd" {
					t.Errorf("ufrag %s", o.Ufrag)
				}
			}},
		{name: "parameters in the first section only", sdp: bundle(soundSection("mic"), strings.NewReplacer(iceLines, "", sha256Line, "", "a=setup:actpass\r\n", "").Replace(pictureSection("cam"))), want: "mic>opus cam>VP8,H264"},
		{name: "parameters in a first section that is not taken", sdp: bundle(swap(soundSection("mic"), "opus", "G722"), strings.NewReplacer(iceLines, "", sha256Line, "", "a=setup:actpass\r\n", "").Replace(pictureSection("cam"))), want: "mic!no_codec cam>VP8,H264"},
		{name: "parameters in the last section only", sdp: bundle(strings.NewReplacer(iceLines, "", sha256Line, "").Replace(soundSection("mic")), pictureSection("cam")), want: "mic>opus cam>VP8,H264"},
		{name: "no ufrag", sdp: swap(plain, "a=ice-ufrag:abcd\r\n", ""), refused: SDPBad},
		{name: "no password", sdp: swap(plain, "a=ice-pwd:0123456789abcdefghijkl\r\n", ""), refused: SDPBad},
		{name: "a ufrag of three characters", sdp: swap(plain, "a=ice-ufrag:abcd", "a=ice-ufrag:abc"), refused: SDPBad},
		{name: "a ufrag of 256", sdp: swap(plain, "a=ice-ufrag:abcd", "a=ice-ufrag:"+strings.Repeat("u", 256)), want: allAccepted},
		{name: "a password of 257", sdp: swap(plain, "a=ice-pwd:", "a=ice-pwd:"+strings.Repeat("p", 257)), refused: SDPBad},
		{name: "an ICE-lite offerer", sdp: swap(plain, "t=0 0\r\n", "t=0 0\r\na=ice-lite\r\n"), want: allAccepted},
		{name: "candidates of all kinds, .local and TCP", sdp: in("mic", "a=rtcp-mux\r\n", candidates+"a=rtcp-mux\r\n"), want: allAccepted, lacks: []string{".local", "tcptype", "203.0.113"}},
		{name: "trickle and renomination", sdp: swap(plain, "a=rtcp-mux\r\n", "a=ice-options:trickle ice2 renomination\r\na=rtcp-mux\r\n"), want: allAccepted},

		{name: "sha-384", sdp: fingerprint(hash("sha-384", 48)), want: allAccepted},
		{name: "sha-512", sdp: fingerprint(hash("SHA-512", 64)), want: allAccepted},
		{name: "sha-1 only", sdp: fingerprint(hash("sha-1", 20)), refused: SDPProfile},
		{name: "sha-224 only", sdp: fingerprint(hash("sha-224", 28)), refused: SDPProfile},
		{name: "md5 only", sdp: fingerprint(hash("md5", 16)), refused: SDPProfile},
		{name: "md2 only", sdp: fingerprint(hash("md2", 16)), refused: SDPProfile},
		{name: "sha-256 among weak ones", sdp: fingerprint(hash("sha-1", 20) + hash("md5", 16) + sha256Line), want: allAccepted, check: usable(nil, "sha-256")},
		{name: "several strong ones", sdp: fingerprint(hash("sha-512", 64) + hash("sha-384", 48) + sha256Line), want: allAccepted, check: usable(nil, "sha-512", "sha-384", "sha-256")},
		{name: "a fingerprint in small letters", sdp: fingerprint(swap(sha256Line, "AB", "ab")), want: allAccepted},
		{name: "a fingerprint that is too short", sdp: fingerprint(hash("sha-256", 31)), refused: SDPProfile},
		{name: "no fingerprint", sdp: fingerprint(""), refused: SDPProfile},

		{name: "active", sdp: swap(plain, "setup:actpass", "setup:active"), want: allAccepted, has: []string{"a=setup:passive"}},
		{name: "passive", sdp: swap(plain, "setup:actpass", "setup:passive"), want: allAccepted, has: []string{"a=setup:active"}, lacks: []string{"a=setup:passive"}},
		{name: "no setup", sdp: swap(plain, "a=setup:actpass\r\n", ""), want: allAccepted, has: []string{"a=setup:passive"}},
		{name: "holdconn", sdp: swap(plain, "setup:actpass", "setup:holdconn"), refused: SDPProfile},
		{name: "a tls-id and an identity", sdp: swap(plain, "a=rtcp-mux\r\n", "a=tls-id:91bbf309c0990a6bec11e38ba2933cee\r\na=identity:eyJpZHAiOns\r\na=rtcp-mux\r\n"), want: allAccepted},
	}
}

// textOffers are written in another way.
func textOffers() []offerCase {
	lineOf := func(text string, n int) string { return strings.Repeat(text, n) }
	const first = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
	reversed := func() string { // the attributes of each section, last first
		sections := strings.Split(plain, "m=")
		for i, s := range sections[1:] {
			lines := strings.Split(strings.TrimSuffix(s, "\r\n"), "\r\n")
			slices.Reverse(lines[1:])
			sections[1+i] = strings.Join(lines, "\r\n") + "\r\n"
		}
		return strings.Join(sections, "m=")
	}()
	return []offerCase{
		{name: "LF only", sdp: strings.ReplaceAll(plain, "\r\n", "\n"), want: allAccepted},
		{name: "CR only", sdp: strings.ReplaceAll(plain, "\r\n", "\r"), want: allAccepted},
		{name: "no final newline", sdp: strings.TrimSuffix(plain, "\r\n"), want: allAccepted},
		{name: "no final newline behind an m= line", sdp: plain + "m=video 0 UDP/TLS/RTP/SAVPF 0", want: allAccepted + " 4-"},
		{name: "half a final newline", sdp: strings.TrimSuffix(plain, "\n"), want: allAccepted},
		{name: "empty lines", sdp: strings.ReplaceAll(plain, "\r\n", "\r\n\r\n"), want: allAccepted},
		{name: "space at the ends of lines", sdp: strings.ReplaceAll(plain, "\r\n", " \r\n"), want: allAccepted},
		{name: "attributes in reverse order", sdp: reversed, want: allAccepted},
		{name: "10,000 extra attributes", sdp: swap(plain, "a=mid:cam\r\n", lineOf("a=x-more:1\r\n", 10_000)+"a=mid:cam\r\n"), want: allAccepted},
		{name: "10,000 extra attributes of the session", sdp: swap(plain, "t=0 0\r\n", "t=0 0\r\n"+lineOf("a=x-more:1\r\n", 10_000)), want: allAccepted},
		{name: "lines in odd places", sdp: swap(strings.Replace(plain, "s=-\r\nt=0 0\r\n", "a=msid-semantic:WMS\r\nb=AS:900\r\nt=0 0\r\nc=IN IP4 0.0.0.0\r\ns=-\r\n", 1), first, first+"b=TIAS:64000\r\ni=sound\r\nb=AS:64\r\nk=clear:x\r\n"), want: allAccepted},
		{name: "no s=, o= and t=", sdp: swap(plain, "o=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n", ""), want: allAccepted},
		{name: "lines of a type of tomorrow", sdp: swap(plain, "t=0 0\r\n", "t=0 0\r\ny=1\r\n"), want: allAccepted},
		{name: "a line of 100,000 bytes", sdp: swap(plain, "t=0 0\r\n", "t=0 0\r\na=x:"+lineOf("x", 100_000)+"\r\n"), want: allAccepted},
		{name: "128 sections, most of them stopped", sdp: plain + lineOf("m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n", MaxSDPSections-4), want: allAccepted + stopped(4, MaxSDPSections)},
		{name: "129 sections", sdp: plain + lineOf("m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n", MaxSDPSections-3), refused: SDPTooLarge},
		{name: "too many lines", sdp: plain + lineOf("a=\r\n", MaxSDPLines), refused: SDPTooLarge},
		{name: "too many bytes", sdp: swap(plain, "t=0 0\r\n", "t=0 0\r\na=x:"+lineOf("x", MaxSDPBytes)+"\r\n"), refused: SDPTooLarge},
		{name: "nothing", sdp: "", refused: SDPBad},
		{name: "JSON", sdp: `{"type":"offer","sdp":"v=0"}`, refused: SDPBad},
		{name: "no version", sdp: strings.TrimPrefix(plain, "v=0\r\n"), refused: SDPBad},
		{name: "version 1", sdp: swap(plain, "v=0", "v=1"), refused: SDPBad},
		{name: "a line of no type", sdp: swap(plain, "t=0 0\r\n", "hello\r\n"), refused: SDPBad},
		{name: "a line with a capital", sdp: swap(plain, "t=0 0\r\n", "T=0 0\r\n"), refused: SDPBad},
		{name: "an m= line that is cut", sdp: plain + "m=audio 9\r\n", refused: SDPBad},
		{name: "an m= line that holds what is no token", sdp: plain + "m=au(dio 9 UDP/TLS/RTP/SAVPF 0\r\n", refused: SDPBad},
		{name: "no sections", sdp: sessionLines, refused: SDPBad},
	}
}

// stopped are sections without mids, of port 0.
func stopped(from, to int) (text string) {
	for i := from; i < to; i++ {
		text += fmt.Sprintf(" %d-", i)
	}
	return text
}
