package wsconn

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/gobwas/ws"
)

// rfcCase is one conversation with an echo server: what the client sends, and
// what it must get back. Every case ends with a close frame: cases that break
// no rule get one appended.
type rfcCase struct {
	name string
	send []byte
	want []string // "text hello", "binary x", "pong x", "close 1002"
}

// ok makes a case in which everything is allowed.
func ok(name string, send []byte, want ...string) rfcCase {
	return rfcCase{name, append(send[:len(send):len(send)], closing(1000, "")...), append(want, "close 1000")}
}

// bad makes a case that ends with status after want.
func bad(name string, status int, send []byte, want ...string) rfcCase {
	return rfcCase{name, append(send[:len(send):len(send)], text("must be ignored")...), append(want, fmt.Sprintf("close %d", status))}
}

func cat(parts ...[]byte) (all []byte) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// withRsv sets the reserved bits of a frame.
func withRsv(rsv int, frame []byte) []byte {
	frame[0] |= byte(rsv << 4)
	return frame
}

// unmasked makes a frame as only servers may send it.
func unmasked(op ws.OpCode, data string) []byte {
	return ws.MustCompileFrame(ws.NewFrame(op, true, []byte(data)))
}

// withLength makes a masked frame whose length is written in size bytes (0:
// in the 7 bits), whatever it should be.
func withLength(op ws.OpCode, size int, length uint64, data string) []byte {
	f := []byte{0x80 | byte(op), 0x80 | byte(length&0x7f)}
	switch size {
	case 2:
		f[1] = 0x80 | 126
		f = binary.BigEndian.AppendUint16(f, uint16(length))
	case 8:
		f[1] = 0x80 | 127
		f = binary.BigEndian.AppendUint64(f, length)
	}
	return append(append(f, 0, 0, 0, 0), data...)
}

func withMask(mask [4]byte, data string) []byte {
	return ws.MustCompileFrame(ws.MaskFrameWith(ws.NewTextFrame([]byte(data)), mask))
}

// rfcCases are all cases.
func rfcCases() []rfcCase {
	var all []rfcCase
	for _, group := range [][]rfcCase{
		sizeCases(), controlCases(), reservedCases(), maskCases(), lengthCases(),
		fragmentCases(), validTextCases(), invalidTextCases(), closeCases(),
	} {
		all = append(all, group...)
	}
	return all
}

func sizeCases() (all []rfcCase) {
	for _, n := range []int{0, 1, 2, 15, 16, 17, 124, 125, 126, 127, 128, 1000, 4095, 4096, 4097, 65534, 65535, 65536, 65537, 384 << 10} {
		data := strings.Repeat("*", n)
		all = append(all,
			ok(fmt.Sprintf("text of %d", n), text(data), "text "+data),
			ok(fmt.Sprintf("binary of %d", n), masked(ws.OpBinary, true, data), "binary "+data))
	}
	large := strings.Repeat("*", 384<<10+1)
	return append(all,
		bad("text over the limit", 1009, text(large)),
		bad("binary over the limit", 1009, masked(ws.OpBinary, true, large)),
		bad("fragments over the limit", 1009, cat(masked(ws.OpText, false, large[:200<<10]), masked(ws.OpContinuation, true, large[:200<<10]))),
		bad("declared 2^63-1", 1009, withLength(ws.OpText, 8, 1<<63-1, "")),
		bad("declared 2^40 in a fragment", 1009, cat(masked(ws.OpText, false, "x"), withLength(ws.OpContinuation, 8, 1<<40, ""))),
		ok("many messages", cat(text("a"), text("b"), text("c"), masked(ws.OpBinary, true, "d")), "text a", "text b", "text c", "binary d"))
}

