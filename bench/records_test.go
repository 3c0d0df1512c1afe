package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parley/bench/load"
	"parley/storage"
)

// recordsIn makes writers with a store in dir.
func recordsIn(t *testing.T, dir string) (*recordRun, storage.Options) {
	t.Helper()
	opts := storage.Options{Log: slog.New(slog.DiscardHandler), ChatLimit: 1 << 30, ChatBytes: -1}
	store, err := storage.Open(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return &recordRun{store: store, text: "hello", waits: load.NewDelays()}, opts
}

// TestTheYardstickIsTheMeanOfItsSyncs: what one sync takes, the slow ones
// included, in a file that does not grow.
func TestTheYardstickIsTheMeanOfItsSyncs(t *testing.T) {
	dir := t.TempDir()
	y, err := newYardstick(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err = y.measure(0); err != nil || y.syncs != 1 || y.took <= 0 {
		t.Errorf("a measurement of no length: %d syncs in %v, %v", y.syncs, y.took, err)
	}
	for y.syncs <= yardPages { // past the end of the file
		if err = y.measure(0); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "sync")); err != nil || info.Size() != int64(yardPages*os.Getpagesize()) {
		t.Errorf("the file is of %d bytes after a round, %v", info.Size(), err)
	}
	y.syncs, y.took = 4, 1*time.Second+3*time.Millisecond // three of 1 ms and one of a second
	if got := y.mean(); got < 0.25 || got > 0.251 {
		t.Errorf("mean %v s, want a quarter of a second", got)
	}
	y.file.Close()
	if y.measure(0) == nil {
		t.Error("a disk that fails was measured")
	}
}

// TestWritersAndYardstickTakeTurns: the yardstick is laid on in every turn, and
// its time is none of the writers'.
func TestWritersAndYardstickTakeTurns(t *testing.T) {
	dir := t.TempDir()
	run, opts := recordsIn(t, filepath.Join(dir, "store"))
	disk, err := newYardstick(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer disk.file.Close()
	const dur = 200 * time.Millisecond
	start := time.Now()
	wall, err := run.inTurns(t.Context(), 2, dur, disk)
	took := time.Since(start)
	if err != nil || wall < dur || wall > took-disk.took {
		t.Errorf("wrote for %v of %v, %v of which were syncs; %v", wall, took, disk.took, err)
	}
	if disk.syncs < turns {
		t.Errorf("%d syncs in %d turns", disk.syncs, turns)
	}
	if run.count == 0 || run.waits.TotalCount() != int64(run.count) {
		t.Errorf("%d records, %d waits", run.count, run.waits.TotalCount())
	}
	if err = run.store.Close(); err != nil {
		t.Fatal(err)
	}
	if err = verify(filepath.Join(dir, "store"), opts, run); err != nil {
		t.Error(err)
	}
	run.count++ // one that was acknowledged and is not there
	if verify(filepath.Join(dir, "store"), opts, run) == nil {
		t.Error("a record that is missing was not missed")
	}
}

// TestAStoreThatFailsIsTold: what could not be written is no figure.
func TestAStoreThatFailsIsTold(t *testing.T) {
	dir := t.TempDir()
	run, _ := recordsIn(t, filepath.Join(dir, "store"))
	disk, err := newYardstick(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer disk.file.Close()
	run.store.Close()
	if _, err = run.inTurns(t.Context(), 2, 50*time.Millisecond, disk); err == nil {
		t.Error("a closed store was measured")
	}
	if disk.syncs != 0 {
		t.Error("the yardstick was laid on after the store had failed")
	}
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	run, _ = recordsIn(t, filepath.Join(dir, "other"))
	if _, err = run.inTurns(interrupted, 2, time.Minute, disk); err != nil || run.count != 0 {
		t.Errorf("interrupted: %d records, %v", run.count, err)
	}
}

func TestRecordsAreComparedOneByOne(t *testing.T) {
	stored := func(keys ...string) (list []storage.ChatRecord) {
		for _, key := range keys {
			list = append(list, storage.ChatRecord{Key: key, Text: "hello"})
		}
		return list
	}
	other := stored("1", "2", "3")
	other[1].Text = "hell"
	for name, c := range map[string]struct {
		history []storage.ChatRecord
		good    bool
	}{
		"all":               {stored("1", "2", "3"), true},
		"one missing":       {stored("1", "2"), false},
		"one twice":         {stored("1", "2", "2"), false},
		"one twice on top":  {stored("1", "2", "3", "3"), false},
		"one nobody knows":  {stored("1", "2", "3", "4"), false},
		"with another text": {other, false},
		"nothing":           {nil, false},
	} {
		if err := (&recordRun{text: "hello", count: 3}).check(c.history); (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRecordsRefusesWhatItCanNotDo names the flag that is wrong.
func TestRecordsRefusesWhatItCanNotDo(t *testing.T) {
	for args, want := range map[string]string{
		fmt.Sprintf("--size %d", storage.MaxText+1): "--size must be",
		"--duration 0s":      "--duration longer",
		"--writers 0":        "--writers must be 1",
		"--writers 1,100000": "--writers must be 1",
	} {
		var out strings.Builder
		err := runCommand(t.Context(), &out, append(strings.Fields("records --duration 20ms -q --dir "+t.TempDir()), strings.Fields(args)...)...)
		if err == nil || errors.Is(err, ErrLimits) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", args, err)
		}
	}
}
