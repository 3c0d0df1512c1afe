package rtc

import "testing"

// TestMediaOfWhoNamesNothing: between two that name nothing pictures go as
// between any two.
func TestMediaOfWhoNamesNothing(t *testing.T) {
	s := listen(t, Config{Workers: 2})
	silent := func(o *Offer) { o.Sources, o.Seats = nil, nil }
	anna, bert := join(t, s, peerOptions{change: silent}), join(t, s, peerOptions{seats: 1, change: silent})
	bert.session.Place(0, Placement{From: anna.session, Source: Camera, Video: true})
	pump := startPump(t, anna, "anna")
	bert.wait("pictures", func() bool { return len(bert.rtp[bert.answer.video[0]]) > 5 })
	pump.end()
}
