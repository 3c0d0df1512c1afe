package bench

import (
	"net"
	"slices"
	"strings"
	"testing"

	"parley/bench/client"
	"parley/bench/load"
)

func TestAYardstickThatLosesIsDoubted(t *testing.T) {
	for name, c := range map[string]struct {
		expected uint64
		lost     int64
		limited  []string
		want     []string
	}{
		"good":         {1000, 5, nil, nil},
		"loses":        {1000, 6, nil, []string{"0.6 %"}},
		"nothing came": {0, 0, nil, []string{"no yardstick"}},
		"bench":        {1000, 0, []string{"busy"}, []string{"bench limited: [busy]"}},
		"both":         {10, 5, []string{"busy"}, []string{"50.0 %", "busy"}},
	} {
		got := yardstickDoubts("x", &window{stats: &load.Stats{Expected: c.expected, Lost: c.lost}, limited: c.limited})
		same := slices.EqualFunc(got, c.want, func(note, part string) bool { return strings.HasPrefix(note, "x: ") && strings.Contains(note, part) })
		if !same {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestThePlanIsTheTopology: the minimal forwarder sends to each client exactly
// whom it watches, under SSRCs of its own, and of a simulcast camera the layer that
// fits the tile.
func TestThePlanIsTheTopology(t *testing.T) {
	for name, c := range map[string]struct {
		simulcast bool
		tile      int
		layers    int
		layer     int
	}{"one layer": {false, 640, 1, 0}, "small tiles": {true, 320, 3, 0}, "middle": {true, 321, 3, 1}, "large": {true, 641, 3, 2}} {
		t.Run(name, func(t *testing.T) {
			video := &VideoFlags{Bitrate: 1_000_000, FPS: 30, Tile: c.tile, Simulcast: c.simulcast}
			topo := (&roomSpec{rooms: 2, size: 3, publishers: 2, seats: 2, publish: publishing(true, video)}).build("x")
			topo.layer = video.tileLayer()
			w := newWiring(topo, video)
			defer func() {
				for _, cl := range w.clients {
					cl.Conn.Close()
				}
			}()
			if err := w.dial(9); err != nil {
				t.Fatal(err)
			}
			plan := w.plan(false)
			if len(plan.Dests) != 6 || len(plan.Publishers) != 4 {
				t.Fatalf("%d destinations, %d publishers", len(plan.Dests), len(plan.Publishers))
			}
			ssrcs, watched := make(map[uint32]bool), make(map[[2]int]int) // destination, sender: hops
			for _, p := range plan.Publishers {
				from := slices.IndexFunc(w.clients, func(cl client.Wire) bool { return uint16(cl.Conn.LocalAddr().(*net.UDPAddr).Port) == p.Port })
				if len(p.Streams) != 1+c.layers || p.Keys != w.clients[from].Write {
					t.Errorf("sender %d: %d streams", from, len(p.Streams))
				}
				for i, s := range p.Streams {
					if sent := i == 0 || i == 1+c.layer; sent != (len(s.To) > 0) {
						t.Errorf("stream %d of sender %d goes to %d", i, from, len(s.To))
					}
					for _, hop := range s.To {
						watched[[2]int{hop.Dest, from}]++
						if ssrcs[hop.SSRC] {
							t.Errorf("SSRC %d twice", hop.SSRC)
						}
						ssrcs[hop.SSRC] = true
					}
				}
			}
			for i, list := range topo.watches {
				for _, j := range list {
					if watched[[2]int{i, j}] != 2 {
						t.Errorf("%d gets %d streams of %d, want sound and picture", i, watched[[2]int{i, j}], j)
					}
					delete(watched, [2]int{i, j})
				}
			}
			if len(watched) != 0 {
				t.Errorf("nobody asked for %v", watched)
			}
		})
	}
}
