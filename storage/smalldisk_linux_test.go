package storage

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// smallDisk, when set, is where the child of TestSmallDisk mounts one.
const smallDisk = "PARLEY_STORAGE_SMALL_DISK"

// TestSmallDisk fills and empties a real file system of 4 MiB under a store: what is
// acknowledged stays, records of meetings are taken all the time, and the store is
// well at most 5 s after there is space again. It runs in a process with a mount
// namespace of its own, where the system allows that.
func TestSmallDisk(t *testing.T) {
	if dir := os.Getenv(smallDisk); dir != "" {
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
			t.Fatal(err)
		}
		fillAndEmpty(t, dir)
		return
	}
	err := inChild(t, smallDisk, &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	})
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) {
		t.Skipf("no namespaces here: %v; TestFileQuota does without", err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// inChild runs the same test in a process of its own, in which variable names a
// folder. The error is that of starting it; if the child fails, so does the test.
func inChild(t *testing.T, variable string, attr *syscall.SysProcAttr) error {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=2m")
	child.Env = append(os.Environ(), variable+"="+t.TempDir())
	child.SysProcAttr = attr
	out, err := child.CombinedOutput()
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		t.Errorf("%v\n%s", err, out)
		return nil
	}
	t.Logf("%s", out)
	return err
}

// filler takes all the space there is.
func filler(t *testing.T, dir, name string) {
	t.Helper()
	file, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for chunk := 64 << 10; chunk >= 512; {
		if _, err := file.Write(make([]byte, chunk)); err != nil {
			chunk /= 2
		}
	}
}

func fillAndEmpty(t *testing.T, dir string) {
	data := filepath.Join(dir, "data")
	s := open(t, data, Options{Reserve: 1 << 20, Heartbeat: 20 * time.Millisecond, ChatLimit: 40})
	id := begin(t, s, Meeting{Room: "demo", Start: s.o.Now()})
	var said, refused, people []string
	for round := range 3 {
		filler(t, dir, "filler")
		for i := 0; s.Healthy() == nil; i++ {
			if i == 4000 {
				t.Fatal("a full disk is never felt")
			}
			if i >= 200 { // texts come and go, and may fit for ever into the pages that there are
				person := fmt.Sprintf("while it fills, %d %d", round, i)
				people = append(people, person)
				wait(t, nil, func(done func(error)) error {
					return s.Join(id, Joining{Participant: person, Name: strings.Repeat("x", 400), At: s.o.Now()}, done)
				})
			}
			r := text(fmt.Sprintf("text %d %d", round, i))
			r.Text = strings.Repeat(r.Key+" ", 300)
			switch _, err := say(s, r); {
			case err == nil:
				said = append(said, r.Key)
			case errors.Is(err, ErrReadOnly):
				refused = append(refused, r.Key)
			default:
				t.Fatal(err)
			}
		}
		person := fmt.Sprint("on the reserve, ", round)
		enter(t, s, id, person, s.o.Now())
		people = append(people, person)
		r := text(fmt.Sprint("refused ", round))
		if err := s.AppendChat(r, nil); !errors.Is(err, ErrReadOnly) {
			t.Errorf("a text: %v", err)
		}
		refused = append(refused, r.Key)
		filler(t, dir, "filler2") // what was the reserve
		var joins []outcome
		for i := 0; s.Figures().Held == 0; i++ {
			if i == 4000 {
				t.Fatal("records need no space")
			}
			person := fmt.Sprintf("with nothing left, %d %d", round, i)
			people = append(people, person)
			joins = append(joins, newOutcome())
			if err := s.Join(id, Joining{Participant: person, Name: strings.Repeat("x", 400), At: s.o.Now()}, joins[i].done); err != nil {
				t.Fatal(err)
			}
			time.Sleep(200 * time.Microsecond)
		}
		for _, name := range []string{"filler", "filler2"} {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		emptied := time.Now()
		for _, c := range joins {
			c.want(t, "a join", nil)
		}
		until(t, "well", func() bool { return s.Healthy() == nil })
		if took := time.Since(emptied); took > 5*time.Second {
			t.Errorf("well after %v", took)
		} else {
			t.Logf("round %d: %d texts said, %d records had to wait for space or the reserve; well after %v", round, len(said), len(joins), took.Round(time.Millisecond))
		}
		mustSay(t, s, "demo", "", fmt.Sprint("after ", round), "t")
		said = append(said, fmt.Sprint("after ", round))
	}
	check := func(s *Store) {
		t.Helper()
		got := keys(t, s, "demo")
		if want := said[max(0, len(said)-40):]; !slices.Equal(got, want) {
			t.Errorf("history %q, want %q", got, want)
		}
		for _, key := range refused {
			if _, err := s.ChatByKey("demo", "", key); err == nil {
				t.Errorf("refused text %s is there", key)
			}
		}
		m := meeting(t, s, id)
		found := make(map[string]bool)
		for _, a := range m.Participants {
			found[a.Participant] = len(a.Intervals) == 1
		}
		for _, person := range people {
			if !found[person] {
				t.Errorf("%s is not recorded once", person)
			}
		}
		if len(found) != len(people) || m.Peak != len(people) {
			t.Errorf("%d people, peak %d, want %d", len(found), m.Peak, len(people))
		}
	}
	check(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, data, Options{Reserve: 1 << 20, ChatLimit: 40})
	defer again.Close()
	check(again)
	checkPages(t, again) // not before: bbolt's check bears no writes beside it
}
