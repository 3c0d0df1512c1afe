package media

import (
	"slices"
	"strings"
	"testing"

	"github.com/pion/sdp/v3"
)

// An answer must be readable by an independent parser and mirror the offer:
// same sections in the same order, only offered payload types and ids.
func TestAnswerMirrorsOffer(t *testing.T) {
	for _, name := range []string{"chromium", "firefox"} {
		t.Run(name, func(t *testing.T) {
			o, err := ParseOffer(readOffer(t, name))
			if err != nil {
				t.Fatal(err)
			}
			text, err := o.Answer(testSpec(acceptAll(t, o, clientUses)))
			if err != nil {
				t.Fatal(err)
			}
			checkAnswer(t, o, text)
			for _, want := range []string{
				"a=ice-lite\r\n", "a=group:BUNDLE 0 1 2 3 4 5 6 7\r\n",
				"a=rid:q recv\r\n", "a=simulcast:recv q;h;f\r\n",
				"a=msid:seat2 t4\r\n", "a=msid:seat2 t5\r\n",
				"a=ssrc-group:FID 1010 1011\r\n", "a=ssrc:1008 cname:parley\r\n",
				"a=candidate:1 1 udp 2130706431 192.0.2.7 8443 typ host\r\n",
				"a=candidate:2 1 udp 2130706175 2001:db8::7 8443 typ host\r\n",
			} {
				if strings.Count(text, want) != 1 {
					t.Errorf("answer has %d of %q", strings.Count(text, want), want)
				}
			}
			// Chromium says it for all sections, Firefox for each.
			if want := map[string]int{"chromium": 1, "firefox": 8}[name]; strings.Count(text, "a=extmap-allow-mixed\r\n") != want {
				t.Errorf("extmap-allow-mixed: want %d\n%s", want, text)
			}
			if strings.Contains(text, "goog-remb") || strings.Contains(text, "ulpfec") {
				t.Error("answer takes what we do not speak")
			}
		})
	}
}

// checkAnswer compares an answer with its offer through pion's parser.
func checkAnswer(t testing.TB, o *Offer, text string) {
	t.Helper()
	var d sdp.SessionDescription
	if err := d.UnmarshalString(forPion(text)); err != nil {
		t.Fatalf("answer is not SDP: %v\n%s", err, text)
	}
	var media []string
	for line := range lines(text) {
		if rest, ok := strings.CutPrefix(line, "m="); ok {
			media = append(media, rest)
		}
	}
	if len(d.MediaDescriptions) != len(o.Sections) || len(media) != len(o.Sections) {
		t.Fatalf("%d sections answered, %d offered", len(d.MediaDescriptions), len(o.Sections))
	}
	meanings, ids := make(map[uint8]Ext), make(map[Ext]uint8)
	for i, m := range d.MediaDescriptions {
		s := &o.Sections[i]
		if f := strings.Fields(media[i]); f[0] != s.media || f[2] != s.proto || len(f) < 4 {
			t.Errorf("section %d: m=%s answers to %s … %s", i, media[i], s.media, s.proto)
		}
		as := fromPion(m.Attributes)
		if mid, has := as.get("mid"); has != s.named || has && mid != s.MID {
			t.Errorf("section %d: mid %q, offered %q (%v)", i, mid, s.MID, s.named)
		}
		if m.MediaName.Port.Value == 0 {
			continue
		}
		if s.Rejected || s.Fault != nil {
			t.Errorf("section %d: accepted, although %+v", i, s.Fault)
		}
		if setup, _ := as.get("setup"); setup != map[bool]string{true: "passive", false: "active"}[o.Setup.Client] {
			t.Errorf("section %d: setup %q", i, setup)
		}
		for _, f := range m.MediaName.Formats {
			if !slices.Contains(s.formats, f) {
				t.Errorf("section %d: payload type %s was not offered", i, f)
			}
		}
		for _, e := range parseExts(as) {
			if !slices.ContainsFunc(s.Exts, func(x ExtMap) bool { return x.ID == e.ID && x.Ext == e.Ext }) {
				t.Errorf("section %d: extension %+v was not offered", i, e)
			}
			if was := meanings[e.ID]; was != ExtNone && was != e.Ext {
				t.Errorf("section %d: extension id %d is %s and %s", i, e.ID, was.URI(), e.Ext.URI())
			}
			if id := ids[e.Ext]; id != 0 && id != e.ID {
				t.Errorf("section %d: %s has the ids %d and %d", i, e.Ext.URI(), id, e.ID)
			}
			meanings[e.ID], ids[e.Ext] = e.Ext, e.ID
		}
	}
}

// forPion makes rejected sections of kinds that pion does not parse ones that
// it does.
func forPion(text string) string {
	all := strings.Split(text, "\r\n")
	for i, line := range all {
		f := strings.Fields(line)
		if !strings.HasPrefix(line, "m=") || f[1] != "0" {
			continue
		}
		if !slices.Contains([]string{"m=audio", "m=video", "m=text", "m=application", "m=message"}, f[0]) {
			f[0] = "m=application"
		}
		for part := range strings.SplitSeq(f[2], "/") {
			if !slices.Contains([]string{"UDP", "RTP", "AVP", "SAVP", "SAVPF", "TLS", "DTLS", "SCTP", "AVPF", "TCP", "MSRP", "BFCP", "UDT", "IX", "MRCPv2", "FEC"}, part) {
				f[2] = "UDP"
			}
		}
		all[i] = strings.Join(f, " ")
	}
	return strings.Join(all, "\r\n")
}

func fromPion(list []sdp.Attribute) (as attributes) {
	for _, a := range list {
		as = append(as, attribute{a.Key, a.Value})
	}
	return as
}

func TestAnswerRejects(t *testing.T) {
	o, err := ParseOffer(readOffer(t, "chromium"))
	if err != nil {
		t.Fatal(err)
	}
	uses := slices.Clone(clientUses)
	uses[0], uses[3] = UseNone, UseNone
	text, err := o.Answer(testSpec(acceptAll(t, o, uses)))
	if err != nil {
		t.Fatal(err)
	}
	checkAnswer(t, o, text)
	if !strings.Contains(text, "a=group:BUNDLE 1 2 4 5 6 7\r\n") {
		t.Error("rejected sections are in the BUNDLE group")
	}
	if strings.Count(text, "\r\nm=audio 0 ") != 2 {
		t.Errorf("want two rejected sections:\n%s", text)
	}
	// The candidates stand in the first section of the group.
	if video := strings.Index(text, "\r\nm=video 9"); strings.Index(text, "a=candidate:1") < video {
		t.Error("candidates stand in a rejected section")
	}
	_, err = o.Answer(testSpec(make([]Accepted, 8)))
	wantCode(t, err, SDPMismatch)
	_, err = o.Answer(testSpec(nil))
	wantCode(t, err, SDPMismatch)
}

// Chromium offers Baseline first; what everybody can decode is answered first.
func TestAnswerPrefersConstrainedBaseline(t *testing.T) {
	o, err := ParseOffer(readOffer(t, "chromium"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range o.Sections {
		s := &o.Sections[i]
		if s.Kind != KindVideo || !s.Direction.Sends() {
			continue
		}
		a, fault := s.Accept(UseReceive)
		if fault != nil {
			t.Fatal(fault)
		}
		var profiles []string
		for _, c := range a.Codecs {
			if c.Codec == CodecH264 {
				profiles = append(profiles, c.Profile)
			}
		}
		if len(profiles) < 2 || profiles[0] != "42e01f" || profiles[1] != "42001f" {
			t.Errorf("section %q: profiles %v", s.MID, profiles)
		}
	}
}
