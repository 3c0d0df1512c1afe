package nego

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"parley/media"
)

// line is a section of a client that names nothing: its kind, its direction, and
// the stream that it belongs to or "rejected", in one line of text.
type line string

// text writes the section of a mid.
func (l line) text(mid string) string {
	f := append(strings.Fields(string(l)), "")
	port := 9
	if f[2] == "rejected" {
		port = 0
	}
	codec := "opus/48000/2"
	if f[0] == "video" {
		codec = "VP8/90000"
	}
	text := fmt.Sprintf("m=%s %d UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:%s\r\na=%s\r\na=rtcp-mux\r\na=rtpmap:96 %s\r\n", f[0], port, mid, f[1], codec)
	text += "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=setup:actpass\r\na=fingerprint:sha-256 " + strings.Repeat("AA:", 31) + "AA\r\n"
	if f[2] != "" && port > 0 {
		text += fmt.Sprintf("a=msid:%s %s\r\n", f[2], mid)
	}
	return text
}

// unnamed is an offer of sections with the mids 0, 1, … in their order.
func unnamed(lines ...line) Offer {
	var body strings.Builder
	var mids []string
	for i, l := range lines {
		mid := fmt.Sprint(i)
		body.WriteString(l.text(mid))
		if !strings.HasSuffix(string(l), "rejected") {
			mids = append(mids, mid)
		}
	}
	return Offer{SDP: "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE " + strings.Join(mids, " ") + "\r\n" + body.String()}
}

