package rtc

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"parley/media/rtc/rtctest"
)

// slot is an m-line of a client that negotiates as browsers do (RFC 8829
// §5.2.2): what it stopped keeps its place with port 0 until something new gets
// that place, under another mid.
type slot struct {
	mid      string
	video    bool
	source   string // what it sends; empty: half of a seat
	seat     int
	stopped  bool
	inactive bool
	codecs   []rtctest.Codec // of pictures, in the client's order
	rids     []string
	ssrc     uint32 // announced, 0: not
}

// kind is as it stands in SDP.
func (s *slot) kind() string {
	if s.video {
		return "video"
	}
	return "audio"
}

func (s *slot) text(spec *offerSpec) string {
	direction, port := "recvonly", 9
	if s.source != "" {
		direction = "sendonly"
	}
	if s.inactive {
		direction = "inactive"
	}
	if s.stopped {
		port = 0
	}
	var b, formats strings.Builder
	for _, c := range s.codecs {
		fmt.Fprintf(&formats, " %d %d", c.PT, c.RTX)
	}
	if !s.video {
		fmt.Fprintf(&formats, " %d", rtctest.PTOpus)
	}
	fmt.Fprintf(&b, "m=%s %d UDP/TLS/RTP/SAVPF%s\r\nc=IN IP4 0.0.0.0\r\na=mid:%s\r\na=%s\r\n", s.kind(), port, formats.String(), s.mid, direction)
	fmt.Fprintf(&b, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:%s\r\na=setup:actpass\r\na=rtcp-mux\r\na=rtcp-rsize\r\n", spec.ufrag, spec.pwd, spec.fingerprint)
	b.WriteString(extensions(s.kind(), true))
	if s.video {
		spec.writeVideoCodecs(&b, s.codecs)
	} else {
		fmt.Fprintf(&b, "a=rtpmap:%d opus/48000/2\r\na=rtcp-fb:%d transport-cc\r\n", rtctest.PTOpus, rtctest.PTOpus)
	}
	if s.ssrc != 0 {
		fmt.Fprintf(&b, "a=ssrc:%d cname:peer\r\n", s.ssrc)
	}
	for _, r := range s.rids {
		fmt.Fprintf(&b, "a=rid:%s send\r\n", r)
	}
	if len(s.rids) > 0 {
		fmt.Fprintf(&b, "a=simulcast:send %s\r\n", strings.Join(s.rids, ";"))
	}
	return b.String()
}

// slots are the m-lines of a client, in order.
type slots []*slot

// slotsOf are those of offerSpec's own offer.
func slotsOf(spec *offerSpec) slots {
	l := slots{
		{mid: "mic", source: Microphone, ssrc: rtctest.SSRCMic},
		{mid: "cam", source: Camera, video: true, codecs: spec.videoCodecs("cam"), rids: spec.rids, ssrc: rtctest.SSRCCam},
	}
	for i := range spec.seats {
		l = append(l,
			&slot{mid: fmt.Sprintf("a%d", i), seat: i},
			&slot{mid: fmt.Sprintf("v%d", i), seat: i, video: true, codecs: spec.videoCodecs("v")})
	}
	return l
}

// offer writes the request of a client that has these m-lines and so many seats.
// What is stopped it does not name.
func (l slots) offer(spec *offerSpec, seats int) Offer {
	o := Offer{Sources: map[string]string{}, Seats: make([]SeatMIDs, seats)}
	var bundle, body strings.Builder
	for _, s := range l {
		body.WriteString(s.text(spec))
		if s.stopped {
			continue
		}
		bundle.WriteString(" " + s.mid)
		switch {
		case s.source != "":
			o.Sources[s.source] = s.mid
		case s.video:
			o.Seats[s.seat].Video = s.mid
		default:
			o.Seats[s.seat].Audio = s.mid
		}
	}
	o.SDP = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE" + bundle.String() + "\r\n" + body.String()
	return o
}

// clone copies the m-lines, so that one list stays what it was.
func (l slots) clone() slots {
	out := make(slots, len(l))
	for i, s := range l {
		c := *s
		out[i] = &c
	}
	return out
}

// find returns the m-line with a mid, nil for none.
func (l slots) find(mid string) *slot {
	for _, s := range l {
		if s.mid == mid {
			return s
		}
	}
	return nil
}

// put gives a new m-line the place of the first that is stopped, or a new one
// at the end.
func (l slots) put(s *slot) slots {
	for i, old := range l {
		if old.stopped {
			l[i] = s
			return l
		}
	}
	return append(l, s)
}

// answered is a section of an answer.
type answered struct {
	mid, direction string
	rejected       bool
	ssrc, rtx      uint32
	pts            []string
}

// answeredTo reads an answer and checks that its sections are those of the
// offer, in its order.
func answeredTo(t testing.TB, l slots, text string) map[string]answered {
	t.Helper()
	sections := strings.Split(text, "\r\nm=")[1:]
	if len(sections) != len(l) {
		t.Fatalf("%d sections answered, %d offered:\n%s", len(sections), len(l), text)
	}
	out := make(map[string]answered)
	for i, section := range sections {
		var a answered
		for _, line := range strings.Split(section, "\r\n") {
			key, value, _ := strings.Cut(line, ":")
			f := strings.Fields(value)
			switch key {
			case "a=mid":
				a.mid = value
			case "a=sendonly", "a=recvonly", "a=inactive":
				a.direction = key[2:]
			case "a=ssrc-group":
				n, _ := strconv.ParseUint(f[2], 10, 32)
				a.rtx = uint32(n)
			case "a=ssrc":
				if n, _ := strconv.ParseUint(f[0], 10, 32); a.ssrc == 0 {
					a.ssrc = uint32(n)
				}
			}
		}
		head := strings.Fields(strings.SplitN(section, "\r\n", 2)[0])
		a.rejected, a.pts = head[1] == "0", head[3:]
		if a.mid != l[i].mid || head[0] != l[i].kind() {
			t.Fatalf("section %d of the answer is %s %q, offered was %s %q", i, head[0], a.mid, l[i].kind(), l[i].mid)
		}
		if a.rejected != l[i].stopped {
			t.Fatalf("section %q: rejected %v, stopped %v", a.mid, a.rejected, l[i].stopped)
		}
		out[a.mid] = a
	}
	return out
}
