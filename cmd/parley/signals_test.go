//go:build unix

package main

import (
	"bufio"
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"syscall"
	"testing"
	"time"

	"parley/storage"
)

// asProcess makes the test binary run the real command line.
const asProcess = "TEST_AS_PARLEY_PROCESS" // not PARLEY_…: those that are no setting are warned of

// processEnv is the environment of one. One that is over has no goroutine left that
// could race: the detector need not wait a second for it, at the end of each.
func processEnv() []string {
	return append(os.Environ(), asProcess+"=1", "GORACE="+os.Getenv("GORACE")+" atexit_sleep_ms=0")
}

func TestMain(m *testing.M) {
	if os.Getenv(asProcess) != "" {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// process is a server in a process of its own.
type process struct {
	cmd    *exec.Cmd
	url    string
	stderr bytes.Buffer
	exit   chan error
}

func startProcess(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{exit: make(chan error, 1)}
	p.cmd = exec.Command(os.Args[0], append([]string{"serve", "--listen", "127.0.0.1:0", "--advertise", "127.0.0.1", "--data", t.TempDir()}, args...)...)
	p.cmd.Env = processEnv()
	p.cmd.Stderr = &p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	lines := bufio.NewScanner(out)
	for p.url == "" && lines.Scan() {
		if m := regexp.MustCompile(`http://localhost:(\d+)`).FindStringSubmatch(lines.Text()); m != nil {
			p.url = "http://127.0.0.1:" + m[1]
		}
	}
	if p.url == "" {
		t.Fatalf("the server did not say where it is: %s", p.stderr.String())
	}
	go func() { // ends with the process
		for lines.Scan() {
		}
		p.exit <- p.cmd.Wait()
	}()
	return p
}

// ended waits for the process and fails unless it ends with code 0.
func (p *process) ended(t *testing.T, after string) {
	t.Helper()
	select {
	case err := <-p.exit:
		if err != nil {
			t.Fatalf("after %s: %v\n%s", after, err, p.stderr.String())
		}
	case <-time.After(30 * time.Second):
		t.Fatalf("still there after %s", after)
	}
}

func (p *process) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

func TestSignalsStopInOrder(t *testing.T) {
	for name, c := range map[string]struct {
		signal syscall.Signal
		args   []string
		rooms  []string
	}{
		"Ctrl-C":                     {syscall.SIGINT, nil, []string{"signals"}},
		"SIGTERM, not to wait":       {syscall.SIGTERM, []string{"--drain", "0"}, []string{"signals"}},
		"SIGTERM, nobody there":      {syscall.SIGTERM, nil, nil},
		"SIGHUP, nobody there":       {syscall.SIGHUP, nil, nil},
		"SIGTERM, the time is short": {syscall.SIGTERM, []string{"--drain", "2s"}, []string{"signals"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startProcess(t, c.args...)
			if len(c.rooms) > 0 {
				meet(t, p.url, c.rooms...)
			}
			p.signal(t, c.signal)
			p.ended(t, name)
		})
	}
}

// draining sends SIGTERM and wants the server to go on for the meeting in it.
func (p *process) draining(t *testing.T) {
	t.Helper()
	p.signal(t, syscall.SIGTERM)
	for end := time.Now().Add(20 * time.Second); status(t, p.url+"/readyz") != 503; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("still ready after SIGTERM")
		}
	}
	if got := status(t, p.url+"/healthz"); got != 200 {
		t.Errorf("/healthz while draining: %d", got)
	}
	select {
	case err := <-p.exit:
		t.Fatalf("ended while a meeting runs: %v", err)
	case <-time.After(1500 * time.Millisecond): // the drain looks once a second
	}
}

// TestDrain: SIGTERM, with no setting at all, lets a meeting go on and turns
// newcomers away; a second signal ends it, and the meeting is recorded.
func TestDrain(t *testing.T) {
	data := t.TempDir()
	p := startProcess(t, "--data", data)
	meet(t, p.url, "draining")
	p.draining(t)
	p.signal(t, syscall.SIGTERM)
	p.ended(t, "the second SIGTERM")
	store, err := storage.Open(data, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	all, err := store.Meetings(storage.MeetingsQuery{Room: "draining"})
	if err != nil || len(all) != 1 || all[0].End.IsZero() || all[0].Peak != 2 {
		t.Errorf("recorded %+v, %v", all, err)
	}
}

// TestCtrlCEndsADrain: whoever sits before it need not wait.
func TestCtrlCEndsADrain(t *testing.T) {
	p := startProcess(t)
	meet(t, p.url, "draining")
	p.draining(t)
	p.signal(t, syscall.SIGINT)
	p.ended(t, "Ctrl-C")
}

// TestDrainEndsWithTheLastMeeting: nobody has to wait for the limit.
func TestDrainEndsWithTheLastMeeting(t *testing.T) {
	p := startProcess(t, "--drain", "1h")
	swarm := meet(t, p.url, "leaving")
	p.signal(t, syscall.SIGTERM)
	swarm.LeaveAll(5 * time.Second)
	p.ended(t, "everybody left")
}

func status(t *testing.T, url string) int {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}
