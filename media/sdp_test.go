package media

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// The two offers were made by Chromium 156 and Firefox ESR 153 for the
// sections a client has: microphone, camera with rids q, h, f, screen, screen
// audio, and two seats.
func readOffer(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/offer_" + name + ".sdp")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// clientUses are the uses of the sections of the two recorded offers.
var clientUses = []Use{UseReceive, UseReceive, UseReceive, UseReceive, UseSend, UseSend, UseSend, UseSend}

func acceptAll(t testing.TB, o *Offer, uses []Use) []Accepted {
	t.Helper()
	out := make([]Accepted, len(o.Sections))
	for i := range o.Sections {
		a, fault := o.Sections[i].Accept(uses[i])
		if fault != nil {
			t.Fatalf("section %d: %v", i, fault)
		}
		if a.Use == UseSend {
			a.Stream, a.Track, a.CNAME = fmt.Sprintf("seat%d", i/2), fmt.Sprintf("t%d", i), "parley"
			a.SSRC = SSRC(1000 + 2*i)
			if o.Sections[i].Kind == KindVideo {
				a.RTX = a.SSRC + 1
			}
		}
		out[i] = a
	}
	return out
}

func testSpec(sections []Accepted) *AnswerSpec {
	return &AnswerSpec{
		SessionID: 42, Version: 1, Lite: true,
		Ufrag: "abcdEFGH", Pwd: "0123456789abcdefghijklmn",
		Fingerprint: Fingerprint{"sha-256", strings.Repeat("AB:", 31) + "AB"},
		Candidates: []netip.AddrPort{
			netip.MustParseAddrPort("192.0.2.7:8443"), netip.MustParseAddrPort("[2001:db8::7]:8443"),
		},
		Sections: sections,
	}
}

func TestParseRealOffers(t *testing.T) {
	type want struct {
		ufrag         string
		opus, vp8     CodecParams
		others        int // video codecs besides VP8
		micExts       ExtIDs
		camExts       ExtIDs
		seatVideoExts ExtIDs
		screen        []StreamSSRC
	}
	all := FeedbackNACK | FeedbackPLI | FeedbackFIR | FeedbackTransportCC
	for name, w := range map[string]want{
		"chromium": {
			ufrag:         "RtSg",
			opus:          CodecParams{Codec: CodecOpus, PT: 111, Feedback: FeedbackTransportCC},
			vp8:           CodecParams{Codec: CodecVP8, PT: 96, RTX: 97, Feedback: all},
			others:        6,
			micExts:       ExtIDs{MID: 4, AbsSendTime: 2, TransportCC: 3, AudioLevel: 1},
			camExts:       ExtIDs{MID: 4, RID: 10, RepairedRID: 11, AbsSendTime: 2, TransportCC: 3},
			seatVideoExts: ExtIDs{MID: 4, AbsSendTime: 2, TransportCC: 3, Dependency: 12},
		},
		"firefox": {
			ufrag:         "f8a52562",
			others:        2,
			opus:          CodecParams{Codec: CodecOpus, PT: 109, Feedback: FeedbackTransportCC},
			vp8:           CodecParams{Codec: CodecVP8, PT: 120, RTX: 124, Feedback: all},
			micExts:       ExtIDs{MID: 3, TransportCC: 7, AudioLevel: 1},
			camExts:       ExtIDs{MID: 3, RID: 9, RepairedRID: 10, AbsSendTime: 4, TransportCC: 7},
			seatVideoExts: ExtIDs{MID: 3, AbsSendTime: 4, TransportCC: 7},
			screen:        []StreamSSRC{{2903732696, 2272171127}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := ParseOffer(readOffer(t, name))
			if err != nil {
				t.Fatal(err)
			}
			if o.Ufrag != w.ufrag || len(o.Pwd) < 22 || len(o.Fingerprints) != 1 || o.Fingerprints[0].Hash != "sha-256" {
				t.Errorf("transport: %+v", o)
			}
			if len(o.Sections) != 8 {
				t.Fatalf("%d sections", len(o.Sections))
			}
			acc := acceptAll(t, o, clientUses)
			mic, cam, screen, seat := acc[0], acc[1], o.Sections[2], acc[5]
			if len(mic.Codecs) != 1 || !reflect.DeepEqual(mic.Codecs[0], w.opus) {
				t.Errorf("microphone codecs %+v", mic.Codecs)
			}
			if len(cam.Codecs) != 1+w.others || !reflect.DeepEqual(cam.Codecs[0], w.vp8) {
				t.Errorf("camera codecs %+v", cam.Codecs)
			}
			if !slices.Equal(cam.RIDs, []string{"q", "h", "f"}) {
				t.Errorf("rids %q", cam.RIDs)
			}
			if got := mic.ExtIDs(); got != w.micExts {
				t.Errorf("microphone extensions %+v", got)
			}
			if got := cam.ExtIDs(); got != w.camExts {
				t.Errorf("camera extensions %+v", got)
			}
			if got := seat.ExtIDs(); got != w.seatVideoExts {
				t.Errorf("seat extensions %+v", got)
			}
			if w.screen != nil && !slices.Equal(screen.Streams, w.screen) {
				t.Errorf("screen streams %+v", screen.Streams)
			}
			if mic.Direction != RecvOnly || seat.Direction != SendOnly {
				t.Errorf("directions %v %v", mic.Direction, seat.Direction)
			}
		})
	}
}

func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	var e *SDPError
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want code %s", err, code)
	}
	if e.Code != code {
		t.Fatalf("code %s (%s), want %s", e.Code, e.Detail, code)
	}
}

