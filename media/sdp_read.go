package media

import (
	"strconv"
	"strings"
)

// description is the text of an offer, cut at its lines (RFC 8866 §5). Only
// what an answer needs is kept: the lines of type a and m.
type description struct {
	session  attributes
	sections []mediaLines
}

// mediaLines are an m= line and the attributes below it.
type mediaLines struct {
	media   string // "audio", "video" …
	port    uint16
	proto   string // "UDP/TLS/RTP/SAVPF" …
	formats []string
	attributes
}

// attribute is one a= line, without the "a=". Value is empty for a property.
type attribute struct{ Key, Value string }

// attributes is an attribute list with look-ups.
type attributes []attribute

func (as attributes) get(key string) (string, bool) {
	for _, a := range as {
		if a.Key == key {
			return a.Value, true
		}
	}
	return "", false
}

func (as attributes) has(key string) bool { _, ok := as.get(key); return ok }

// readDescription cuts a text at its lines. They may end in CR LF, LF or CR,
// the last one in nothing, and stand in another order than RFC 8866 §5 has
// them: what comes before the first m= line belongs to the session. It refuses
// a text that does not begin with v=0, a line that is not of the form "x=…", and
// an m= line that could not be mirrored in an answer.
func readDescription(text string) (*description, *SDPError) {
	d := &description{}
	all := make(attributes, 0, min(strings.Count(text, "\na="), MaxSDPLines))
	began := 0 // the attributes of the part at hand, in all
	end := func() {
		part := all[began:len(all):len(all)]
		if n := len(d.sections); n > 0 {
			d.sections[n-1].attributes = part
		} else {
			d.session = part
		}
		began = len(all)
	}
	first := true
	for line := range lines(text) {
		if len(line) < 2 || line[0] < 'a' || line[0] > 'z' || line[1] != '=' {
			return nil, sdpErrorf(SDPBad, "not a line of a session description: %.40q", line)
		}
		value := strings.TrimRight(line[2:], " \t")
		switch {
		case first:
			if line[0] != 'v' || value != "0" {
				return nil, sdpErrorf(SDPBad, "it does not begin with v=0")
			}
			first = false
		case line[0] == 'a':
			key, rest, _ := strings.Cut(value, ":")
			all = append(all, attribute{key, rest})
		case line[0] == 'm':
			end()
			m, ok := readMediaLine(value)
			if !ok {
				return nil, sdpErrorf(SDPBad, "malformed: %.40q", line)
			}
			d.sections = append(d.sections, m)
		}
	}
	end()
	return d, nil
}

// lines yields the lines of a text without what ends them; empty ones are left
// out.
func lines(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for len(text) > 0 {
			line, rest := text, ""
			if i := strings.IndexAny(text, "\r\n"); i >= 0 {
				line, rest = text[:i], text[i+1:]
			}
			if text = rest; line != "" && !yield(line) {
				return
			}
		}
	}
}

// readMediaLine reads what follows "m=". ok is false if it is not of the form
// "media port[/count] proto format …", or holds what is no token.
func readMediaLine(s string) (m mediaLines, ok bool) {
	f := strings.Fields(s)
	if len(f) < 3 {
		return m, false
	}
	number, _, _ := strings.Cut(f[1], "/")
	port, err := strconv.ParseUint(number, 10, 16)
	if err != nil || !isToken(f[0]) {
		return m, false
	}
	for part := range strings.SplitSeq(f[2], "/") {
		if !isToken(part) {
			return m, false
		}
	}
	return mediaLines{media: f[0], port: uint16(port), proto: f[2], formats: f[3:]}, true
}
