package floor

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// WritePlan is the work of the plain write loop, the floor of the chat
// scenario: every period it writes one frame of Bytes bytes to each of the
// connections that have been made to it. With Durable it first does what a
// text that is to be on disk can not do without: one write to a file, and one
// fdatasync.
type WritePlan struct {
	Durable bool `json:"durable"`

	Conns    int   `json:"conns"`
	Bytes    int   `json:"bytes"` // of the text, without the frame's head
	PeriodNS int64 `json:"period_ns"`
}

// ServeWrites is the write loop's process: it prints its TCP port, reads a
// WritePlan from in, takes the connections, prints "ready", and writes until
// in ends.
func ServeWrites(in io.Reader, out io.Writer) error {
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	defer l.Close()
	fmt.Fprintln(out, l.Addr().(*net.TCPAddr).Port)
	dec := json.NewDecoder(in)
	var plan WritePlan
	if err = dec.Decode(&plan); err != nil {
		return fmt.Errorf("write plan: %w", err)
	}
	if plan.Conns < 1 || plan.Bytes < 1 || plan.Bytes > 65535 || plan.PeriodNS < 1 {
		return fmt.Errorf("write plan: out of range: %+v", plan)
	}
	w, err := newWriter(l, plan.Conns)
	if err != nil {
		return err
	}
	texts := &texts{out: w}
	if plan.Durable {
		if texts.disk, err = newLedger(); err != nil {
			return err
		}
	}
	fmt.Fprintln(out, "ready")
	go func() { // ends the process with its parent
		io.Copy(io.Discard, in)
		os.Exit(0)
	}()
	frame := textFrame(plan.Bytes)
	for next := time.Now(); ; {
		next = next.Add(time.Duration(plan.PeriodNS))
		time.Sleep(time.Until(next))
		if err := texts.deliver(frame); err != nil {
			return err
		}
	}
}

// texts is what a text goes through.
type texts struct {
	disk *ledger // nil: texts are not kept
	out  interface{ write(frame []byte) }
}

// deliver writes one text to every connection, but none that is to be kept
// before it is on disk: a server that keeps what it acknowledges may not either.
func (t *texts) deliver(frame []byte) error {
	if t.disk != nil {
		if err := t.disk.append(frame); err != nil {
			return err
		}
	}
	t.out.write(frame)
	return nil
}

// textFrame is a WebSocket text frame of n bytes of text.
func textFrame(n int) []byte {
	frame := []byte{0x81, byte(n)}
	if n > 125 {
		frame = []byte{0x81, 126, byte(n >> 8), byte(n)}
	}
	text := make([]byte, n)
	for i := range text {
		text[i] = 'x'
	}
	return append(frame, text...)
}

// Begin hands over the plan; the caller then makes the connections.
func (c *Child) Begin(plan *WritePlan) error {
	if err := json.NewEncoder(c.in).Encode(plan); err != nil {
		return fmt.Errorf("write plan: %w", err)
	}
	return nil
}
