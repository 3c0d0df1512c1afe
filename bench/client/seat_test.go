package client

import (
	"testing"
	"time"

	"parley/bench/load"
)

func TestJudge(t *testing.T) {
	const ms = int64(time.Millisecond)
	dir := NewDirectory()
	dir.add("a", Peer{Sender: 1, Room: "r"})
	dir.add("b", Peer{Sender: 2, Room: "r"})
	dir.add("x", Peer{Sender: 9, Room: "other"})
	here := scene{run: 5, room: "r", dir: dir}
	type step struct {
		at     int64
		seated string // before the packet; "-" vacates
		sender uint32
		want   uint64
	}
	for name, steps := range map[string][]step{
		"the one seated":              {{0, "a", 1, 0}, {9000 * ms, "", 1, 0}},
		"the one before, for a while": {{0, "a", 1, 0}, {5000 * ms, "b", 1, 0}, {5900 * ms, "", 1, 0}, {6100 * ms, "", 2, 0}},
		"the one before, too long":    {{0, "a", 1, 0}, {5000 * ms, "b", 1, 0}, {6100 * ms, "", 1, 0}, {7200 * ms, "", 1, 2}},
		"ahead of the announcement":   {{0, "a", 1, 0}, {5000 * ms, "", 2, 0}, {5300 * ms, "b", 2, 0}, {9000 * ms, "", 2, 0}},
		"never announced":             {{0, "a", 1, 0}, {5000 * ms, "", 2, 0}, {6001 * ms, "", 2, 2}, {6002 * ms, "", 2, 1}},
		"of another room":             {{0, "a", 9, 1}},
		"nobody's":                    {{0, "a", 77, 1}},
		"after vacated":               {{0, "a", 1, 0}, {5000 * ms, "-", 1, 0}, {6001 * ms, "", 1, 0}, {7002 * ms, "", 1, 2}},
		"not one of ours":             {{0, "stranger", 1, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			s := new(seat)
			for i, st := range steps {
				switch st.seated {
				case "":
				case "-":
					s.vacate(st.at)
				default:
					s.place(st.seated, true, st.at)
				}
				stamp := &load.Stamp{Run: 5, Sender: st.sender, Source: load.Video}
				if got := s.judge(stamp, load.Video, here, st.at); got != st.want {
					t.Errorf("step %d: %d, want %d", i, got, st.want)
				}
			}
		})
	}
	s := new(seat)
	s.place("a", true, 0)
	if s.judge(&load.Stamp{Run: 4, Sender: 1}, load.Audio, here, 0) != 1 {
		t.Error("a packet of another run was accepted")
	}
	if s.judge(&load.Stamp{Run: 5, Sender: 1, Source: load.Audio}, load.Video, here, 0) != 1 {
		t.Error("sound on a picture's stream was accepted")
	}
}
