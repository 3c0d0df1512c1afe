//go:build unix

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"syscall"
	"testing"
	"time"
)

// asProcess makes the test binary run the real command line.
const asProcess = "PARLEY_TEST_AS_PROCESS"

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
	p.cmd.Env = append(os.Environ(), asProcess+"=1")
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
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(fmt.Sprint(s), func(t *testing.T) {
			p := startProcess(t)
			meet(t, p.url, "signals")
			p.signal(t, s)
			p.ended(t, s.String())
		})
	}
}

// TestDrain: SIGTERM lets a meeting go on and turns newcomers away; a second
// signal ends it.
func TestDrain(t *testing.T) {
	p := startProcess(t, "--drain", "1h")
	meet(t, p.url, "draining")
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
	p.signal(t, syscall.SIGTERM)
	p.ended(t, "the second SIGTERM")
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
