package rtc

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"parley/media"
)

// spoil changes one section of an offer, by mid.
func spoil(o *Offer, mid, from, to string) {
	sections := strings.Split(o.SDP, "\r\nm=")
	for i, s := range sections {
		if strings.Contains(s+"\r\n", "\r\na=mid:"+mid+"\r\n") {
			sections[i] = strings.ReplaceAll(s, from, to)
		}
	}
	o.SDP = strings.Join(sections, "\r\nm=")
}

// A section that can not be used costs nothing but itself: what it was for is
// as if it had not been offered, and the answer says why.
func TestOneBadSectionCostsItself(t *testing.T) {
	spec := offerSpec{ufrag: "abcd", pwd: "abcdefghijklmnopqrstuvwx", seats: 2, fingerprint: "sha-256 " + fingerprintText}
	s := listen(t, Config{Workers: 1})
	for name, tc := range map[string]struct {
		change func(o *Offer)
		want   Problem // but for its text
	}{
		"microphone without a codec": {
			func(o *Offer) { spoil(o, "mic", "opus/48000/2", "PCMU/8000") },
			Problem{MID: "mic", Source: Microphone, Seat: -1, Code: media.SDPNoCodec},
		},
		"camera without rtcp-mux": {
			func(o *Offer) { spoil(o, "cam", "a=rtcp-mux", "a=rtcp:9") },
			Problem{MID: "cam", Source: Camera, Seat: -1, Code: media.SDPProfile},
		},
		"a seat's picture in the wrong direction": {
			func(o *Offer) { spoil(o, "v1", "a=recvonly", "a=sendonly") },
			Problem{MID: "v1", Seat: 1, Code: media.SDPMismatch},
		},
		"a section without a use": {
			func(o *Offer) { o.SDP += "m=text 9 UDP/TLS/RTP/SAVPF 98\r\na=mid:t\r\n" },
			Problem{MID: "t", Seat: -1, Code: media.SDPProfile},
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := spec.offer()
			tc.change(&o)
			session, answer, err := s.Open(t.Context(), "p", o, newRecorder())
			if err != nil {
				t.Fatal(err)
			}
			defer session.Close()
			if len(answer.Problems) != 1 || answer.Problems[0].Detail == "" {
				t.Fatalf("problems %+v", answer.Problems)
			}
			got := answer.Problems[0]
			if got.Detail = ""; got != tc.want {
				t.Errorf("problem %+v, want %+v", got, tc.want)
			}
			for source, codec := range map[string]string{Microphone: "opus", Camera: "VP8"} {
				if source == tc.want.Source {
					codec = ""
				}
				if got := session.Codec(source); got != codec {
					t.Errorf("%s sends %q, want %q", source, got, codec)
				}
			}
			if n := strings.Count(answer.SDP, "\r\nm=") - strings.Count(answer.SDP, " 9 UDP/TLS"); n != 1 {
				t.Errorf("%d sections rejected", n)
			}
			before := session.held()
			for range 100 {
				again, err := session.Offer(t.Context(), o)
				if err != nil || !slices.Equal(again.Problems, answer.Problems) {
					t.Fatalf("the same offer again: %+v, %v", again.Problems, err)
				}
			}
			if after := session.held(); after != before {
				t.Errorf("before: %s\nafter:  %s", before, after)
			}
		})
	}
}

// An offer of which nothing can be used is refused by the first fault.
func TestNothingUsable(t *testing.T) {
	spec := offerSpec{ufrag: "abcd", pwd: "abcdefghijklmnopqrstuvwx", fingerprint: "sha-256 " + fingerprintText}
	s := listen(t, Config{Workers: 1})
	o := spec.offer()
	spoil(&o, "mic", "opus/48000/2", "PCMU/8000")
	spoil(&o, "cam", "/90000", "/8000")
	_, _, err := s.Open(t.Context(), "p", o, newRecorder())
	var sdp *media.SDPError
	if !errors.As(err, &sdp) || sdp.Code != media.SDPNoCodec {
		t.Errorf("got %v", err)
	}
	// The rest has no use.
	o = spec.offer()
	spoil(&o, "mic", "a=rtcp-mux", "a=rtcp:9")
	delete(o.Sources, Camera)
	if _, _, err = s.Open(t.Context(), "p", o, newRecorder()); !errors.As(err, &sdp) || sdp.Code != media.SDPProfile {
		t.Errorf("got %v", err)
	}
}

