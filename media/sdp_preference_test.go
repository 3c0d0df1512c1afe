package media

import (
	"fmt"
	"strings"
	"testing"
)

// A client sends the codec that is answered first.
func TestPrefer(t *testing.T) {
	const cb, base, high = "42e01f", "42001f", "640c1f"
	codec := func(word string) CodecParams {
		name, profile, _ := strings.Cut(word, "/")
		return CodecParams{Codec: CodecByName(name), Profile: profile}
	}
	for _, tt := range []struct {
		name, offered, shared, wanted, want string
	}{
		{"nobody is there", "H264/" + cb + " VP8", "", "", "VP8 H264/" + cb},
		{"all take both, H264 first", "H264/" + high + " H264/" + cb + " VP8", "VP8 H264", "", "H264/" + cb + " VP8 H264/" + high},
		{"all take both, VP8 first", "VP8 H264/" + base + " H264/" + cb, "VP8 H264", "", "VP8 H264/" + cb + " H264/" + base},
		{"one takes VP8 only", "H264/" + cb + " VP8", "VP8", "", "VP8 H264/" + cb},
		{"all take H264, one no VP8", "VP8 H264/" + cb, "H264", "", "H264/" + cb + " VP8"},
		{"a profile that not all take", "H264/" + high + " VP8", "VP8 H264", "", "VP8 H264/" + high},
		{"nothing in common", "H264/" + cb + " VP8", "", "", "VP8 H264/" + cb},
		{"no VP8", "H264/" + high + " H264/" + cb, "VP8", "", "H264/" + cb + " H264/" + high},
		{"asked for", "VP8 H264/" + base + " H264/" + cb, "VP8", "H264", "H264/" + cb + " H264/" + base + " VP8"},
		{"asked for in small letters", "VP8 H264/" + cb, "", "h264", "H264/" + cb + " VP8"},
		{"asked for and not offered", "VP8", "VP8", "H264", "VP8"},
		{"asked for and unknown", "H264/" + cb + " VP8", "", "theora", "VP8 H264/" + cb},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := Section{Kind: KindVideo, Direction: SendOnly}
			for _, word := range strings.Fields(tt.offered) {
				s.Codecs = append(s.Codecs, codec(word))
			}
			p := Preference{Wanted: CodecByName(tt.wanted)}
			for _, word := range strings.Fields(tt.shared) {
				p.Shared = append(p.Shared, CodecByName(word))
			}
			a, fault := s.Accept(UseReceive)
			if fault != nil {
				t.Fatal(fault)
			}
			s.Prefer(&a, p)
			var got []string
			for _, c := range a.Codecs {
				if got = append(got, c.Codec.String()); c.Profile != "" {
					got[len(got)-1] += "/" + c.Profile
				}
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %v, want %s", got, tt.want)
			}
		})
	}
}

// A codec without a place in our order would be taken and never answered.
func TestEveryCodecHasAPlaceInOurOrder(t *testing.T) {
	for c := CodecOpus; c.String() != ""; c++ {
		if got := inOurOrder([]CodecParams{{Codec: c}}); fmt.Sprint(got) != fmt.Sprint([]CodecParams{{Codec: c}}) {
			t.Errorf("%v: %v", c, got)
		}
	}
}
