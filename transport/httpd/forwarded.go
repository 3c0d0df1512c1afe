package httpd

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"
)

// hop is what a proxy says of the request it passes on. Fields it says nothing
// of are zero.
type hop struct {
	addr  netip.Addr // who asked it
	proto string     // "http" or "https"
	host  string     // as asked
}

// errForwarded: a Forwarded header is not of the form of RFC 7239 §4.
var errForwarded = errors.New("the Forwarded header can not be read")

// errTwoTales: Forwarded and X-Forwarded-For name different clients. A proxy
// that writes the one passes on what its client wrote into the other.
var errTwoTales = errors.New("Forwarded and X-Forwarded-For disagree")

// asked follows a request from the socket at remote back through the trusted
// proxies to the first that is not one: that is the client. What stands further
// left in the headers anybody may have written, and is not looked at. proto and
// host are those that the outermost trusted proxy was asked with. On an error all
// that is certain is remote.
func (t trusted) asked(remote netip.Addr, h http.Header) (hop, error) {
	if !t.has(remote) {
		return hop{addr: remote}, nil
	}
	standard, err := parseForwarded(strings.Join(h["Forwarded"], ","))
	if err != nil {
		return hop{addr: remote}, err
	}
	common := parseXForwarded(h)
	switch {
	case len(standard) == 0:
		return t.walk(remote, common), nil
	case len(common) == 0:
		return t.walk(remote, standard), nil
	}
	a, b := t.walk(remote, standard), t.walk(remote, common)
	if len(h["X-Forwarded-For"]) > 0 && a.addr != b.addr {
		return hop{addr: remote}, errTwoTales
	}
	if a.proto == "" {
		a.proto = b.proto
	}
	if a.host == "" {
		a.host = b.host
	}
	return a, nil
}

// walk goes from the last hop, which remote wrote, to the left as far as
// trusted proxies have written.
func (t trusted) walk(remote netip.Addr, hops []hop) hop {
	found := hop{addr: remote}
	for i := len(hops) - 1; i >= 0; i-- {
		h := hops[i]
		if h.proto != "" {
			found.proto = h.proto
		}
		if h.host != "" {
			found.host = h.host
		}
		if !h.addr.IsValid() {
			break // unknown or hidden: all whom it speaks for count as one
		}
		found.addr = h.addr
		if !t.has(h.addr) {
			break
		}
	}
	return found
}

// parseXForwarded reads X-Forwarded-For, -Proto and -Host. The latter two are
// lists like the first if they are as long, else the last word of them counts.
func parseXForwarded(h http.Header) []hop {
	clients, protos, hosts := listOf(h["X-Forwarded-For"]), listOf(h["X-Forwarded-Proto"]), listOf(h["X-Forwarded-Host"])
	if len(clients) == 0 && len(protos) == 0 && len(hosts) == 0 {
		return nil
	}
	hops := make([]hop, max(len(clients), 1))
	for i, text := range clients {
		hops[i].addr = parseNode(text)
	}
	for i, text := range lastOrAll(protos, len(hops)) {
		hops[i].proto = parseProto(text)
	}
	for i, text := range lastOrAll(hosts, len(hops)) {
		hops[i].host = text
	}
	return hops
}

// lastOrAll is list if it has n entries, else n entries of which only the last
// is filled.
func lastOrAll(list []string, n int) []string {
	if len(list) == n || len(list) == 0 {
		return list
	}
	only := make([]string, n)
	only[n-1] = list[len(list)-1]
	return only
}

// listOf splits header lines at commas.
func listOf(lines []string) []string {
	var all []string
	for _, line := range lines {
		for part := range strings.SplitSeq(line, ",") {
			if part = strings.TrimSpace(part); part != "" {
				all = append(all, part)
			}
		}
	}
	return all
}

// parseForwarded reads the elements of a Forwarded header (RFC 7239 §4), all
// lines joined. It is strict about quotes: whoever wrote the left part could
// otherwise swallow the right one, which the proxy wrote, into a quoted string.
func parseForwarded(text string) ([]hop, error) {
	var hops []hop
	var now element
	for rest := text; ; {
		rest = strings.TrimLeft(rest, " \t")
		switch {
		case rest == "" || rest[0] == ',':
			if now.pairs > 0 {
				hops = append(hops, now.hop)
			}
			if rest == "" {
				return hops, nil
			}
			rest, now = rest[1:], element{}
			continue
		case rest[0] == ';':
			rest = rest[1:]
			continue
		}
		name, value, after, err := forwardedPair(rest)
		if err != nil || !now.take(strings.ToLower(name), value) {
			return nil, errForwarded
		}
		rest = after
	}
}

// element is one hop while it is read.
type element struct {
	hop
	pairs                      int
	hasAddr, hasProto, hasHost bool
}

// take notes a pair, and reports whether it is the first of its name.
func (e *element) take(name, value string) (first bool) {
	e.pairs++
	switch name {
	case "for":
		first, e.hasAddr, e.addr = !e.hasAddr, true, parseNode(value)
	case "proto":
		first, e.hasProto, e.proto = !e.hasProto, true, parseProto(value)
	case "host":
		first, e.hasHost, e.host = !e.hasHost, true, value
	default:
		first = true // by, and what is to come
	}
	return first
}

// forwardedPair cuts name=value off text. After it must come the end, a comma or
// a semicolon.
func forwardedPair(text string) (name, value, rest string, err error) {
	name, rest, found := strings.Cut(text, "=")
	if !found || name == "" || strings.ContainsAny(name, "\",; \t") {
		return "", "", "", errForwarded
	}
	if strings.HasPrefix(rest, `"`) {
		if value, rest, err = quotedString(rest[1:]); err != nil {
			return "", "", "", err
		}
	} else {
		end := strings.IndexAny(rest, ",; \t")
		if end < 0 {
			end = len(rest)
		}
		value, rest = rest[:end], rest[end:]
		if value == "" || strings.Contains(value, `"`) {
			return "", "", "", errForwarded
		}
	}
	rest = strings.TrimLeft(rest, " \t")
	if rest != "" && rest[0] != ',' && rest[0] != ';' {
		return "", "", "", errForwarded
	}
	return name, value, rest, nil
}

// quotedString reads up to the closing quote (RFC 9110 §5.6.4).
func quotedString(text string) (value, rest string, err error) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '"':
			return b.String(), text[i+1:], nil
		case '\\':
			if i++; i == len(text) {
				return "", "", errForwarded
			}
			b.WriteByte(text[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", errForwarded
}

// parseNode reads an address with or without a port, IPv6 with or without
// brackets. It is invalid for "unknown", for hidden names ("_…") and for all else
// that is none.
func parseNode(text string) netip.Addr {
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return plainAddr(ap.Addr())
	}
	if inner, ok := strings.CutPrefix(text, "["); ok {
		text, _ = strings.CutSuffix(inner, "]")
	}
	if host, port, ok := strings.Cut(text, ":"); ok && !strings.Contains(port, ":") {
		text = host // a port may be hidden too: 192.0.2.1:_x
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return plainAddr(a)
}

// plainAddr is a without what makes two addresses of one client differ.
func plainAddr(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

func parseProto(text string) string {
	if text = strings.ToLower(text); text == "http" || text == "https" {
		return text
	}
	return ""
}
