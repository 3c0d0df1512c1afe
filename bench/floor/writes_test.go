package floor

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gobwas/ws"
)

// diary notes what happens to a text, in order.
type diary struct{ events []string }

func (d *diary) write(frame []byte) { d.events = append(d.events, "sent "+string(frame)) }

// ledgerIn makes a ledger whose syncs are noted, with what is in the file by
// then.
func ledgerIn(t *testing.T, d *diary, fails error) *ledger {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "ledger"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return &ledger{file: f, sync: func(f *os.File) error {
		data, err := os.ReadFile(f.Name())
		if err != nil {
			t.Error(err)
		}
		d.events = append(d.events, "synced "+string(bytes.Trim(data, "\x00")))
		return fails
	}}
}

// TestATextIsOnDiskBeforeItGoesOut: written, synced, and only then sent. A
// yardstick that did it the other way round would be no measure of a server that
// keeps what it acknowledges.
func TestATextIsOnDiskBeforeItGoesOut(t *testing.T) {
	d := new(diary)
	texts := &texts{disk: ledgerIn(t, d, nil), out: d}
	for _, text := range []string{"one.", "two."} {
		if err := texts.deliver([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"synced one.", "sent one.", "synced one.two.", "sent two."}; !slices.Equal(d.events, want) {
		t.Errorf("%q, want %q", d.events, want)
	}
}

func TestATextThatIsNotOnDiskDoesNotGoOut(t *testing.T) {
	d, full := new(diary), errors.New("disk full")
	err := (&texts{disk: ledgerIn(t, d, full), out: d}).deliver([]byte("one."))
	if !errors.Is(err, full) || !slices.Equal(d.events, []string{"synced one."}) {
		t.Errorf("%v, %q", err, d.events)
	}
	d = new(diary)
	disk := ledgerIn(t, d, nil)
	disk.file.Close()
	if err = (&texts{disk: disk, out: d}).deliver([]byte("one.")); err == nil || len(d.events) != 0 {
		t.Errorf("%v, %q", err, d.events)
	}
}

func TestATextThatNeedNotBeKeptIsOnlySent(t *testing.T) {
	d := new(diary)
	if err := (&texts{out: d}).deliver([]byte("one.")); err != nil || !slices.Equal(d.events, []string{"sent one."}) {
		t.Errorf("%v, %q", err, d.events)
	}
}

// TestTheLedgerDoesNotGrow: a sync of a file that grows costs more than one
// entry's.
func TestTheLedgerDoesNotGrow(t *testing.T) {
	l, err := newLedger()
	if err != nil {
		t.Fatal(err)
	}
	defer l.file.Close()
	syncs := 0
	l.sync = func(*os.File) error { syncs++; return nil }
	entry := bytes.Repeat([]byte("x"), ledgerSize/4-1)
	for i := range 9 {
		entry[0] = byte('a' + i)
		if err := l.append(entry); err != nil {
			t.Fatal(err)
		}
	}
	info, err := l.file.Stat()
	if err != nil || info.Size() != ledgerSize || syncs != 9 {
		t.Errorf("%v bytes, %d syncs, %v", info.Size(), syncs, err)
	}
	first := make([]byte, 1)
	if _, err = l.file.ReadAt(first, 0); err != nil || first[0] != 'i' {
		t.Errorf("the third round begins with %q, %v", first, err)
	}
	if _, err := os.Stat(l.file.Name()); err == nil {
		t.Error("the ledger is left in the folder for temporary files")
	}
}

func TestTextFrameIsAWebSocketFrame(t *testing.T) {
	for _, n := range []int{1, 125, 126, 127, 4000, 65535} {
		r := bytes.NewReader(textFrame(n))
		f, err := ws.ReadFrame(r)
		if err != nil || f.Header.OpCode != ws.OpText || !f.Header.Fin || f.Header.Masked || len(f.Payload) != n || r.Len() != 0 {
			t.Errorf("%d bytes: %+v with %d, %d left, %v", n, f.Header, len(f.Payload), r.Len(), err)
		}
	}
}

// TestHelpersRefuseBadPlans: before they begin, with their port told.
func TestHelpersRefuseBadPlans(t *testing.T) {
	serve := map[string]func(io.Reader, io.Writer) error{"forward": ServeForward, "write": ServeWrites}
	for _, c := range []struct{ helper, plan string }{
		{"forward", ""}, {"forward", "x"}, {"forward", `{"publishers":[{"streams":[{"to":[{"dest":-1}]}]}]}`},
		{"forward", `{"publishers":[{"streams":[{"to":[{"dest":0}]}]}]}`},
		{"write", ""}, {"write", "[]"}, {"write", `{"conns":0,"bytes":1,"period_ns":1}`},
		{"write", `{"conns":1,"bytes":0,"period_ns":1}`}, {"write", `{"conns":1,"bytes":65536,"period_ns":1}`},
		{"write", `{"conns":1,"bytes":1,"period_ns":0}`},
	} {
		var out strings.Builder
		err := serve[c.helper](strings.NewReader(c.plan), &out)
		var port int
		if _, scan := fmt.Sscanln(out.String(), &port); err == nil || scan != nil || port == 0 || strings.Contains(out.String(), "ready") {
			t.Errorf("%s with %q: %v, said %q", c.helper, c.plan, err, out.String())
		}
	}
}
