package media

import (
	"fmt"
	"strings"
	"testing"
)

// costlyOffer is an offer of one section for pictures with more below it.
func costlyOffer(formats, more string) string {
	return "v=0\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=setup:actpass\r\n" +
		"a=fingerprint:sha-256 " + strings.Repeat("AA:", 31) + "AA\r\n" +
		"m=video 9 UDP/TLS/RTP/SAVPF" + formats + "\r\na=mid:0\r\na=rtcp-mux\r\n" + more
}

// TestManyLayersOffered: thousands of lines about layers are walked for each
// layer that is named, so that may cost nothing more than looking.
func TestManyLayersOffered(t *testing.T) {
	text := costlyOffer(" 96", "a=rtpmap:96 VP8/90000\na=simulcast:send a;ab;abc;abcd;q;q;q;h\n"+
		strings.Repeat("a=rid:abcd recv send\na=rid:q recv\n", 7000)+"a=rid:\tq \tsend pt=96\na=rid:h send\n")
	if n := testing.AllocsPerRun(3, func() {
		o, err := ParseOffer(text)
		if err != nil || strings.Join(o.Sections[0].RIDs, " ") != "q h" {
			t.Fatalf("%v: %v", err, o)
		}
	}); n > 200 {
		t.Errorf("%v allocations", n)
	}
}

// TestManyCodecsOffered: of a section that calls every payload type VP9 a session
// keeps a few.
func TestManyCodecsOffered(t *testing.T) {
	var formats, maps strings.Builder
	for pt := 1; pt < 128; pt++ {
		fmt.Fprintf(&formats, " %d", pt)
		fmt.Fprintf(&maps, "a=rtpmap:%d VP9/90000\n", pt)
	}
	o, err := ParseOffer(costlyOffer(formats.String(), maps.String()))
	if err != nil {
		t.Fatal(err)
	}
	list := o.Sections[0].Codecs
	if len(list) != maxCodecs || list[0].PT != 1 || list[maxCodecs-1].PT != maxCodecs {
		t.Errorf("%d codecs: %v", len(list), list)
	}
}
