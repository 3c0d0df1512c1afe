package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"parley/storage"
)

// TestPresences: what a participant is told of who was there.
func TestPresences(t *testing.T) {
	at := func(minute int) time.Time { return time.UnixMilli(0).UTC().Add(time.Duration(minute) * time.Minute) }
	stay := func(participant, user, name string, join, leave int) storage.Attendance {
		i := storage.Interval{Join: at(join), Reason: "lost"}
		if leave > 0 {
			i.Leave = at(leave)
		}
		return storage.Attendance{Participant: participant, User: user, Name: name, Ticket: []byte("proof"), Intervals: []storage.Interval{i}}
	}
	all := []storage.Attendance{
		stay("p1", "u-ann", "Ann", 0, 1),
		stay("p2", "", "Guest", 1, 2),
		stay("p3", "u-ben", "Ann", 1, 5), // another of that name
		stay("p4", "u-ann", "Ann", 2, 3), // is back
		stay("p5", "", "Guest", 3, 4),    // no way to know
		stay("p6", "u-ann", "Eve", 4, 0), // by another name, and there
	}
	data, err := json.Marshal(presences(all, "p4"))
	if err != nil {
		t.Fatal(err)
	}
	const want = `[{"name":"Ann","you":true,"intervals":[{"join":"1970-01-01T00:00:00Z","leave":"1970-01-01T00:01:00Z"},{"join":"1970-01-01T00:02:00Z","leave":"1970-01-01T00:03:00Z"}]},` +
		`{"name":"Guest","intervals":[{"join":"1970-01-01T00:01:00Z","leave":"1970-01-01T00:02:00Z"}]},` +
		`{"name":"Ann","intervals":[{"join":"1970-01-01T00:01:00Z","leave":"1970-01-01T00:05:00Z"}]},` +
		`{"name":"Guest","intervals":[{"join":"1970-01-01T00:03:00Z","leave":"1970-01-01T00:04:00Z"}]},` +
		`{"name":"Eve","intervals":[{"join":"1970-01-01T00:04:00Z"}]}]`
	if string(data) != want {
		t.Errorf("got  %s\nwant %s", data, want)
	}
	if none, _ := json.Marshal(presences(nil, "p")); string(none) != "[]" {
		t.Errorf("nobody is %s", none)
	}
	for _, secret := range []string{"p1", "u-ann", "proof", "lost"} {
		if strings.Contains(string(data), secret) {
			t.Errorf("tells %s", secret)
		}
	}
}