func TestAcceptRefuses(t *testing.T) {
	good := readOffer(t, "chromium")
	o, err := ParseOffer(good)
	if err != nil {
		t.Fatal(err)
	}
	for i, use := range []Use{0: UseSend, 5: UseReceive} {
		if use == UseNone {
			continue
		}
		a, fault := o.Sections[i].Accept(use)
		if fault == nil || fault.Code != SDPMismatch || a.Use != UseNone || a.Direction != Inactive {
			t.Errorf("section %d in the wrong direction: %+v, %v", i, a, fault)
		}
	}
	o, err = ParseOffer(strings.Replace(good, "a=sendonly", "a=inactive", 1))
	if err != nil {
		t.Fatal(err)
	}
	a, fault := o.Sections[0].Accept(UseReceive)
	if fault != nil || a.Direction != Inactive || a.Use != UseReceive {
		t.Errorf("inactive section: %+v, %v", a, fault)
	}
}

func TestEveryExtensionHasAnImportance(t *testing.T) {
	for e, uri := range extURIs {
		if uri != "" && !slices.Contains(extsByImportance[:], Ext(e)) {
			t.Errorf("%s has none", uri)
		}
	}
}

// Names compare without case, and what stands in another order or twice must
// not confuse.
func TestOfferOddities(t *testing.T) {
	good := readOffer(t, "chromium")
	text := strings.NewReplacer("opus/48000", "OPUS/48000", "VP8/90000", "vp8/90000", "H264/90000", "h264/90000", "rtx/90000", "RTX/90000").Replace(good)
	o, err := ParseOffer(text)
	if err != nil {
		t.Fatal(err)
	}
	cam, fault := o.Sections[1].Accept(UseReceive)
	if fault != nil || cam.Codecs[0].RTX != 97 || len(cam.Codecs) != 7 {
		t.Errorf("upper and lower case: %+v, %v", cam.Codecs, fault)
	}
	for _, tt := range []struct {
		name, simulcast string
		want            []string
	}{
		{"alternatives and paused", "send q,x;~h;f", []string{"q", "h", "f"}},
		{"without rid line", "send q;z;f", []string{"q", "f"}},
		{"receive first", "recv q send f;h", []string{"f", "h"}},
		{"twice the same", "send q;q;q", []string{"q"}},
		{"only receive", "recv q;h;f", nil},
		{"injection", "send q;h x;f", []string{"q", "h"}},
	} {
		o, err := ParseOffer(strings.Replace(good, "a=simulcast:send q;h;f", "a=simulcast:"+tt.simulcast, 1))
		if err != nil {
			t.Fatal(err)
		}
		if got := o.Sections[1].RIDs; !slices.Equal(got, tt.want) {
			t.Errorf("%s: rids %q, want %q", tt.name, got, tt.want)
		}
	}
	// An extension for the other direction is of no use.
	o, err = ParseOffer(strings.Replace(good, "a=extmap:4 ", "a=extmap:4/recvonly ", 1))
	if err != nil {
		t.Fatal(err)
	}
	mic, fault := o.Sections[0].Accept(UseReceive)
	if fault != nil || mic.ExtIDs().MID != 0 || mic.ExtIDs().AudioLevel != 1 {
		t.Errorf("recvonly extension on a send section: %+v, %v", mic.ExtIDs(), fault)
	}
	// Port 0 without bundle-only is a rejected section.
	o, err = ParseOffer(strings.Replace(good, "m=audio 9 ", "m=audio 0 ", 1))
	if err != nil || !o.Sections[0].Rejected {
		t.Errorf("port 0: %v", err)
	}
}

