package proc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// ServerSpec says how to start a server of our own.
type ServerSpec struct {
	Program string   // the binary
	Host    string   // the loopback address to listen on; empty: 127.0.0.1
	Args    []string // after "serve --listen … --data …"
	Env     []string // added to ours
	CPUs    CPUs
	TLS     *TLSFiles // nil: plain
}

// TLSFiles are a certificate and its key as files.
type TLSFiles struct{ Cert, Key string }

// Server is a server of our own.
type Server struct {
	URL  string
	Data string
	cmd  *exec.Cmd
	log  *tail
	done chan struct{}
}

// unlimited lifts the limit of what one source may send: saturation takes far
// more. It is said by the environment, which servers from before there was a
// limit do not mind; a further argument has its way.
var unlimited = []string{"PARLEY_LIMIT_SOURCE_RATE=0"}

// startTimeout is how long a server may take until it answers.
const startTimeout = 15 * time.Second

// StartServer starts a server on a free port of loopback with its data in a
// temporary folder, and waits until it is ready. Stop ends it.
func StartServer(ctx context.Context, spec *ServerSpec) (*Server, error) {
	host := spec.Host
	if host == "" {
		host = "127.0.0.1"
	}
	addr, err := freePort(host)
	if err != nil {
		return nil, err
	}
	data, err := os.MkdirTemp("", "parley-bench-")
	if err != nil {
		return nil, err
	}
	s := &Server{URL: "http://" + addr, Data: data, log: new(tail), done: make(chan struct{})}
	args := []string{"serve", "--listen", addr, "--advertise", host, "--data", filepath.Join(data, "data")}
	if spec.TLS != nil {
		s.URL = "https://" + addr
		args = append(args, "--tls-cert", spec.TLS.Cert, "--tls-key", spec.TLS.Key)
	}
	s.cmd = exec.Command(spec.Program, append(args, spec.Args...)...)
	s.cmd.Env = append(append(os.Environ(), unlimited...), spec.Env...)
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	if err = StartOn(s.cmd, spec.CPUs); err != nil {
		os.RemoveAll(data)
		return nil, fmt.Errorf("start server: %w", err)
	}
	go func() {
		s.cmd.Wait()
		close(s.done)
	}()
	if err = s.ready(ctx); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// freePort finds a port of host that is free for TCP and UDP.
func freePort(host string) (string, error) {
	for range 20 {
		l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			return "", err
		}
		addr := l.Addr().String()
		u, err := net.ListenPacket("udp", addr)
		l.Close()
		if err == nil {
			u.Close()
			return addr, nil
		}
	}
	return "", errors.New("no port that is free for both TCP and UDP")
}

// ready waits for /readyz.
func (s *Server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/readyz", nil)
		if err != nil {
			return err
		}
		if resp, err := metricsClient.Do(req); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-s.done:
			return fmt.Errorf("the server ended at once: %s", s.log.last())
		case <-ctx.Done():
			return fmt.Errorf("the server is not ready after %v: %s", startTimeout, s.log.last())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Pid is the server's process id.
func (s *Server) Pid() int { return s.cmd.Process.Pid }

// Ended reports whether the process is gone, and its last words.
func (s *Server) Ended() (string, bool) {
	select {
	case <-s.done:
		return s.log.last(), true
	default:
		return "", false
	}
}

// Stop ends the server, in order if it does so within five seconds, and
// removes its data.
func (s *Server) Stop() {
	patience := 5 * time.Second
	if s.cmd.Process.Signal(os.Interrupt) != nil {
		patience = 0 // not every system can ask
	}
	select {
	case <-s.done:
	case <-time.After(patience):
		s.cmd.Process.Kill()
		<-s.done
	}
	os.RemoveAll(s.Data)
}

// tail keeps the end of what a process writes.
type tail struct {
	mu   sync.Mutex // guards text
	text []byte
}

const tailMax = 4096

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if over := len(t.text) - tailMax; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(p), nil
}

var _ io.Writer = (*tail)(nil)

// last gives the last line that is not empty.
func (t *tail) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(string(t.text)), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return last
	}
	return "it said nothing"
}
