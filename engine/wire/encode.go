package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Message is what the server sends: one of the reply and event structs, as a
// pointer.
type Message interface {
	// kind is the value of "type"; it follows from the concrete type.
	kind() string
	setType(name string)
}

// Event is a Message the server sends unasked.
type Event interface {
	Message
	// SetSeq gives the event its place in the room's order, 0 for none.
	SetSeq(seq uint64)
}

// SetSeq gives the event its place in the room's order, 0 for none.
func (h *EventHead) SetSeq(seq uint64) { h.Seq = seq }

// encode returns maxHeader free bytes and m as JSON. Encoding the types of this
// package can only fail on numbers JSON does not have (NaN), which is our own bug
// and panics.
func encode(m Message) []byte {
	var b bytes.Buffer
	b.Grow(256)
	b.Write(make([]byte, maxHeader))
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // clients set text as text, never as HTML
	if err := enc.Encode(m); err != nil {
		panic(fmt.Sprintf("wire: encode %T: %v", m, err))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// Reply is a Message that answers a request.
type Reply interface {
	Message
	RequestID() int64
}

// OKTo answers request id with a bare OK.
func OKTo(id int64) *OK { return &OK{Head: Head{ID: id}} }

// ErrorTo refuses request id.
func ErrorTo(id int64, code Code, message string) *Error {
	return &Error{Head: Head{ID: id}, Code: code, Message: message}
}

// ParseMessage decodes what a server sent. It is for clients written in Go
// (the load tool, tests); unknown fields are ignored, an unknown type is an
// error.
func ParseMessage(text []byte) (Message, error) {
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, fmt.Errorf("wire: %w", err)
	}
	make, ok := newMessage[head.Type]
	if !ok {
		return nil, fmt.Errorf("wire: unknown message type %q", head.Type)
	}
	m := make()
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("wire: %s: %w", head.Type, err)
	}
	return m, nil
}