// No offer within the bounds may take long, whatever it repeats.
func TestHostileOffersAreQuick(t *testing.T) {
	good := readOffer(t, "chromium")
	head := good[:strings.Index(good, "m=video")]
	video := head + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=rtcp-mux\r\na=sendonly\r\n"
	fill := func(start, unit string) string {
		return start + strings.Repeat(unit, (MaxSDPBytes-len(start))/len(unit)-1)
	}
	for name, text := range map[string]string{
		"layers":     fill(fill(video, "a=rid:x send\r\n")[:MaxSDPBytes/2]+"\r\na=simulcast:send ", "q;"),
		"rids":       fill(video, "a=rid:q send\r\n"),
		"formats":    fill(strings.TrimSuffix(head, "\r\n")+"\r\nm=video 9 UDP/TLS/RTP/SAVPF", " 96"),
		"rtpmaps":    fill(video, "a=rtpmap:96 VP8/90000\r\n"),
		"parameters": fill(video+"a=rtpmap:96 VP8/90000\r\na=fmtp:96 ", "a=1;"),
		"fmtp lines": fill(video, "a=fmtp:96 apt=96\r\n"),
		"ssrcs":      fill(video, "a=ssrc:12345 cname:x\r\n"),
		"groups":     fill(video, "a=ssrc-group:FID 1 2\r\n"),
		"bundle":     strings.Replace(good, "a=group:BUNDLE 0", "a=group:BUNDLE"+strings.Repeat(" 0", 100_000), 1),
		"extensions": fill(video, "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"),
		"sections":   strings.Replace(good, "0 1 2 3 4 5 6 7", "0", 1) + strings.Repeat("m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n", MaxSDPSections-8),
	} {
		// The best of three: other work on the machine may be in the way of one.
		best := time.Hour
		for range 3 {
			began := time.Now()
			if o, err := ParseOffer(text); err == nil {
				for i := range o.Sections {
					_, _ = o.Sections[i].Accept(UseReceive)
				}
			}
			if best = min(best, time.Since(began)); best <= time.Second {
				break
			}
		}
		if best > time.Second {
			t.Errorf("%s: %v for %d bytes", name, best, len(text))
		}
	}
}

func TestH264Profiles(t *testing.T) {
	p := func(profile string) CodecParams { return CodecParams{Codec: CodecH264, Profile: profile} }
	for _, tt := range []struct {
		receiver, sender string
		want             bool
	}{
		{"42e01f", "42e01f", true}, {"42e01f", "42e034", true},
		{"42001f", "42e01f", true}, {"42e01f", "42001f", false},
		{"4d001f", "42e01f", true}, {"64001f", "42e01f", true},
		{"4d001f", "42001f", false}, {"64001f", "4d001f", true},
		{"4d001f", "64001f", false}, {"", "42e01f", true},
	} {
		if got := p(tt.receiver).CanDecode(p(tt.sender)); got != tt.want {
			t.Errorf("receiver %q, sender %q: %v", tt.receiver, tt.sender, got)
		}
	}
	list := []CodecParams{{Codec: CodecVP8, PT: 96}, {Codec: CodecH264, PT: 102, Profile: "42001f"}, {Codec: CodecH264, PT: 108, Profile: "42e01f"}}
	if c, ok := DecoderFor(list, p("42e01f")); !ok || c.PT != 108 {
		t.Errorf("exact profile: %+v", c)
	}
	if c, ok := DecoderFor(list[:2], p("42e01f")); !ok || c.PT != 102 {
		t.Errorf("containing profile: %+v", c)
	}
	if c, ok := DecoderFor(list, p("64001f")); ok {
		t.Errorf("high profile given to %+v", c)
	}
	if c, ok := DecoderFor(list, CodecParams{Codec: CodecVP8}); !ok || c.PT != 96 {
		t.Errorf("VP8: %+v", c)
	}
}

