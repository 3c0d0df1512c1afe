package main

import (
	"log/slog"
	"testing"

	"golang.org/x/time/rate"
)

// TestLimitsReachTheEngine: each flag changes what it says, and 0 lifts it.
func TestLimitsReachTheEngine(t *testing.T) {
	for _, c := range []struct {
		name         string
		args         []string
		rooms, texts int // per address
		offers       rate.Limit
		bytes        rate.Limit
	}{
		{"defaults", nil, 200, 256 << 20, 1, 2 << 20},
		{"set", []string{"--limit-rooms=7", "--limit-chat=1", "--limit-offers=120"}, 7, 32 << 20, 2, 4 << 20},
		{"none", []string{"--limit-rooms=0", "--limit-chat=0", "--limit-offers=0"}, -1, -1, -1, -2 << 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd, err := parse(t, c.args...)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := cmd.check(); err != nil {
				t.Fatal(err)
			}
			l := cmd.engineOptions(&server{}, slog.New(slog.DiscardHandler)).Limits
			if l.AddressRooms != c.rooms || l.AddressChatBytes != c.texts || l.OfferRate != c.offers || l.AddressOfferRate != c.bytes {
				t.Errorf("got %+v", l)
			}
		})
	}
}