func controlCases() (all []rfcCase) {
	for _, n := range []int{0, 1, 8, 63, 124, 125} {
		data := strings.Repeat("p", n)
		all = append(all,
			ok(fmt.Sprintf("ping of %d", n), masked(ws.OpPing, true, data), "pong "+data),
			ok(fmt.Sprintf("unasked pong of %d", n), cat(masked(ws.OpPong, true, data), text("x")), "text x"))
	}
	for _, op := range []ws.OpCode{ws.OpPing, ws.OpPong, ws.OpClose} {
		all = append(all,
			bad(fmt.Sprintf("control %x of 126", op), 1002, masked(op, true, strings.Repeat("p", 126))),
			bad(fmt.Sprintf("control %x of 70000", op), 1002, masked(op, true, strings.Repeat("p", 70000))),
			bad(fmt.Sprintf("control %x in fragments", op), 1002, cat(masked(op, false, "a"), masked(ws.OpContinuation, true, "b"))),
			bad(fmt.Sprintf("control %x in fragments within a text", op), 1002, cat(masked(ws.OpText, false, "a"), masked(op, false, "b"))))
	}
	return append(all,
		ok("ping with bytes that are no text", masked(ws.OpPing, true, "\x00\xff\xfe"), "pong \x00\xff\xfe"),
		ok("ten pings", cat(masked(ws.OpPing, true, "0"), masked(ws.OpPing, true, "1"), masked(ws.OpPing, true, "2")), "pong 0", "pong 1", "pong 2"),
		ok("ping and text", cat(masked(ws.OpPing, true, "0"), text("x"), masked(ws.OpPing, true, "1")), "pong 0", "text x", "pong 1"))
}

func reservedCases() (all []rfcCase) {
	for rsv := 1; rsv < 8; rsv++ {
		for _, op := range []ws.OpCode{ws.OpText, ws.OpBinary, ws.OpPing, ws.OpPong, ws.OpClose} {
			all = append(all, bad(fmt.Sprintf("rsv %d with opcode %x", rsv, op), 1002, withRsv(rsv, masked(op, true, "")), nil...))
		}
		all = append(all, bad(fmt.Sprintf("rsv %d in a continuation", rsv), 1002,
			cat(text("good"), masked(ws.OpText, false, "a"), withRsv(rsv, masked(ws.OpContinuation, true, "b"))), "text good"))
	}
	for op := ws.OpCode(0); op < 16; op++ {
		if !op.IsReserved() {
			continue
		}
		all = append(all,
			bad(fmt.Sprintf("opcode %x, empty", op), 1002, masked(op, true, "")),
			bad(fmt.Sprintf("opcode %x, with payload", op), 1002, masked(op, true, "x")),
			bad(fmt.Sprintf("opcode %x after a text", op), 1002, cat(text("good"), masked(op, true, "x")), "text good"),
			bad(fmt.Sprintf("opcode %x within a text", op), 1002, cat(masked(ws.OpText, false, "a"), masked(op, true, "x"))))
	}
	return all
}

func maskCases() (all []rfcCase) {
	for _, op := range []ws.OpCode{ws.OpText, ws.OpBinary, ws.OpPing, ws.OpPong, ws.OpClose} {
		all = append(all,
			bad(fmt.Sprintf("opcode %x without mask", op), 1002, unmasked(op, "")),
			bad(fmt.Sprintf("opcode %x without mask, with payload", op), 1002, unmasked(op, "xyz")))
	}
	all = append(all, bad("continuation without mask", 1002, cat(masked(ws.OpText, false, "a"), unmasked(ws.OpContinuation, "b"))))
	for _, mask := range [][4]byte{{}, {0xff, 0xff, 0xff, 0xff}, {1, 2, 3, 4}, {0x80, 0, 0, 0}, {0, 0, 0, 1}} {
		for _, n := range []int{3, 37} {
			data := strings.Repeat("m", n)
			all = append(all, ok(fmt.Sprintf("mask %x over %d", mask, n), withMask(mask, data), "text "+data))
		}
	}
	return all
}

