package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"parley/bench/client"
	"parley/transport/httpd"
)

// startTest starts a whole server on a free loopback port.
func startTest(t *testing.T, change func(*serveCmd)) (*server, string) {
	t.Helper()
	c := serveCmd{
		Listen: "127.0.0.1:0", Advertise: []string{"127.0.0.1"}, Data: filepath.Join(t.TempDir(), "data"),
		Workers: 1, GSO: true, MaxRooms: 100, MaxParticipants: 100, MaxConnections: 1000,
		LogLevel: "error", Debug: true, faults: true,
	}
	if change != nil {
		change(&c)
	}
	s, err := c.check()
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	srv, err := c.start(s, log)
	if err != nil {
		t.Fatal(err)
	}
	failed := srv.serve()
	t.Cleanup(func() {
		if err := srv.stop(log); err != nil {
			t.Errorf("stop: %v", err)
		}
		for range cap(failed) {
			if err := <-failed; err != nil {
				t.Errorf("serve: %v", err)
			}
		}
	})
	return srv, fmt.Sprintf("http://127.0.0.1:%d", srv.port())
}

// meet joins two clients with sound and picture to each room.
func meet(t *testing.T, url string, rooms ...string) *client.Swarm {
	t.Helper()
	identity, err := client.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	swarm, err := client.NewSwarm(&client.Config{
		URL: url, Path: "/api/v1/ws", Identity: identity, Run: 7, Seats: 2, Stride: 1, Timeout: 20 * time.Second,
	}, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(swarm.Close)
	sender := uint32(0)
	for _, room := range rooms {
		for range 2 {
			sender++
			_, _, err := swarm.Join(t.Context(), &client.Spec{
				Sender: sender, Room: room, Name: fmt.Sprint("bot ", sender),
				Publish: client.Publish{Audio: true, Bitrate: 200_000, FPS: 20}, Width: 320, Height: 180,
			})
			if err != nil {
				t.Fatalf("join %d to %s: %v", sender, room, err)
			}
		}
	}
	return swarm
}

// settle waits until every client gets packets.
func settle(t *testing.T, swarm *client.Swarm, clients int) {
	t.Helper()
	got := 0
	for end := time.Now().Add(20 * time.Second); got < clients; {
		if got += len(swarm.Firsts()); time.Now().After(end) {
			t.Fatalf("only %d of %d clients got a packet", got, clients)
		}
		time.Sleep(50 * time.Millisecond)
	}
	time.Sleep(time.Second) // the pictures' first key frames are over
}

// TestPanicsStayWhereTheyAre makes a participant and a room panic in the
// middle of two meetings: the other meeting loses no packet, and the room
// that panicked goes on, too.
func TestPanicsStayWhereTheyAre(t *testing.T) {
	srv, url := startTest(t, nil)
	swarm := meet(t, url, "steady", "crashing")
	settle(t, swarm, 4)
	swarm.Begin()
	time.Sleep(300 * time.Millisecond)
	if err := srv.engine.PanicRoom("crashing"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1500 * time.Millisecond)
	stats := swarm.Finish()
	if pct, ok := stats.LossPct(); !ok || pct != 0 || stats.Crosstalk != 0 || stats.Silent != 0 {
		t.Errorf("after a room's panic: loss %.2f %%, crosstalk %d, silent %d of %d packets", pct, stats.Crosstalk, stats.Silent, stats.Packets)
	}
	f := srv.engine.Figures()
	var panics, restarts uint64
	for _, a := range f.Actors {
		panics, restarts = panics+a.Panics, restarts+a.Restarts
	}
	if panics != 1 || restarts != 1 {
		t.Errorf("%d panics and %d restarts, want one each", panics, restarts)
	}
	if f.Participants != 4 || f.Rooms != 2 {
		t.Errorf("%d participants in %d rooms, want 4 in 2", f.Participants, f.Rooms)
	}
}

// TestParticipantsPanicDisturbsNobodyElse ends one participant by a panic; a
// meeting in another room loses no packet.
func TestParticipantsPanicDisturbsNobodyElse(t *testing.T) {
	srv, url := startTest(t, nil)
	steady := meet(t, url, "steady")
	meet(t, url, "crashing")
	settle(t, steady, 2)
	bridge := recordsBridge{srv.store, srv.engine}
	list, err := bridge.Meetings(t.Context(), httpd.MeetingsQuery{Limit: 1, Room: "crashing"})
	if err != nil || len(list) != 1 {
		t.Fatalf("meetings %+v, %v", list, err)
	}
	record, err := bridge.Meeting(t.Context(), list[0].ID)
	if err != nil || len(record.Participants) != 2 {
		t.Fatalf("record %+v, %v", record, err)
	}
	steady.Begin()
	time.Sleep(300 * time.Millisecond)
	if err := srv.engine.PanicParticipant("crashing", record.Participants[0].Participant); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	stats := steady.Finish()
	if pct, ok := stats.LossPct(); !ok || pct != 0 || stats.Crosstalk != 0 || stats.Silent != 0 {
		t.Errorf("loss %.2f %%, crosstalk %d, silent %d of %d packets", pct, stats.Crosstalk, stats.Silent, stats.Packets)
	}
	if f := srv.engine.Figures(); f.Participants != 3 || f.Rooms != 2 {
		t.Errorf("%d participants in %d rooms, want 3 in 2", f.Participants, f.Rooms)
	}
}

// TestWholeServerAnswers asks a running server what an operator would ask.
func TestWholeServerAnswers(t *testing.T) {
	_, url := startTest(t, nil)
	for path, want := range map[string]int{
		"/": 200, "/r/any-room": 200, "/healthz": 200, "/readyz": 200, "/metrics": 200,
		"/api/v1/meetings": 200, "/api/v1/meetings/none": 404, "/sdk/index.js": 200, "/no/such/page": 404,
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("GET %s: %d, want %d", path, resp.StatusCode, want)
		}
	}
}

// TestMeetingIsRecorded holds a meeting and reads its record.
func TestMeetingIsRecorded(t *testing.T) {
	srv, url := startTest(t, nil)
	swarm := meet(t, url, "recorded")
	swarm.LeaveAll(5 * time.Second)
	end := time.Now().Add(10 * time.Second)
	for {
		list, err := recordsBridge{srv.store, srv.engine}.Meetings(context.Background(), httpd.MeetingsQuery{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 1 && !list[0].End.IsZero() {
			if list[0].Peak != 2 || list[0].Room != "recorded" {
				t.Errorf("record %+v", list[0])
			}
			return
		}
		if time.Now().After(end) {
			t.Fatalf("no ended meeting in %+v", list)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
