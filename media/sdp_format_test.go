package media

import (
	"strings"
	"testing"
)

// TestVideoFormats: profiles are what is offered, none is the first, and the
// answer repeats them, but no level that was not said.
func TestVideoFormats(t *testing.T) {
	for _, tt := range []struct {
		rtpmap, fmtp string
		profile      string // empty: not taken
		answer       string
	}{
		{"VP9/90000", "", "0", "profile-id=0"},
		{"VP9/90000", "profile-id=0", "0", "profile-id=0"},
		{"vp9/90000", "max-fs=12288;max-fr=60", "0", "profile-id=0"},
		{"VP9/90000", "max-fr=60; Profile-ID=2", "2", "profile-id=2"},
		{"VP9/90000", "profile-id=4", "", ""},
		{"VP9/90000", "profile-id=0x", "", ""},
		{"VP9/48000", "profile-id=0", "", ""},
		{"AV1/90000", "", "0", "profile=0"},
		{"AV1/90000", "level-idx=0", "0", "level-idx=0;profile=0;tier=0"},
		{"AV1/90000", "level-idx=5;profile=0;tier=0", "0", "level-idx=5;profile=0;tier=0"},
		{"av1/90000", "tier=1; profile=2", "2", "profile=2"},
		{"AV1/90000", "level-idx=32", "", ""},
		{"AV1/90000", "profile=3", "", ""},
		{"AV1/90000", "tier=-1", "", ""},
		{"AV1/1000", "profile=0", "", ""},
	} {
		text := videoOffer("a=rtpmap:98 " + tt.rtpmap + "\r\na=rtcp-fb:98 nack\r\na=fmtp:98 " + tt.fmtp + "\r\na=rtpmap:99 rtx/90000\r\na=fmtp:99 apt=98\r\n")
		if tt.fmtp == "" {
			text = strings.Replace(text, "a=fmtp:98 \r\n", "", 1)
		}
		o, err := ParseOffer(text)
		if tt.profile == "" {
			wantCode(t, err, SDPNoCodec)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		a, fault := o.Sections[0].Accept(UseReceive)
		if fault != nil || len(a.Codecs) != 1 || a.Codecs[0].Profile != tt.profile || a.Codecs[0].RTX != 99 {
			t.Errorf("%s %s: %+v, %v", tt.rtpmap, tt.fmtp, a.Codecs, fault)
			continue
		}
		answer, err := o.Answer(testSpec([]Accepted{a}))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(answer, "a=fmtp:98 "+tt.answer+"\r\n") {
			t.Errorf("%s %s: answered\n%s", tt.rtpmap, tt.fmtp, answer)
		}
	}
}

// videoOffer is an offer of one video section with payload types 98 and 99.
func videoOffer(lines string) string {
	return "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE a\r\nm=video 9 UDP/TLS/RTP/SAVPF 98 99\r\nc=IN IP4 0.0.0.0\r\n" +
		"a=mid:a\r\na=sendonly\r\na=rtcp-mux\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijkl\r\na=setup:actpass\r\n" +
		"a=fingerprint:sha-256 " + strings.Repeat("AB:", 31) + "AB\r\n" + lines
}

// A receiver of VP9 decodes what profile it names, one of AV1 all up to it, and
// gets what it decodes under the number of the nearest.
func TestProfilesOfVP9AndAV1(t *testing.T) {
	for _, tt := range []struct {
		codec Codec
		want  map[string]uint8 // by the sender's profile; 0: can not be decoded
	}{
		{CodecVP9, map[string]uint8{"0": 98, "1": 0, "2": 100, "3": 0}},
		{CodecAV1, map[string]uint8{"0": 98, "1": 100, "2": 100}},
	} {
		p := func(pt uint8, profile string) CodecParams {
			return CodecParams{Codec: tt.codec, PT: pt, Profile: profile}
		}
		for sender, want := range tt.want {
			if c, ok := DecoderFor([]CodecParams{p(100, "2"), p(98, "0")}, p(0, sender)); ok != (want != 0) || c.PT != want {
				t.Errorf("%v of profile %s is decoded by %+v, %v", tt.codec, sender, c, ok)
			}
		}
		if _, ok := DecoderFor([]CodecParams{p(98, "0")}, p(0, "1")); ok {
			t.Errorf("%v: profile 1 is decoded by profile 0", tt.codec)
		}
	}
}

// TestDependencyDescriptors: they are taken of who sends AV1 first, and given to
// who takes AV1 and long header extensions.
func TestDependencyDescriptors(t *testing.T) {
	const uri = " https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension\r\n"
	const av1, vp8, mixed = "a=rtpmap:98 AV1/90000\r\n", "a=rtpmap:99 VP8/90000\r\n", "a=extmap-allow-mixed\r\n"
	for _, tt := range []struct {
		name, lines string
		use         Use
		want, mixed bool
	}{
		{"a sender of AV1", av1 + "a=extmap:12" + uri, UseReceive, true, false},
		{"a sender of AV1, long ones too", av1 + "a=extmap:12" + uri + mixed, UseReceive, true, true},
		{"a sender of VP8, which can AV1", av1 + vp8 + "a=extmap:12" + uri + mixed, UseReceive, false, true},
		{"a sender that only receives them", av1 + "a=extmap:12/recvonly" + uri, UseReceive, false, false},
		{"a viewer", av1 + vp8 + "a=extmap:12" + uri + mixed, UseSend, true, true},
		{"a viewer without the long form", av1 + vp8 + "a=extmap:12" + uri, UseSend, false, false},
		{"a viewer that does not know AV1", vp8 + "a=extmap:12" + uri + mixed, UseSend, false, true},
		{"a viewer that only sends them", av1 + "a=extmap:12/sendonly" + uri + mixed, UseSend, false, true},
	} {
		text := videoOffer(tt.lines)
		if tt.use == UseSend {
			text = strings.Replace(text, "a=sendonly", "a=recvonly", 1)
		}
		o, err := ParseOffer(text)
		if err != nil {
			t.Fatal(err)
		}
		a, fault := o.Sections[0].Accept(tt.use)
		if fault != nil {
			t.Fatal(fault)
		}
		if got := a.ExtIDs().Dependency; (got == 12) != tt.want {
			t.Errorf("%s: id %d", tt.name, got)
		}
		answer, err := o.Answer(testSpec([]Accepted{a}))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(answer, uri) != tt.want || strings.Contains(answer, mixed) != tt.mixed {
			t.Errorf("%s: answered\n%s", tt.name, answer)
		}
	}
}
