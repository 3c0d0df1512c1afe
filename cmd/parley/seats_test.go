package main

import (
	"encoding/json"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"parley/engine/wire"
	"parley/media"
)

// stockOffer is what Chromium offers by itself for the four sources and so many
// seats, all codecs included, and what goes with it.
func stockOffer(t *testing.T, seats int) *wire.Join {
	t.Helper()
	recorded, err := os.ReadFile("../../media/testdata/offer_chromium.sdp")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.SplitAfter(strings.ReplaceAll(string(recorded), "\r\nm=", "\r\n\x00m="), "\x00")
	for i := range parts {
		parts[i] = strings.TrimSuffix(parts[i], "\x00")
	}
	head, sources, audio, video := parts[0], parts[1:5], parts[5], parts[6]
	join := &wire.Join{Head: wire.Head{Type: wire.TypeJoin, ID: 1}, Room: "tea", Name: "Ada", Sources: map[wire.Source]wire.SourceSection{}}
	var body strings.Builder
	var mids []string
	mid := regexp.MustCompile(`(?m)^a=mid:\d+`)
	add := func(section string) string {
		name := strconv.Itoa(len(mids))
		mids = append(mids, name)
		body.WriteString(mid.ReplaceAllString(section, "a=mid:"+name))
		return name
	}
	for i, s := range wire.Sources {
		join.Sources[s] = wire.SourceSection{MID: add(sources[i])}
	}
	for range seats {
		join.Seats = append(join.Seats, wire.SeatMIDs{Audio: add(audio), Video: add(video)})
	}
	group := regexp.MustCompile(`(?m)^a=group:BUNDLE [\d ]+`)
	join.Offer = group.ReplaceAllString(head, "a=group:BUNDLE "+strings.Join(mids, " ")) + body.String()
	return join
}

// TestAllSeatsFit: as many seats as the protocol allows can be had by a browser
// that offers all it knows, with room for more codecs, and both sides of the
// server have the same bounds.
func TestAllSeatsFit(t *testing.T) {
	if wire.MaxSDP != media.MaxSDPBytes || wire.MaxMID != media.MaxMID {
		t.Errorf("the protocol takes %d bytes and mids of %d, the packet side %d and %d", wire.MaxSDP, wire.MaxMID, media.MaxSDPBytes, media.MaxMID)
	}
	join := stockOffer(t, wire.MaxSeats)
	if n := len(join.Offer); n*5/4 > wire.MaxSDP {
		t.Errorf("%d seats take %d bytes, too near to %d", wire.MaxSeats, n, wire.MaxSDP)
	}
	message, err := json.Marshal(join)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d seats: %d bytes of SDP, %d in a message", wire.MaxSeats, len(join.Offer), len(message))
	req, err := wire.ParseRequest(message)
	if err != nil {
		t.Fatal(err)
	}
	o, err := media.ParseOffer(req.(*wire.Join).Offer)
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Sections) != len(wire.Sources)+2*wire.MaxSeats {
		t.Errorf("%d sections", len(o.Sections))
	}
	for i := range o.Sections {
		if f := o.Sections[i].Fault; f != nil {
			t.Errorf("section %d: %v", i, f)
		}
	}
	// SDP of any text up to the limit fits into a message: CR LF is four bytes there.
	if longest := 1.1 * wire.MaxSDP; longest > wire.MaxMessage {
		t.Errorf("%v bytes do not fit into %d", longest, wire.MaxMessage)
	}
}
