package wire

import (
	"reflect"
	"slices"
	"strings"
)

// What follows from the lists in requests.go, replies.go and events.go.

// requestKind says how one type of request is made and decoded.
type requestKind struct {
	name     string // the value of "type"
	make     func() checked
	most     int      // bytes it may have
	required []string // fields
	fields   map[string]bool
}

// checked is a request that knows its own bounds. check also brings names and
// texts into their canonical form.
type checked interface {
	Request
	head() *Head
	check() *RequestError
}

// request is the kind of request T, of at most so many bytes.
func request[T any, P interface {
	*T
	checked
}](most int, required ...string) requestKind {
	return requestKind{
		name: P(new(T)).RequestType(), make: func() checked { return P(new(T)) },
		most: most, required: required, fields: jsonFields(reflect.TypeFor[T]()),
	}
}

// jsonFields returns the JSON names of a struct's fields.
func jsonFields(t reflect.Type) map[string]bool {
	names := make(map[string]bool)
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			names[name] = true
		}
	}
	return names
}

// requestKinds are requests by name.
var requestKinds = func() map[string]requestKind {
	all := make(map[string]requestKind, len(requests))
	for _, kind := range requests {
		all[kind.name] = kind
	}
	return all
}()

// RequestTypes lists every request type in the order of PROTOCOL.md.
func RequestTypes() []string {
	names := make([]string, len(requests))
	for i, kind := range requests {
		names[i] = kind.name
	}
	return names
}

// messageKind is a type of server message.
type messageKind struct {
	name string // the value of "type"
	make func() Message
}

// message is the kind of server message T.
func message[T any, P interface {
	*T
	Message
}]() messageKind {
	return messageKind{P(new(T)).kind(), func() Message { return P(new(T)) }}
}

// newMessage makes an empty server message of each type.
var newMessage = func() map[string]func() Message {
	all := make(map[string]func() Message, len(replies)+len(events))
	for _, kind := range slices.Concat(replies[:], events[:]) {
		all[kind.name] = kind.make
	}
	return all
}()