// take reads an offer, answers and keeps it.
func take(t *testing.T, s *State, o Offer) Answer {
	t.Helper()
	v, err := s.Read(o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range v.Sections {
		if a := &v.Sections[i].Accepted; a.Use == media.UseSend {
			a.Stream, a.Track, a.CNAME, a.SSRC = "s", "t", "s", media.SSRC(1+i)
		}
	}
	answer, err := v.Answer(&Transport{Ufrag: "wxyz", Pwd: "abcdefghijklmnopqrstuvwx", Fingerprint: v.Fingerprints[0]})
	if err != nil {
		t.Fatal(err)
	}
	s.Keep(v)
	return answer
}

// meaning writes what an answer took as "microphone=0 seat0=1,2".
func (a *Answer) meaning() string {
	var parts []string
	for _, source := range slices.Sorted(maps.Keys(a.Sources)) {
		parts = append(parts, source+"="+a.Sources[source])
	}
	for i, s := range a.Seats {
		parts = append(parts, fmt.Sprintf("seat%d=%s,%s", i, s.Audio, s.Video))
	}
	return strings.Join(parts, " ")
}

// TestInferred: what the sections of clients that name nothing are taken for, in
// one offer after another.
func TestInferred(t *testing.T) {
	for name, offers := range map[string][]struct {
		lines []line
		want  string
	}{
		"WHIP":                           {{[]line{"audio sendonly", "video sendonly"}, "camera=1 microphone=0 "}},
		"WHIP, picture first, both ways": {{[]line{"video sendrecv s", "audio sendrecv s"}, "camera=0 microphone=1 "}},
		"sound alone":                    {{[]line{"audio sendonly"}, "microphone=0 "}},
		"WHEP":                           {{[]line{"audio recvonly", "video recvonly"}, "seat0=0,1"}},
		"WHEP, picture first":            {{[]line{"video recvonly", "audio recvonly"}, "seat0=1,0"}},
		"WHEP, picture alone":            {{[]line{"video recvonly"}, "seat0=,0"}},
		"seats, kind by kind":            {{[]line{"audio recvonly", "audio recvonly", "video recvonly", "video recvonly"}, "seat0=0,2 seat1=1,3"}},
		"seats, one by one":              {{[]line{"audio recvonly", "video recvonly", "audio recvonly", "video recvonly"}, "seat0=0,1 seat1=2,3"}},
		"seats by their streams":         {{[]line{"audio recvonly x", "audio recvonly y", "video recvonly y", "video recvonly x"}, "seat0=0,3 seat1=1,2"}},
		"a stream of its own":            {{[]line{"audio recvonly x", "video recvonly y", "video recvonly"}, "seat0=0,2 seat1=,1"}},
		"both":                           {{[]line{"audio sendonly", "video sendonly", "audio recvonly", "video recvonly"}, "camera=1 microphone=0 seat0=2,3"}},
		"a screen too":                   {{[]line{"audio sendonly", "video sendonly", "video sendonly", "audio sendonly"}, "camera=1 microphone=0 screen=2 screen_audio=3 "}},
		"more than can be sent": {{[]line{"audio sendrecv", "audio sendrecv", "audio sendrecv", "video sendrecv"},
			"camera=3 microphone=0 screen_audio=1 seat0=2,"}},
		"the first is rejected":   {{[]line{"audio sendonly rejected", "audio sendonly", "video sendonly"}, "camera=2 microphone=1 "}},
		"nothing goes either way": {{[]line{"audio inactive", "video sendonly"}, "camera=1 "}},
		"the same again": {
			{[]line{"audio sendonly", "video sendonly", "audio recvonly"}, "camera=1 microphone=0 seat0=2,"},
			{[]line{"audio sendonly", "video sendonly", "audio recvonly"}, "camera=1 microphone=0 seat0=2,"},
		},
		"muted by direction": {
			{[]line{"audio sendonly", "audio sendonly", "video recvonly"}, "microphone=0 screen_audio=1 seat0=,2"},
			{[]line{"audio inactive", "audio sendonly", "video inactive", "video sendonly"}, "camera=3 microphone=0 screen_audio=1 seat0=,2"},
		},
		"one goes, another comes": {
			{[]line{"audio sendonly", "video sendonly"}, "camera=1 microphone=0 "},
			{[]line{"audio sendonly rejected", "video sendonly"}, "camera=1 "},
			{[]line{"audio sendonly rejected", "video sendonly", "video sendonly", "audio sendonly"}, "camera=1 microphone=3 screen=2 "},
		},
		"a seat is left and filled": {
			{[]line{"audio recvonly", "video recvonly", "audio recvonly"}, "seat0=0,1 seat1=2,"},
			{[]line{"audio recvonly rejected", "video recvonly rejected", "audio recvonly"}, "seat0=, seat1=2,"},
			{[]line{"audio recvonly rejected", "video recvonly rejected", "audio recvonly", "video recvonly", "video recvonly"}, "seat0=,3 seat1=2,4"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var state State
			for i, o := range offers {
				answer := take(t, &state, unnamed(o.lines...))
				if got := answer.meaning(); got != strings.TrimSpace(o.want) {
					t.Errorf("offer %d was taken as %q, want %q", i, got, o.want)
				}
			}
		})
	}
}

// TestInferredAfterARollback: an offer whose answer got lost binds nobody, not
// even to what was inferred of it.
func TestInferredAfterARollback(t *testing.T) {
	var state State
	take(t, &state, unnamed("audio sendonly"))
	take(t, &state, unnamed("audio sendonly", "video recvonly"))
	answer := take(t, &state, unnamed("audio sendonly", "video sendonly"))
	if got := answer.meaning(); got != "camera=1 microphone=0 seat0=," {
		t.Errorf("taken as %q", got)
	}
}

// TestNamesCount: who names anything is not guessed at.
func TestNamesCount(t *testing.T) {
	o := unnamed("audio sendonly", "video sendonly", "audio recvonly")
	o.Sources = map[string]string{media.Microphone: "0"}
	answer := take(t, new(State), o)
	if got := answer.meaning(); got != "microphone=0" {
		t.Errorf("taken as %q", got)
	}
}

// TestReadChangesNothing: an offer that was read and not kept leaves no trace.
func TestReadChangesNothing(t *testing.T) {
	var state State
	take(t, &state, unnamed("audio sendonly", "audio recvonly"))
	before := state
	for _, lines := range [][]line{
		{"audio sendonly", "audio recvonly", "video sendonly"},
		{"audio sendonly rejected", "audio recvonly"},
		{"video sendonly", "audio recvonly"},
	} {
		_, _ = state.Read(unnamed(lines...))
	}
	if !reflect.DeepEqual(state, before) {
		t.Errorf("%+v\nbefore: %+v", state, before)
	}
}

// FuzzRead: whatever an offer says that is taken, the same offer again is taken for
// the same.
func FuzzRead(f *testing.F) {
	for _, lines := range [][]line{
		{"audio sendonly", "video sendonly"},
		{"video recvonly x", "audio recvonly x", "audio recvonly y"},
		{"audio sendrecv", "audio sendrecv", "audio sendrecv rejected", "video inactive", "video sendrecv -"},
	} {
		f.Add(unnamed(lines...).SDP)
	}
	f.Fuzz(func(t *testing.T, sdp string) {
		var state State
		if _, err := state.Read(Offer{SDP: sdp}); err != nil {
			return
		}
		first := take(t, &state, Offer{SDP: sdp})
		again := take(t, &state, Offer{SDP: sdp})
		if first.meaning() != again.meaning() {
			t.Errorf("taken as %q, then as %q", first.meaning(), again.meaning())
		}
		if n := state.InUse(); n > media.MaxSDPSections {
			t.Errorf("%d sections in use", n)
		}
	})
}
