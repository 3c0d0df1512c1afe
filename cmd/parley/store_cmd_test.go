//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"parley/storage"
)

// command runs parley in a process of its own and returns what it printed.
func command(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = processEnv()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	watchdog := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer watchdog.Stop()
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// mustRun is command that must succeed.
func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	out, errs, code := command(t, args...)
	if code != 0 {
		t.Fatalf("parley %s: exit code %d\n%s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

// talk says texts in a room until stop is closed, and notes what was acknowledged.
type talk struct {
	pupil
	mu    sync.Mutex // guards acked
	acked []string
}

func (k *talk) said() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]string(nil), k.acked...)
}

// wait waits until n texts are acknowledged.
func (k *talk) wait(t *testing.T, n int) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); len(k.said()) < n; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d texts were acknowledged", len(k.said()))
		}
	}
}

func (k *talk) run(t *testing.T, url, room, name string, stop <-chan struct{}) {
	failed := func(what string, err error) {
		select {
		case <-stop: // the server has been killed
		case <-time.After(time.Second):
			t.Errorf("%s: %v", what, err)
		}
	}
	if got, err := k.join(t.Context(), url, room, name); err != nil || got.Type != "joined" {
		t.Errorf("join: %+v, %v", got, err)
		return
	}
	defer k.conn.Close()
	for n := 2; ; n++ {
		select {
		case <-stop:
			return
		case <-time.After(60 * time.Millisecond):
		}
		key := fmt.Sprintf("%s-%d", name, n)
		if err := wsutil.WriteClientText(k.conn, fmt.Appendf(nil, `{"type":"chat","id":%d,"key":%q,"text":%q}`, n, key, key)); err != nil {
			failed("say", err)
			return
		}
		got, err := k.reply(int64(n))
		if err != nil {
			failed("reply", err)
			return
		}
		if got.Type == "ok" {
			k.mu.Lock()
			k.acked = append(k.acked, key)
			k.mu.Unlock()
		}
	}
}

func (k *talk) reply(id int64) (got answer, err error) {
	for {
		text, err := wsutil.ReadServerText(k.conn)
		if err != nil {
			return got, err
		}
		got = answer{}
		if err := json.Unmarshal(text, &got); err != nil || got.ID == id {
			return got, err
		}
	}
}

// chatOf joins a room and returns the keys of its history.
func chatOf(t *testing.T, url, room string) map[string]bool {
	t.Helper()
	dialer := ws.Dialer{Protocols: []string{"parley.v1"}, Timeout: 20 * time.Second}
	conn, _, _, err := dialer.Dial(t.Context(), "ws"+strings.TrimPrefix(url, "http")+"/api/v1/ws")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	if err := wsutil.WriteClientText(conn, fmt.Appendf(nil, `{"type":"join","id":1,"room":%q,"name":"reader"}`, room)); err != nil {
		t.Fatal(err)
	}
	var joined struct {
		Type string
		Chat []struct{ Text string }
	}
	for joined.Type != "joined" {
		text, err := wsutil.ReadServerText(conn)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &joined); err != nil {
			t.Fatal(err)
		}
	}
	texts := make(map[string]bool)
	for _, m := range joined.Chat {
		texts[m.Text] = true
	}
	return texts
}

