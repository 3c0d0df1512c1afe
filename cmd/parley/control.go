package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"parley/storage"
)

// controlName is the socket in the data folder by which commands reach the running
// server. HTTP is spoken over it; only the user the server runs as may open it.
const controlName = "control.sock"

// maxSocketPath is the longest path that every system takes for a unix socket.
const maxSocketPath = 103

// control answers on the socket.
type control struct {
	http   *http.Server
	served sync.WaitGroup
}

// listenControl makes the socket, in place of one that a crash left: the caller has the
// store's lock, so nobody else answers there. A server without one serves all the same;
// the log says what then does not work.
func listenControl(dir string, store *storage.Store, log *slog.Logger) *control {
	path := filepath.Join(dir, controlName)
	ln, err := listenPrivate(path)
	if err != nil {
		log.Warn("no control socket: `parley backup` does not work while this server runs", "error", err.Error())
		return nil
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /backup", func(w http.ResponseWriter, r *http.Request) { serveBackup(w, r, store) })
	c := &control{http: &http.Server{
		Handler: mux, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 10 * time.Second,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}
	c.served.Go(func() { _ = c.http.Serve(ln) }) // ends with close
	return c
}

func listenPrivate(path string) (net.Listener, error) {
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("the path %s has more than %d bytes", path, maxSocketPath)
	}
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() == os.ModeSocket {
		_ = os.Remove(path)
	}
	ln, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	return ln, nil
}

// close ends it, and what it is doing, and removes the socket.
func (c *control) close() error {
	if c == nil {
		return nil
	}
	err := c.http.Close()
	c.served.Wait()
	return err
}

// serveBackup sends a copy of the store. A copy that can not be completed breaks off
// before the length that was said.
func serveBackup(w http.ResponseWriter, r *http.Request, store *storage.Store) {
	begun := false
	err := store.Backup(r.Context(), &patientWriter{w, http.NewResponseController(w)}, func(size int64) {
		begun = true
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Length", fmt.Sprint(size))
	})
	switch {
	case err == nil:
	case begun:
		panic(http.ErrAbortHandler)
	case errors.Is(err, storage.ErrBackupRuns):
		http.Error(w, err.Error(), http.StatusConflict)
	default:
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
}

// writePatience is how long a reader of a backup may take nothing.
const writePatience = 30 * time.Second

// patientWriter gives each write its own time.
type patientWriter struct {
	w    io.Writer
	ctrl *http.ResponseController
}

func (p *patientWriter) Write(b []byte) (int, error) {
	_ = p.ctrl.SetWriteDeadline(time.Now().Add(writePatience))
	return p.w.Write(b)
}

// controlClient speaks with the server of a data folder.
func controlClient(dir string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "unix", filepath.Join(dir, controlName))
		},
	}}
}

// controlAnswers reports whether a server listens on the folder's socket.
func controlAnswers(dir string) bool {
	conn, err := net.DialTimeout("unix", filepath.Join(dir, controlName), 5*time.Second)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// fetchBackup writes the copy that the running server sends.
func fetchBackup(ctx context.Context, dir string, to io.Writer) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://parley/backup", nil)
	if err != nil {
		return err
	}
	resp, err := controlClient(dir).Do(req)
	if err != nil {
		return fmt.Errorf("ask the server: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
		return fmt.Errorf("the server says: %s", strings.TrimSpace(string(said)))
	}
	if _, err := io.Copy(to, resp.Body); err != nil {
		return fmt.Errorf("the copy broke off: %w", err)
	}
	return nil
}
