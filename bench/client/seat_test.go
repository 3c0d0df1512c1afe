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
		"not one of ours":             {{0, "stranger", 77, 0}, {5000 * ms, "", 77, 0}},
		"a stranger's, but ours":      {{0, "stranger", 1, 0}, {900 * ms, "", 1, 0}, {1001 * ms, "", 1, 3}},
		"a stranger's, of elsewhere":  {{0, "stranger", 9, 1}},
		"known only later":            {{0, "late", 1, 0}, {5000 * ms, "a", 1, 0}},
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

// TestSilent: a stream is missed when its source sends, be it from a seat, or
// from somebody who is looked at and was given none.
func TestSilent(t *testing.T) {
	dir := NewDirectory()
	dir.add("a", Peer{Sender: 1, Room: "r", Audio: true, Video: true})
	dir.add("b", Peer{Sender: 2, Room: "r", Audio: true})
	dir.add("m", Peer{Sender: 3, Room: "r"})
	for name, c := range map[string]struct {
		view             []uint32
		seated           string
		video            bool
		sounds, pictures bool // came
		want             uint64
	}{
		"all came":                  {nil, "a", true, true, true, 0},
		"no sound":                  {nil, "a", true, false, true, 1},
		"no picture":                {nil, "a", true, true, false, 1},
		"nothing":                   {nil, "a", true, false, false, 2},
		"a picture not promised":    {nil, "a", false, true, false, 0},
		"one that is looked at":     {[]uint32{1}, "a", false, true, false, 1},
		"who sends no picture":      {nil, "b", true, true, false, 0},
		"who sends nothing":         {[]uint32{3}, "m", true, false, false, 0},
		"nobody sits there":         {nil, "", false, false, false, 0},
		"looked at, not seated":     {[]uint32{1}, "b", false, true, false, 2},
		"two looked at, one seated": {[]uint32{1, 2}, "a", true, true, true, 1},
		"who has left":              {[]uint32{77}, "a", true, true, true, 0},
		"not one of ours":           {nil, "stranger", true, false, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			cl := &Client{spec: &Spec{View: c.view}, shard: &Shard{dir: dir}}
			cl.in.seats = []seat{{participant: c.seated, video: c.video}}
			cl.in.streams = make(map[uint32]*load.Inbound)
			for i, came := range []bool{c.sounds, c.pictures, false} {
				in := &load.Inbound{SSRC: uint32(i + 1), Source: min(load.Source(i), load.Video), RTX: i == 2}
				if came {
					ext, _, _ := in.Count(1)
					in.Note(ext, nil, load.NewStats())
				}
				cl.expect(in)
			}
			if got := cl.silent(); got != c.want {
				t.Errorf("%d silent, want %d", got, c.want)
			}
		})
	}
}