// TestBackupAndRestore makes a backup while people talk, restores it, and finds what
// was acknowledged before.
func TestBackupAndRestore(t *testing.T) {
	dir, file := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "backup.db")
	p := startProcess(t, "--data", dir)
	stop := make(chan struct{})
	talks := []*talk{{}, {}, {}, {}, {}, {}}
	var talking sync.WaitGroup
	for i, k := range talks {
		talking.Go(func() { k.run(t, p.url, "demo", fmt.Sprint("t", i), stop) })
	}
	var before []string
	for _, k := range talks {
		k.wait(t, 6)
		before = append(before, k.said()...)
	}
	mustRun(t, "backup", file, "--data", dir)
	if out := mustRun(t, "store", "check", file); !strings.Contains(out, "nothing is damaged") || !strings.Contains(out, "closed in order") {
		t.Errorf("check says %s", out)
	}
	if info, err := os.Stat(filepath.Join(dir, controlName)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the control socket: %v, %v", info, err)
	}
	for name, args := range map[string][]string{
		"over a file":       {"backup", file, "--data", dir},
		"check":             {"store", "check", "--data", dir},
		"repair":            {"store", "repair", "--data", dir},
		"restore":           {"store", "restore", file, "--data", dir},
		"backup of nothing": {"store", "backup", file + "2", "--data", dir + "-none"},
	} {
		out, errs, code := command(t, args...)
		if lines := strings.Count(errs, "\n"); code != 1 || out != "" || lines != 2 || !strings.HasPrefix(errs, "parley: ") {
			t.Errorf("%s: exit code %d, %q, %q", name, code, out, errs)
		}
	}
	piped := filepath.Join(t.TempDir(), "piped.db")
	if err := os.WriteFile(piped, []byte(mustRun(t, "store", "backup", "-", "--data", dir)), 0o600); err != nil {
		t.Fatal(err)
	}
	close(stop)
	talking.Wait()
	p.signal(t, syscall.SIGINT)
	p.ended(t, "SIGINT")
	if _, err := os.Lstat(filepath.Join(dir, controlName)); !os.IsNotExist(err) {
		t.Errorf("the control socket is left: %v", err)
	}
	for _, backup := range []string{file, piped} {
		out := mustRun(t, "store", "restore", backup, "--data", dir, "--json")
		var done storage.Restored
		if err := json.Unmarshal([]byte(out), &done); err != nil || len(done.Kept) != 2 || done.Records[storage.KindText] == 0 {
			t.Fatalf("restore says %s", out)
		}
		p = startProcess(t, "--data", dir)
		texts := chatOf(t, p.url, "demo")
		for _, key := range before {
			if !texts[key] {
				t.Errorf("%s: %s is missing of %d", backup, key, len(before))
			}
		}
		p.signal(t, syscall.SIGINT)
		p.ended(t, "SIGINT")
	}
}

// TestServeOfDamage: a store that can not be opened is one line on standard error that
// names the file and the way out; repair then makes one that a server opens.
func TestServeOfDamage(t *testing.T) {
	made := filepath.Join(t.TempDir(), "data")
	p := startProcess(t, "--data", made)
	var k talk
	stop := make(chan struct{})
	var talking sync.WaitGroup
	talking.Go(func() { k.run(t, p.url, "demo", "t", stop) })
	k.wait(t, 6)
	p.signal(t, syscall.SIGKILL)
	<-p.exit
	close(stop)
	talking.Wait()
	mend := func(change func(data []byte) []byte) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, change(data), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	gone := func(_ *testing.T, path string) { _ = os.Remove(path) }
	for name, c := range map[string]struct {
		file   string
		damage func(t *testing.T, path string)
	}{
		"eight bytes": {storage.FileName, mend(func(d []byte) []byte {
			for page := 2; page < 40; page++ { // whichever are in use
				for i := range 8 {
					d[page*os.Getpagesize()+8+i] ^= 0xff
				}
			}
			return d
		})},
		"cut off":           {storage.FileName, mend(func(d []byte) []byte { return d[:3*os.Getpagesize()] })},
		"cut to nothing":    {storage.FileName, mend(func([]byte) []byte { return nil })},
		"store gone":        {storage.FileName, gone},
		"journal gone":      {storage.JournalName, gone},
		"random journal":    {storage.JournalName, mend(func(d []byte) []byte { return bytes.Repeat([]byte("random.."), len(d)/8) })},
		"journal cut short": {storage.JournalName, mend(func(d []byte) []byte { return d[:10_000] })},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "data")
			copyStoreTo(t, made, dir)
			path := filepath.Join(dir, c.file)
			c.damage(t, path)
			serve := []string{"serve", "--listen", "127.0.0.1:0", "--advertise", "127.0.0.1", "--data", dir}
			out, errs, code := command(t, serve...)
			if code != 1 || out != "" || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, path) || !strings.Contains(errs, "parley store repair --data "+dir) {
				t.Errorf("exit code %d, %q, %q", code, out, errs)
			}
			if _, errs, code := command(t, "store", "check", "--data", dir); code != 1 || strings.Contains(errs, "goroutine ") {
				t.Errorf("check: exit code %d, %s", code, errs)
			}
			said := mustRun(t, "store", "repair", "--data", dir)
			if !strings.Contains(said, "lost: ") || !strings.Contains(said, ".damaged-") && c.damage != nil && name != "store gone" {
				t.Errorf("repair says %s", said)
			}
			p := startProcess(t, "--data", dir)
			chatOf(t, p.url, "demo")
			p.signal(t, syscall.SIGINT)
			p.ended(t, "SIGINT")
		})
	}
}