func lengthCases() (all []rfcCase) {
	for _, op := range []ws.OpCode{ws.OpText, ws.OpBinary, ws.OpPing} {
		for _, c := range []struct {
			size   int
			length uint64
		}{{2, 0}, {2, 1}, {2, 125}, {8, 0}, {8, 125}, {8, 126}, {8, 65535}, {8, 1 << 63}, {8, 1<<64 - 1}} {
			data := strings.Repeat("x", int(min(c.length, 200)))
			all = append(all, bad(fmt.Sprintf("opcode %x, length %d in %d bytes", op, c.length, c.size), 1002, withLength(op, c.size, c.length, data)))
		}
	}
	return all
}

func fragmentCases() []rfcCase {
	text := func(fin bool, s string) []byte { return masked(ws.OpText, fin, s) }
	more := func(fin bool, s string) []byte { return masked(ws.OpContinuation, fin, s) }
	ping := func(s string) []byte { return masked(ws.OpPing, true, s) }
	var each [][]byte
	const sentence = "every byte may arrive alone"
	for i := range len(sentence) {
		op := ws.OpContinuation
		if i == 0 {
			op = ws.OpText
		}
		each = append(each, masked(op, i == len(sentence)-1, sentence[i:i+1]), ping("p"))
	}
	pongs := make([]string, 0, len(sentence)+1)
	for range len(sentence) - 1 {
		pongs = append(pongs, "pong p")
	}
	pongs = append(pongs, "text "+sentence, "pong p")
	empty := make([][]byte, 0, 1023)
	for range 1022 {
		empty = append(empty, more(false, ""))
	}
	return []rfcCase{
		ok("two fragments", cat(text(false, "ab"), more(true, "cd")), "text abcd"),
		ok("three fragments", cat(text(false, "ab"), more(false, "cd"), more(true, "ef")), "text abcdef"),
		ok("first empty", cat(text(false, ""), more(true, "cd")), "text cd"),
		ok("last empty", cat(text(false, "ab"), more(true, "")), "text ab"),
		ok("all empty", cat(text(false, ""), more(false, ""), more(true, "")), "text "),
		ok("1024 frames", cat(text(false, "a"), cat(empty...), more(true, "b")), "text ab"),
		bad("1025 frames", 1008, cat(text(false, "a"), cat(empty...), more(false, ""), more(true, "b"))),
		ok("ping between", cat(text(false, "ab"), ping("x"), more(true, "cd")), "pong x", "text abcd"),
		ok("pings between", cat(text(false, "ab"), ping("x"), ping("y"), more(false, "cd"), ping("z"), more(true, "ef")), "pong x", "pong y", "pong z", "text abcdef"),
		ok("each byte alone, with pings", cat(each...), pongs...),
		ok("two messages in fragments", cat(text(false, "a"), more(true, "b"), text(false, "c"), more(true, "d")), "text ab", "text cd"),
		ok("binary in fragments", cat(masked(ws.OpBinary, false, "\xff"), more(true, "\xfe")), "binary \xff\xfe"),
		ok("text after binary in fragments", cat(masked(ws.OpBinary, false, "\xff"), more(true, ""), text(true, "x")), "binary \xff", "text x"),
		ok("large fragments", cat(text(false, strings.Repeat("a", 70000)), more(true, strings.Repeat("b", 70000))), "text "+strings.Repeat("a", 70000)+strings.Repeat("b", 70000)),
		bad("continuation of nothing", 1002, more(true, "x")),
		bad("continuation of nothing, not final", 1002, more(false, "x")),
		bad("continuation after a message", 1002, cat(text(true, "a"), more(true, "x")), "text a"),
		bad("continuation after the last", 1002, cat(text(false, "a"), more(true, "b"), more(true, "c")), "text ab"),
		bad("text within a text", 1002, cat(text(false, "a"), text(true, "b"))),
		bad("text within a text, not final", 1002, cat(text(false, "a"), text(false, "b"))),
		bad("binary within a text", 1002, cat(text(false, "a"), masked(ws.OpBinary, true, "b"))),
		bad("text within a binary", 1002, cat(masked(ws.OpBinary, false, "a"), text(true, "b"))),
		ok("close within a text", text(false, "a")),
	}
}

