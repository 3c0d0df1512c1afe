package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"
)

// RequestError says why a message was refused. The connection lives on.
type RequestError struct {
	Code Code
	// ID is the request's id, 0 if it could not be read.
	ID int64
	// Message is for developers, in English.
	Message string
}

func (e *RequestError) Error() string { return fmt.Sprintf("%s: %s", e.Code, e.Message) }

func refuse(code Code, format string, args ...any) *RequestError {
	return &RequestError{Code: code, Message: fmt.Sprintf(format, args...)}
}

// ParseRequest decodes and checks one message of a client. It returns a pointer
// to one of the request structs, or a *RequestError. Size, UTF-8 and nesting
// are checked before anything is decoded; unknown fields are ignored; null is
// a missing field; a field whose name is a known one in another case is refused;
// an integer may be written as a fraction or with an exponent. data is not kept.
func ParseRequest(data []byte) (Request, error) {
	if bad := checkShape(data); bad != nil {
		bad.ID = PeekID(data)
		return nil, bad
	}
	size := len(data)
	data = plainNumbers(data)
	fields, bad := readFields(data)
	if bad != nil {
		bad.ID = PeekID(data)
		return nil, bad
	}
	id, typ, bad := readHead(fields)
	if bad == nil {
		var req Request
		if req, bad = decode(Head{typ, id}, fields, data, size); bad == nil {
			return req, nil
		}
	}
	bad.ID = id
	return nil, bad
}

// CheckRequest checks a request that a door made of something else than JSON, and
// brings it into its canonical form: what it lets pass ParseRequest would take, too.
// It is to be asked once, for it folds a room's name. size is about what the request
// takes on the wire. The error is a *RequestError.
func CheckRequest(req Request) (size int, err error) {
	kind, known := requestKinds[req.RequestType()]
	r, ours := req.(checked)
	if !known || !ours {
		return 0, &RequestError{CodeUnknownType, req.RequestID(), "no such request"}
	}
	size, valid := textSize(reflect.ValueOf(req))
	bad := (*RequestError)(nil)
	switch id := req.RequestID(); {
	case id < 1 || id > MaxID:
		return 0, refuse(CodeBadField, "id is not an integer from 1 to 2^53-1")
	case size > kind.most:
		bad = refuse(CodeTooLarge, "%d bytes; the limit for %s is %d", size, kind.name, kind.most)
	case !valid:
		bad = refuse(CodeBadField, "not UTF-8")
	default:
		r.head().Type = kind.name
		bad = r.check()
	}
	if bad != nil {
		bad.ID = req.RequestID()
		return size, bad
	}
	return size, nil
}

// textSize returns how many bytes the strings in v have, and whether all are UTF-8.
func textSize(v reflect.Value) (size int, valid bool) {
	valid = true
	add := func(v reflect.Value) {
		n, ok := textSize(v)
		size, valid = size+n, valid && ok
	}
	switch v.Kind() {
	case reflect.String:
		return v.Len(), utf8.ValidString(v.String())
	case reflect.Pointer:
		add(v.Elem())
	case reflect.Struct:
		for _, field := range v.Fields() {
			add(field)
		}
	case reflect.Slice:
		for _, item := range v.Seq2() {
			add(item)
		}
	case reflect.Map:
		for key, item := range v.Seq2() {
			add(key)
			add(item)
		}
	}
	return size, valid
}

// checkShape checks size, UTF-8 and nesting.
func checkShape(data []byte) *RequestError {
	if len(data) > MaxMessage {
		return refuse(CodeTooLarge, "%d bytes; the limit is %d", len(data), MaxMessage)
	}
	if !utf8.Valid(data) {
		return refuse(CodeBadJSON, "not UTF-8")
	}
	if depth(data) > MaxDepth {
		return refuse(CodeTooDeep, "nested deeper than %d", MaxDepth)
	}
	return nil
}

// readFields takes the object apart.
func readFields(data []byte) (fields map[string]json.RawMessage, bad *RequestError) {
	if trimmed := bytes.TrimLeft(data, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return nil, refuse(CodeBadJSON, "not a JSON object")
	}
	if err := json.Unmarshal(data, &fields); err != nil {
		return nil, refuse(CodeBadJSON, "%.200s", err.Error())
	}
	return fields, nil
}

// readHead returns id and type. The id is 0 with an error.
func readHead(fields map[string]json.RawMessage) (id int64, typ string, bad *RequestError) {
	raw, ok := fields["id"]
	if !ok || isNull(raw) {
		return 0, "", refuse(CodeMissingField, "id is missing")
	}
	if err := json.Unmarshal(raw, &id); err != nil || id < 1 || id > MaxID {
		return 0, "", refuse(CodeBadField, "id is not an integer from 1 to 2^53-1")
	}
	raw, ok = fields["type"]
	if !ok || isNull(raw) {
		return id, "", refuse(CodeMissingField, "type is missing")
	}
	if err := json.Unmarshal(raw, &typ); err != nil {
		return id, "", refuse(CodeBadField, "type is not a string")
	}
	return id, typ, nil
}

// decode fills the struct that head names from data, whose fields are known.
// size is what the message took on the wire.
func decode(head Head, fields map[string]json.RawMessage, data []byte, size int) (Request, *RequestError) {
	kind, ok := requestKinds[head.Type]
	if !ok {
		return nil, refuse(CodeUnknownType, "unknown type %.40q", head.Type)
	}
	if size > kind.most {
		return nil, refuse(CodeTooLarge, "%d bytes; the limit for %s is %d", size, head.Type, kind.most)
	}
	for _, name := range kind.required {
		if raw, ok := fields[name]; !ok || isNull(raw) {
			return nil, refuse(CodeMissingField, "%s is missing", name)
		}
	}
	req := kind.make()
	if name := otherCase(fields, kind.fields); name != "" {
		return nil, refuse(CodeBadField, "%.40q is the name of a field in another case", name)
	}
	if err := json.Unmarshal(data, req); err != nil {
		return nil, refuse(CodeBadField, "%.200s", err.Error())
	}
	*req.head() = head // what was checked, whatever Unmarshal took for it
	if bad := req.check(); bad != nil {
		return nil, bad
	}
	return req, nil
}

// otherCase returns a field that differs from one of names in case only, or "".
// json.Unmarshal would take it for that one, past the checks of what is there.
func otherCase(fields map[string]json.RawMessage, names map[string]bool) string {
	for field := range fields {
		if names[field] {
			continue
		}
		for name := range names {
			if strings.EqualFold(field, name) {
				return field
			}
		}
	}
	return ""
}

func isNull(raw json.RawMessage) bool { return bytes.Equal(raw, []byte("null")) }

// depth returns how deep data nests, reading no further than MaxDepth+1.
// Brackets in strings do not count; whether they match is the decoder's
// matter, for which the deepest point is enough.
func depth(data []byte) int {
	now, deepest := 0, 0
	inString := false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case inString:
			switch c {
			case '\\':
				i++
			case '"':
				inString = false
			}
		case c == '"':
			inString = true
		case c == '{' || c == '[':
			now++
			if now > deepest {
				if deepest = now; deepest > MaxDepth {
					return deepest
				}
			}
		case c == '}' || c == ']':
			now--
		}
	}
	return deepest
}
