package engine

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/engine/wire"
)

// lockedBuffer is a log that actors write and a test reads.
type lockedBuffer struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// TestRoomNamesStayOutOfTheLog: the name lets its reader in. It is told at the
// debug level only, whatever happens to the room.
func TestRoomNamesStayOutOfTheLog(t *testing.T) {
	const secret = "kut-mafo-wyp"
	for _, level := range []slog.Level{slog.LevelInfo, slog.LevelDebug} {
		t.Run(level.String(), func(t *testing.T) {
			log := &lockedBuffer{}
			run(t, Options{Faults: true, Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: level}))}, func(w *world) {
				ada, bob := w.join(secret, "Ada", 4), w.join(secret, "Bob", 4)
				ada.ok(&wire.Chat{Key: "1", Text: "hello"})
				_ = w.engine.PanicParticipant(secret, bob.id())
				w.settle()
				for range roomRestarts + 1 { // the last one closes the room
					_ = w.engine.PanicRoom(secret)
					w.settle()
				}
				w.join(secret, "Eve", 0).drop()
				w.advance(2 * time.Minute)
			})
			text := log.String()
			if n := strings.Count(text, secret); n > 0 != (level == slog.LevelDebug) {
				t.Errorf("the name stands %d times in the log at %s:\n%s", n, level, text)
			}
			if n := strings.Count(text, "room="+roomLabel(secret)); n < roomRestarts+4 {
				t.Errorf("the room is named %d times:\n%s", n, text)
			}
		})
	}
	if roomLabel(secret) == roomLabel("other") || len(roomLabel("")) != 8 {
		t.Errorf("labels %s, %s, %s", roomLabel(secret), roomLabel("other"), roomLabel(""))
	}
}