func validTextCases() (all []rfcCase) {
	for _, s := range []string{
		"Hello-µ@ßöäüàá-UTF-8!!", "κόσμε", "\x00", "\x7f", "\u0080", "\u07ff", "\u0800", "\uffff", "\U00010000", "\U0010ffff",
		"\ud7ff", "\ue000", "\ufffd", "\ufffe", "\U0001fffe", "😀😀", "a😀", "ä", "\u200d", "中文会议", "\ufeff",
	} {
		all = append(all, ok(fmt.Sprintf("text %+q", s), text(s), "text "+s))
		if len(s) > 1 {
			all = append(all, ok(fmt.Sprintf("text %+q, each byte a fragment", s), inFragments(s), "text "+s))
		}
	}
	return all
}

// inFragments makes a message with one byte per frame.
func inFragments(s string) (all []byte) {
	for i := range len(s) {
		op := ws.OpContinuation
		if i == 0 {
			op = ws.OpText
		}
		all = append(all, masked(op, i == len(s)-1, s[i:i+1])...)
	}
	return all
}

func invalidTextCases() (all []rfcCase) {
	for _, s := range []string{
		"\x80", "\xbf", "\x80\xbf", "\xc0", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xdf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xe0\xa0",
		"\xed\xa0\x80", "\xed\xaf\xbf", "\xed\xb0\x80", "\xed\xbf\xbf", "\xef\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80",
		"\xf4\x90\x80\x80", "\xf5", "\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80", "\xfe", "\xff", "good\xffbad", "κόσμ\xed\xa0\x80edited", "ends with half \xf0\x9f\x98",
	} {
		all = append(all, bad(fmt.Sprintf("text %+q", s), 1007, text(s)))
		if len(s) > 1 {
			all = append(all, bad(fmt.Sprintf("text %+q, each byte a fragment", s), 1007, inFragments(s)))
		}
	}
	return append(all,
		// The rest never comes: the error is in what is there.
		bad("fails with the first bad byte", 1007, text("bad \xf4\x90" + strings.Repeat("x", 1000))[:20]),
		bad("fails before the last fragment", 1007, cat(masked(ws.OpText, false, "\xce\xba\xff"), masked(ws.OpContinuation, false, "x"))))
}

func closeCases() (all []rfcCase) {
	for _, status := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999} {
		all = append(all, rfcCase{fmt.Sprintf("close with %d", status), closing(status, ""), []string{fmt.Sprintf("close %d", status)}})
	}
	for _, status := range []int{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535} {
		all = append(all, bad(fmt.Sprintf("close with %d", status), 1002, closing(status, "")))
	}
	return append(all,
		rfcCase{"close without status", masked(ws.OpClose, true, ""), []string{"close 1005"}},
		rfcCase{"close with a reason", closing(1000, "tschüß"), []string{"close 1000"}},
		rfcCase{"close with the longest reason", closing(1000, strings.Repeat("r", 123)), []string{"close 1000"}},
		rfcCase{"text after close", cat(closing(1000, ""), text("x")), []string{"close 1000"}},
		rfcCase{"ping after close", cat(closing(1000, ""), masked(ws.OpPing, true, "x")), []string{"close 1000"}},
		rfcCase{"two closes", cat(closing(1000, ""), closing(1001, "")), []string{"close 1000"}},
		rfcCase{"garbage after close", cat(closing(1000, ""), []byte("\xff\xff\xff\xff")), []string{"close 1000"}},
		bad("close with half a status", 1002, masked(ws.OpClose, true, "\x03")),
		bad("close with a reason that is no text", 1007, closing(1000, "\xff\xfe")),
		bad("close with half a character", 1007, closing(1000, "\xf0\x9f")))
}
