package storage

import (
	"errors"
	"fmt"
	"math"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"
)

// fileQuota, when set, is the folder of the child of TestFileQuota.
const fileQuota = "PARLEY_STORAGE_FILE_QUOTA"

// TestFileQuota is TestSmallDisk for systems that mount nothing: the kernel refuses
// what is written beyond a size of file, and then no more. The limit is a process's,
// so it is one of its own.
func TestFileQuota(t *testing.T) {
	if dir := os.Getenv(fileQuota); dir != "" {
		signal.Ignore(syscall.SIGXFSZ) // the error says enough
		meetUnderQuota(t, dir)
		return
	}
	if err := inChild(t, fileQuota, nil); err != nil {
		t.Fatal(err)
	}
}

// limitFiles makes writes beyond size bytes of a file fail.
func limitFiles(t *testing.T, size uint64) {
	t.Helper()
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: math.MaxUint64}); err != nil {
		t.Fatal(err)
	}
}

func meetUnderQuota(t *testing.T, dir string) {
	s := open(t, dir, Options{Reserve: -1, Heartbeat: 20 * time.Millisecond})
	id := begin(t, s, Meeting{Room: "demo", Start: s.o.Now()})
	var people []string
	for round := range 3 {
		key := fmt.Sprint("said ", round)
		mustSay(t, s, "demo", "", key, key)
		limitFiles(t, 16<<10) // of which the meta pages are half
		var joins []outcome
		for i := 0; s.Figures().Held == 0; i++ {
			if i == 4000 {
				t.Fatal("the quota is never felt")
			}
			person := fmt.Sprintf("person %d %d", round, i)
			people = append(people, person)
			joins = append(joins, newOutcome())
			if err := s.Join(id, Joining{Participant: person, Name: "Ann", At: s.o.Now()}, joins[i].done); err != nil {
				t.Fatal(err)
			}
			time.Sleep(200 * time.Microsecond)
		}
		if err := s.AppendChat(text(fmt.Sprint("refused ", round)), nil); !errors.Is(err, ErrReadOnly) || !errors.Is(err, syscall.EFBIG) {
			t.Errorf("a text: %v", err)
		}
		limitFiles(t, math.MaxUint64)
		lifted := time.Now()
		for _, c := range joins {
			c.want(t, "a join", nil)
		}
		until(t, "well", func() bool { return s.Healthy() == nil })
		if took := time.Since(lifted); took > 5*time.Second {
			t.Errorf("well after %v", took)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir, Options{Reserve: -1})
	defer again.Close()
	for round := range 3 {
		if _, err := again.ChatByKey("demo", "", fmt.Sprint("said ", round)); err != nil {
			t.Errorf("said in round %d: %v", round, err)
		}
		if _, err := again.ChatByKey("demo", "", fmt.Sprint("refused ", round)); err == nil {
			t.Errorf("refused in round %d and there", round)
		}
	}
	found := make(map[string]int)
	for _, a := range meeting(t, again, id).Participants {
		found[a.Participant] += len(a.Intervals)
	}
	for _, person := range people {
		if found[person] != 1 {
			t.Errorf("%s is recorded %d times", person, found[person])
		}
	}
	checkPages(t, again)
}
