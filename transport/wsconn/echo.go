package wsconn

import (
	"encoding/binary"

	"github.com/gobwas/ws"

	"parley/engine/wire"
)

// Echo sends every message back: the handler for conformance suites, which
// so meet the very layer that meetings use. It takes binary messages too.
type Echo struct{}

// OnText sends msg back.
func (Echo) OnText(c *Conn, msg []byte) { c.Send(wire.NewFrame(msg)) }

// OnBinary sends msg back.
func (Echo) OnBinary(c *Conn, msg []byte) { c.send(binaryFrame(msg)) }

// OnClose does nothing.
func (Echo) OnClose(*Conn, error) {}

// binaryFrame makes one final, unmasked binary frame.
func binaryFrame(msg []byte) []byte {
	frame := make([]byte, 0, ws.MaxHeaderSize+len(msg))
	frame = append(frame, 0x80|byte(ws.OpBinary))
	switch n := len(msg); {
	case n < 126:
		frame = append(frame, byte(n))
	case n < 1<<16:
		frame = append(frame, 126)
		frame = binary.BigEndian.AppendUint16(frame, uint16(n))
	default:
		frame = append(frame, 127)
		frame = binary.BigEndian.AppendUint64(frame, uint64(n))
	}
	return append(frame, msg...)
}
