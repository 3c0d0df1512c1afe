package bench

import (
	"fmt"
	"slices"

	"parley/bench/client"
)

// topology is who is in which room, what everyone sends, and who is to see
// whom: the same for the server and for the minimal forwarder.
type topology struct {
	specs []*client.Spec
	// watches[i] lists, by index into specs, whom specs[i] receives.
	watches [][]int
	seats   int
	layer   int // the simulcast layer that fits the tile; 0 without simulcast
}

// roomSpec describes rooms that are all alike.
type roomSpec struct {
	rooms, size int
	publishers  int // of size; the first ones
	seats       int // seats each, which bounds whom one sees
	publish     client.Publish
	tile        int // width in pixels
}

// build makes the clients. Everyone watches the publishers of his room but
// himself, as many as there are seats, starting behind himself so that all
// publishers are watched equally often. Publishers join before watchers.
func (s *roomSpec) build(prefix string) *topology {
	t := &topology{seats: s.seats}
	for room := range s.rooms {
		first := len(t.specs)
		for i := range s.size {
			spec := &client.Spec{
				Sender: uint32(len(t.specs) + 1),
				Room:   fmt.Sprintf("%s-%d", prefix, room+1),
				Name:   fmt.Sprintf("Bench %d", len(t.specs)+1),
				Width:  s.tile, Height: s.tile * 9 / 16,
			}
			if i < s.publishers {
				spec.Publish = s.publish
			}
			t.specs = append(t.specs, spec)
			t.watches = append(t.watches, s.watched(first, i))
		}
	}
	// A first view holds only who is there already, so all publishers come
	// first; everyone looks again once all have joined.
	for i, spec := range t.specs {
		for _, j := range t.watches[i] {
			spec.View = append(spec.View, t.specs[j].Sender)
		}
		if spec.View == nil {
			spec.View = []uint32{}
		}
	}
	return t
}

func (s *roomSpec) watched(first, i int) []int {
	var list []int
	for step := range s.publishers {
		j := (i + 1 + step) % s.publishers
		if i >= s.publishers {
			j = (i + step) % s.publishers
		}
		if j != i && len(list) < s.seats {
			list = append(list, first+j)
		}
	}
	return list
}

// joinOrder puts publishers before watchers.
func (t *topology) joinOrder() []*client.Spec {
	order := slices.Clone(t.specs)
	slices.SortStableFunc(order, func(a, b *client.Spec) int { return rank(a) - rank(b) })
	return order
}

func rank(s *client.Spec) int {
	if s.Publish.Audio || s.Publish.Bitrate > 0 {
		return 0
	}
	return 1
}

// forwardedPPS is how many packets a second the server has to send.
func (t *topology) forwardedPPS(videoPPS float64) float64 {
	pps := 0.0
	for _, list := range t.watches {
		for _, j := range list {
			p := t.specs[j].Publish
			if p.Audio {
				pps += 50
			}
			if p.Bitrate > 0 {
				pps += videoPPS
			}
		}
	}
	return pps
}
