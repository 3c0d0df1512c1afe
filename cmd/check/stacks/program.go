package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// program is a stack's client. It reads orders, a JSON object a line, and
// answers each with one: see clients/README.md.
type program struct {
	cmd    *exec.Cmd
	orders io.WriteCloser
	lines  chan []byte
	reader sync.WaitGroup
	errors words
	cancel context.CancelFunc
}

// order is what a program is asked to do.
type order struct {
	Do  string `json:"do"`
	SDP string `json:"sdp,omitempty"`
}

// said is what a program answers. Which fields there are depends on the order.
type said struct {
	Version string `json:"version"`
	SDP     string `json:"sdp"`
	Audio   int    `json:"audio"` // RTP packets that it opened
	Video   int    `json:"video"`
	Error   string `json:"error"`
}

const (
	startWithin = 60 * time.Second // a browser on a busy machine
	orderWithin = 20 * time.Second
	endWithin   = 5 * time.Second
)

// startProgram starts the client and returns it with its version.
func startProgram(ctx context.Context, dir string, args []string) (*program, string, error) {
	ctx, cancel := context.WithCancel(ctx)
	p := &program{cmd: exec.CommandContext(ctx, args[0], args[1:]...), lines: make(chan []byte), cancel: cancel}
	p.cmd.Dir, p.cmd.Stderr = dir, &p.errors
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = endWithin
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		p.orders, err = p.cmd.StdinPipe()
	}
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, "", err
	}
	p.reader.Go(func() { p.read(out) })
	hello, err := p.next(startWithin)
	if err != nil {
		p.close()
		return nil, "", err
	}
	return p, hello.Version, nil
}

// read hands on lines that are JSON objects. What libraries print besides is
// kept with what goes to standard error.
func (p *program) read(out io.Reader) {
	defer close(p.lines)
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if text := lines.Bytes(); bytes.HasPrefix(text, []byte("{")) {
			p.lines <- bytes.Clone(text)
		} else {
			_, _ = fmt.Fprintf(&p.errors, "%s\n", text)
		}
	}
}

func (p *program) next(within time.Duration) (*said, error) {
	select {
	case text, ok := <-p.lines:
		if !ok {
			return nil, fmt.Errorf("the program ended: %s", p.errors.last())
		}
		s := new(said)
		if err := json.Unmarshal(text, s); err != nil {
			return nil, fmt.Errorf("the program said %q: %w", text, err)
		}
		if s.Error != "" {
			return nil, errors.New(s.Error)
		}
		return s, nil
	case <-time.After(within):
		return nil, fmt.Errorf("the program is silent for %v: %s", within, p.errors.last())
	}
}

func (p *program) do(o order) (*said, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	if _, err = p.orders.Write(append(text, '\n')); err != nil {
		return nil, fmt.Errorf("the program ended: %s", p.errors.last())
	}
	s, err := p.next(orderWithin)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Do, err)
	}
	return s, nil
}

// close ends the program: at the end of its orders, else when told, else at
// once.
func (p *program) close() {
	p.orders.Close()
	told := time.AfterFunc(endWithin, p.cancel)
	for range p.lines { // until it has ended
	}
	p.reader.Wait()
	_ = p.cmd.Wait() // how it ended says nothing any more
	told.Stop()
	p.cancel()
}

// words keeps the end of what a program says about itself.
type words struct {
	mu   sync.Mutex // guards text
	text []byte
}

const wordsKept = 8192

func (w *words) Write(p []byte) (int, error) {
	if os.Getenv("STACKS_VERBOSE") != "" {
		os.Stderr.Write(p)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = append(w.text, p...)
	w.text = w.text[max(0, len(w.text)-wordsKept):]
	return len(p), nil
}

func (w *words) last() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(string(w.text)), "\n")
	return lines[len(lines)-1]
}
