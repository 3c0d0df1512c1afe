package bench

import (
	"fmt"
	"io"
	"os"
	"time"
)

// progress tells how a run goes: one line that is rewritten on a terminal,
// plain lines elsewhere.
type progress struct {
	out   io.Writer
	live  bool
	quiet bool
	dirty bool // the live line is shown
	last  time.Time
}

// plainEvery is the pace of repeated lines where they can not be rewritten.
const plainEvery = time.Second

func newProgress(out io.Writer, quiet bool) *progress {
	return &progress{out: out, quiet: quiet, live: isTerminal(out)}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// step prints a line that stays.
func (p *progress) step(format string, args ...any) {
	if p.quiet {
		return
	}
	p.clear()
	fmt.Fprintf(p.out, format+"\n", args...)
}

// tick shows how far something is.
func (p *progress) tick(format string, args ...any) {
	switch {
	case p.quiet:
	case p.live:
		fmt.Fprintf(p.out, "\r\x1b[K"+format, args...)
		p.dirty = true
	case time.Since(p.last) >= plainEvery*9/10:
		p.last = time.Now()
		fmt.Fprintf(p.out, format+"\n", args...)
	}
}

// clear takes the live line away.
func (p *progress) clear() {
	if p.dirty {
		fmt.Fprint(p.out, "\r\x1b[K")
		p.dirty = false
	}
}