// Parameter sets come in base64 and bounded; what is anything else is no reason
// not to take the codec.
func TestParamSetsOfAnOffer(t *testing.T) {
	long := base64.StdEncoding.EncodeToString(append([]byte{0x67}, make([]byte, 600)...))
	for _, tt := range []struct {
		name, sprop string
		want        []string // hex
	}{
		{"none", "", nil},
		{"SPS and PPS", "Z0LAHtoCgPRA,aM48gA==", []string{"6742c01eda0280f440", "68ce3c80"}},
		{"PPS first", "aM48gA==,Z0LAHtoCgPRA", []string{"68ce3c80", "6742c01eda0280f440"}},
		{"without padding", "aM48gA,Z0LAHtoCgPRA,", []string{"68ce3c80", "6742c01eda0280f440"}},
		{"with a unit that no decoder needs", "bQ==,aM48gA==", []string{"68ce3c80"}},
		{"a coded picture", "ZYiEAA==", nil},
		{"no base64", "Z0LAHtoCgPRA,a*48", nil},
		{"too many", strings.Repeat("aM48gA==,", 17), nil},
		{"too large", long + "," + long, nil},
		{"one large", long, []string{"67" + strings.Repeat("00", 600)}},
	} {
		text := strings.Replace(readOffer(t, "chromium"), "packetization-mode=1", "packetization-mode=1;sprop-parameter-sets="+tt.sprop, 1)
		o, err := ParseOffer(text)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(o.Sections[1].Codecs, func(c CodecParams) bool { return c.Codec == CodecH264 })
		var got []string
		for _, nal := range o.Sections[1].Codecs[i].ParamSets {
			got = append(got, hex.EncodeToString(nal))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func FuzzParamSetsOfAnOffer(f *testing.F) {
	for _, s := range []string{"", "Z0LAHtoCgPRA,aM48gA==", "a,,b", "=", "aM48gA==,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		size := 0
		for _, nal := range parseParamSets(s) {
			if size += len(nal); len(nal) == 0 || nal[0] != nal[0]&0x7f || nal[0]&0x1f != nalSPS && nal[0]&0x1f != nalPPS {
				t.Fatalf("%q: %x", s, nal)
			}
		}
		if size > maxParamBytes {
			t.Fatalf("%q: %d bytes", s, size)
		}
	})
}

// FuzzOfferAnswer: whatever is offered, an accepted offer gets an answer that
// parses and takes only what was offered.
func FuzzOfferAnswer(f *testing.F) {
	for _, name := range []string{"chromium", "firefox"} {
		s := readOffer(f, name)
		f.Add(s)
		f.Add(s[:len(s)/3])
		// A small one mutates better.
		f.Add(s[:strings.Index(s, "m=video")])
	}
	for _, c := range slices.Concat(browserOffers(), sectionOffers(), transportOffers(), textOffers()) {
		if len(c.sdp) < 4000 {
			f.Add(c.sdp)
		}
	}
	// The second one lists repairs whose payload type is not on the m= line.
	for _, formats := range []string{"96 97", "96"} {
		f.Add("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE a\r\nm=video 9 UDP/TLS/RTP/SAVPF " + formats + "\r\n" +
			"a=mid:a\r\na=rtcp-mux\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijkl\r\na=setup:active\r\n" +
			"a=fingerprint:sha-256 " + strings.Repeat("AB:", 31) + "AB\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n")
	}
	f.Fuzz(func(t *testing.T, text string) {
		o, err := ParseOffer(text)
		if err != nil {
			var e *SDPError
			if !errors.As(err, &e) {
				t.Fatalf("error without a code: %v", err)
			}
			return
		}
		spec := testSpec(nil)
		spec.Client = !o.Setup.Client
		taken := false
		for i := range o.Sections {
			use := UseReceive
			if o.Sections[i].Direction == RecvOnly {
				use = UseSend
			}
			a, fault := o.Sections[i].Accept(use)
			if fault != nil && a.Use != UseNone {
				t.Fatalf("section %d: accepted with %v", i, fault)
			}
			taken = taken || a.Use != UseNone
			spec.Sections = append(spec.Sections, a)
		}
		if !taken {
			return
		}
		answer, err := o.Answer(spec)
		if err != nil {
			t.Fatal(err)
		}
		checkAnswer(t, o, answer)
	})
}