// copyStoreTo copies a store's two files.
func copyStoreTo(t *testing.T, from, to string) {
	t.Helper()
	if err := os.MkdirAll(to, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{storage.FileName, storage.JournalName} {
		data, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestControlSocketAfterACrash: one that a crash left is replaced; without a server the
// backup is made from the files; a folder whose path is too long for a socket is said.
func TestControlSocketAfterACrash(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	p := startProcess(t, "--data", dir)
	p.signal(t, syscall.SIGKILL)
	<-p.exit
	if _, err := os.Lstat(filepath.Join(dir, controlName)); err != nil {
		t.Fatal(err)
	}
	mustRun(t, "backup", filepath.Join(t.TempDir(), "without.db"), "--data", dir)
	p = startProcess(t, "--data", dir)
	mustRun(t, "backup", filepath.Join(t.TempDir(), "with.db"), "--data", dir)
	p.signal(t, syscall.SIGINT)
	p.ended(t, "SIGINT")

	long := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	p = startProcess(t, "--data", long)
	_, errs, code := command(t, "backup", filepath.Join(t.TempDir(), "x.db"), "--data", long)
	if code != 1 || !strings.Contains(errs, "has no control.sock") {
		t.Errorf("exit code %d, %s", code, errs)
	}
	p.signal(t, syscall.SIGINT)
	p.ended(t, "SIGINT")
	if !strings.Contains(p.stderr.String(), "no control socket") {
		t.Errorf("the log does not say it: %s", p.stderr.String())
	}
}

// TestBackupToNowhere: a terminal gets no binary file, and who names a folder that is
// not there is not sent to look at the store's.
func TestBackupToNowhere(t *testing.T) {
	dir := t.TempDir()
	if terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0); err == nil {
		defer terminal.Close()
		if err := (&storeBackupCmd{storeFlags: storeFlags{Data: dir}, File: "-"}).Run(t.Context(), terminal); err == nil || !strings.Contains(err.Error(), "terminal") {
			t.Errorf("to a terminal: %v", err)
		}
	}
	if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err != nil || isTerminal(null) {
		t.Errorf("%s is a terminal, %v", os.DevNull, err)
	}
	store, err := storage.Open(dir, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	_, said, code := command(t, "backup", "--data", dir, filepath.Join(dir, "not", "there"))
	if code == 0 || strings.Contains(said, "--data") {
		t.Errorf("exit code %d: %s", code, said)
	}
}

// TestCounts: every kind of record that a store counts has a singular and a plural.
func TestCounts(t *testing.T) {
	records := map[string]int{storage.KindMeeting: 1, storage.KindEntry: 1, storage.KindAct: 1, storage.KindText: 2, storage.KindIndex: 3, storage.KindNote: 4}
	if got, want := counts(records), "1 act, 1 entry, 1 meeting, 2 texts"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	records[storage.KindEntry] = 2
	if got, want := counts(records), "1 act, 2 entries, 1 meeting, 2 texts"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