// The answer leads with what the client asks for or, of what all take who watch,
// with what it offers first; and a session tells what its seats take.
func TestCodecsOfAnAnswer(t *testing.T) {
	s := listen(t, Config{Workers: 1})
	spec := offerSpec{ufrag: "abcd", pwd: "abcdefghijklmnopqrstuvwx", seats: 2, fingerprint: "sha-256 " + fingerprintText}
	h264First := func() Offer {
		o := spec.offer()
		spoil(&o, "cam", "96 97 102 103", "102 103 96 97")
		return o
	}
	for name, tc := range map[string]struct {
		shared []string
		asked  map[string]string
		want   string
	}{
		"nobody there":    {nil, nil, "VP8"},
		"all take both":   {[]string{"VP8", "H264"}, nil, "H264"},
		"not all take it": {[]string{"VP8"}, nil, "VP8"},
		"asked for":       {nil, map[string]string{Camera: "H264"}, "H264"},
		"another source":  {nil, map[string]string{Screen: "H264"}, "VP8"},
	} {
		o := h264First()
		o.Shared, o.Codecs = tc.shared, tc.asked
		session, answer, err := s.Open(t.Context(), "p", o, newRecorder())
		if err != nil {
			t.Fatal(err)
		}
		first := map[string]string{"VP8": "m=video 9 UDP/TLS/RTP/SAVPF 96 ", "H264": "m=video 9 UDP/TLS/RTP/SAVPF 102 "}[tc.want]
		if session.Codec(Camera) != tc.want || !strings.Contains(answer.SDP, first) {
			t.Errorf("%s: it sends %s, want %s\n%s", name, session.Codec(Camera), tc.want, answer.SDP)
		}
		session.Close()
	}
	for name, tc := range map[string]struct {
		change func(o *Offer)
		want   []string // of seat 1
	}{
		"stock": {func(o *Offer) {}, []string{"VP8", "H264", "VP9", "AV1"}},
		"VP8 only": {func(o *Offer) {
			for _, codec := range []string{"H264", "VP9", "AV1"} {
				spoil(o, "v1", codec+"/90000", "X/90000")
			}
		}, []string{"VP8"}},
		"a profile that contains Constrained Baseline": {func(o *Offer) { spoil(o, "v1", "42e01f", "640c1f") }, []string{"VP8", "H264", "VP9", "AV1"}},
		"stopped":         {func(o *Offer) { reject(o, "v1") }, nil},
		"without a codec": {func(o *Offer) { spoil(o, "v1", "/90000", "/8000") }, nil},
		"sound only":      {func(o *Offer) { o.Seats[1].Video = "" }, nil},
		"not there":       {func(o *Offer) { o.Seats = o.Seats[:1] }, nil},
	} {
		o := spec.offer()
		tc.change(&o)
		session, _, err := s.Open(t.Context(), "p", o, newRecorder())
		if err != nil {
			t.Fatal(err)
		}
		if got := session.SeatCodecs(1); !slices.Equal(got, tc.want) {
			t.Errorf("%s: the seat takes %v, want %v", name, got, tc.want)
		}
		session.Close()
	}
}

// The offers of small clients are not only answered: their pictures arrive.
func TestPicturesOfSmallClients(t *testing.T) {
	lacks := func(o *Offer, prefixes ...string) {
		var kept []string
		for line := range strings.SplitSeq(o.SDP, "\r\n") {
			if !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(line, p) }) {
				kept = append(kept, line)
			}
		}
		o.SDP = strings.Join(kept, "\r\n")
	}
	only := func(o *Offer, mid string) {
		head, _, _ := strings.Cut(o.SDP, "m=")
		for section := range strings.SplitSeq(strings.ReplaceAll(o.SDP, "\r\nm=", "\r\n\x00m="), "\x00") {
			if strings.Contains(section, "a=mid:"+mid+"\r\n") {
				o.SDP = head + section
			}
		}
	}
	long := strings.Repeat("l", 32)
	for name, change := range map[string]func(o *Offer){
		"one section, no group": func(o *Offer) {
			only(o, "cam")
			lacks(o, "a=group")
			o.Sources = map[string]string{Camera: "cam"}
		},
		"one section, no group, no mid": func(o *Offer) {
			only(o, "cam")
			lacks(o, "a=group", "a=mid", "a=extmap")
			o.Sources = map[string]string{Camera: "0"}
		},
		"one section, no group, no mid, no SSRC": func(o *Offer) {
			only(o, "cam")
			lacks(o, "a=group", "a=mid", "a=extmap", "a=ssrc")
			o.Sources = map[string]string{Camera: "0"}
		},
		"no SSRCs": func(o *Offer) { lacks(o, "a=ssrc", "a=extmap") },
		"a mid of 32 bytes": func(o *Offer) {
			o.SDP = strings.NewReplacer("a=mid:cam\r\n", "a=mid:"+long+"\r\n", " cam\r\n", " "+long+"\r\n").Replace(o.SDP)
			o.Sources[Camera] = long
		},
		"no microphone's codec": func(o *Offer) { spoil(o, "mic", "opus/48000/2", "PCMU/8000") },
		"no final newline":      func(o *Offer) { o.SDP = strings.TrimSuffix(o.SDP, "\r\n") },
		"LF only":               func(o *Offer) { o.SDP = strings.ReplaceAll(o.SDP, "\r\n", "\n") },
	} {
		t.Run(name, func(t *testing.T) {
			s := listen(t, Config{})
			from, to := join(t, s, peerOptions{change: change}), join(t, s, peerOptions{seats: 1})
			to.session.Place(0, Placement{From: from.session, Source: Camera, Video: true})
			wantPicture(t, from, to, 0)
		})
	}
	t.Run("a seat with mids of 32 bytes", func(t *testing.T) {
		s := listen(t, Config{})
		from := join(t, s, peerOptions{})
		to := join(t, s, peerOptions{seats: 1, change: func(o *Offer) {
			o.SDP = strings.NewReplacer("a=mid:v0\r\n", "a=mid:"+long+"\r\n", " v0\r\n", " "+long+"\r\n").Replace(o.SDP)
			o.Seats[0].Video = long
		}})
		to.session.Place(0, Placement{From: from.session, Source: Camera, Video: true})
		wantPicture(t, from, to, 0)
	})
}
