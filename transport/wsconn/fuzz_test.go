package wsconn

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

var fuzzBounds = bounds{message: 1 << 10, fragments: 8, binary: true}

// FuzzParser compares the incremental parser, fed in arbitrary pieces, with a
// reader that sees everything at once.
func FuzzParser(f *testing.F) {
	for i, c := range rfcCases() {
		if len(c.send) < 2048 && i%3 == 0 {
			f.Add(c.send, []byte{1, 3, 0, byte(i)})
		}
	}
	f.Fuzz(func(t *testing.T, data, pieces []byte) {
		want := reference(bytes.Clone(data))
		got := incremental(bytes.Clone(data), pieces)
		if !slicesEqual(got, want) {
			t.Fatalf("in pieces %v: %q\nat once: %q", pieces, got, want)
		}
	})
}

// incremental feeds data in pieces whose sizes are in pieces, again and again.
func incremental(data, pieces []byte) (found []string) {
	var p parser
	held := 0
	for i := 0; len(data) > 0; i++ {
		size := len(data)
		if len(pieces) > 0 {
			size = min(int(pieces[i%len(pieces)])+1, size)
		}
		piece := data[:size:size]
		data = data[size:]
		for len(piece) > 0 {
			what, payload, n, err := p.next(piece, fuzzBounds)
			if n <= 0 || n > len(piece) {
				return append(found, fmt.Sprintf("took %d of %d bytes", n, len(piece)))
			}
			piece = piece[n:]
			if err != nil {
				return append(found, fmt.Sprintf("error %d", err.(*CloseError).Status))
			}
			if what != kindNone {
				found = append(found, fmt.Sprintf("%d %q", what, payload))
			}
			if held = p.held(); held > bufferSmall+1024 {
				return append(found, fmt.Sprintf("holds %d bytes", held))
			}
		}
	}
	p.release()
	if p.idle() && p.held() != 0 {
		found = append(found, "holds memory when idle")
	}
	return found
}

// reference reads frame by frame with gobwas' blocking reader.
func reference(data []byte) (found []string) {
	r := bytes.NewReader(data)
	var op ws.OpCode
	var message []byte
	frames := 0
	for {
		start := len(data) - r.Len()
		h, err := ws.ReadHeader(r)
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			return found
		case err != nil:
			return append(found, "error 1002")
		}
		if status := referenceCheck(h, op, data[start], data[start+1], len(message), frames); status != 0 {
			return append(found, fmt.Sprintf("error %d", status))
		}
		payload := make([]byte, min(h.Length, int64(r.Len())))
		_, _ = r.Read(payload) // an empty one at the end is io.EOF
		ws.Cipher(payload, h.Mask, 0)
		whole := int64(len(payload)) == h.Length
		if h.OpCode.IsControl() {
			if !whole {
				return found
			}
			kind := map[ws.OpCode]kind{ws.OpPing: kindPing, ws.OpPong: kindPong, ws.OpClose: kindClose}[h.OpCode]
			if kind == kindClose {
				if status := referenceClose(payload); status != 0 {
					return append(found, fmt.Sprintf("error %d", status))
				}
			}
			found = append(found, fmt.Sprintf("%d %q", kind, payload))
			continue
		}
		if h.OpCode != ws.OpContinuation {
			op, message, frames = h.OpCode, nil, 0
		}
		frames++
		message = append(message, payload...)
		if op == ws.OpText && !referenceText(message, whole && h.Fin) {
			return append(found, "error 1007")
		}
		if !whole {
			return found
		}
		if h.Fin {
			kind := map[ws.OpCode]kind{ws.OpText: kindText, ws.OpBinary: kindBinary}[op]
			found = append(found, fmt.Sprintf("%d %q", kind, message))
			op, message = 0, nil
		}
	}
}

// referenceCheck returns the status for a header that is not allowed, 0 for
// one that is.
func referenceCheck(h ws.Header, op ws.OpCode, first, second byte, have, frames int) int {
	length := second & 0x7f
	minimal := length < 126 || length == 126 && h.Length > 125 || length == 127 && h.Length > 65535
	switch {
	case !minimal, first&0x70 != 0, second&0x80 == 0, h.OpCode.IsReserved():
		return 1002
	case h.OpCode.IsControl():
		if !h.Fin || h.Length > 125 {
			return 1002
		}
		return 0
	case (h.OpCode == ws.OpContinuation) != (op != 0):
		return 1002
	}
	if h.OpCode != ws.OpContinuation {
		have, frames = 0, 0
	}
	switch {
	case h.Length > int64(fuzzBounds.message-have):
		return 1009
	case frames+1 > fuzzBounds.fragments:
		return 1008
	}
	return 0
}

func referenceClose(p []byte) int {
	switch {
	case len(p) == 0:
		return 0
	case len(p) == 1:
		return 1002
	case !utf8.Valid(p[2:]):
		return 1007
	}
	status := int(p[0])<<8 | int(p[1])
	switch {
	case status >= 3000 && status <= 4999,
		status >= 1000 && status <= 1014 && status != 1004 && status != 1005 && status != 1006:
		return 0
	}
	return 1002
}

// referenceText reports whether b is text, or the beginning of one.
func referenceText(b []byte, whole bool) bool {
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			return !whole && !utf8.FullRune(b)
		}
		b = b[size:]
	}
	return true
}

// FuzzUTF8 compares the incremental check with the standard library's.
func FuzzUTF8(f *testing.F) {
	f.Add([]byte("κόσμε😀"), uint8(1))
	f.Add([]byte("\xed\xa0\x80"), uint8(2))
	f.Add([]byte("\xf4\x90\x80\x80"), uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, size uint8) {
		var s utf8State
		valid := true
		for rest := data; len(rest) > 0 && valid; {
			n := min(int(size)+1, len(rest))
			valid = s.take(rest[:n])
			rest = rest[n:]
		}
		if got, want := valid && s.whole(), utf8.Valid(data); got != want {
			t.Fatalf("%q in pieces of %d: %v, want %v", data, int(size)+1, got, want)
		}
	})
}
