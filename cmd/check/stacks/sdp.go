package main

import (
	"fmt"
	"net"
	"net/netip"
	"strings"

	"parley/engine/wire"
)

// offer is what the server has to be told of a stack's SDP offer, and what the
// relay has to know of it.
type offer struct {
	sdp        string
	ufrag, pwd string
	sources    map[wire.Source]wire.SourceSection
	seats      []wire.SeatMIDs
}

// readOffer gives the sections their meaning by what they are: the first that
// sends sound is the microphone, the first that sends pictures the camera, and
// those that only receive are the seats, in pairs.
func readOffer(sdp string) (*offer, error) {
	o := &offer{sdp: sdp, sources: make(map[wire.Source]wire.SourceSection)}
	var sounds, pictures []string
	for _, s := range sections(sdp) {
		mid, kind := s.get("mid"), s.kind()
		switch {
		case s.has("recvonly") && kind == "audio":
			sounds = append(sounds, mid)
		case s.has("recvonly") && kind == "video":
			pictures = append(pictures, mid)
		case s.has("sendonly") && kind == "audio":
			o.sources[wire.Microphone] = wire.SourceSection{MID: mid}
		case s.has("sendonly") && kind == "video":
			o.sources[wire.Camera] = wire.SourceSection{MID: mid}
		default:
			return nil, fmt.Errorf("offer: section %q (%s) neither only sends nor only receives", mid, kind)
		}
		// Bundled, so that those of the first section count for all.
		o.ufrag, o.pwd = first(o.ufrag, s.get("ice-ufrag")), first(o.pwd, s.get("ice-pwd"))
	}
	o.ufrag, o.pwd = first(o.ufrag, line(sdp, "ice-ufrag")), first(o.pwd, line(sdp, "ice-pwd"))
	for i := range min(len(sounds), len(pictures)) {
		o.seats = append(o.seats, wire.SeatMIDs{Audio: sounds[i], Video: pictures[i]})
	}
	if o.ufrag == "" || o.pwd == "" || len(o.sources) == 0 || len(o.seats) == 0 {
		return nil, fmt.Errorf("offer: credentials, a source or a seat are missing:\n%s", sdp)
	}
	return o, nil
}

// unmuted lists what sends from the start: everything.
func (o *offer) unmuted() []wire.Source {
	var list []wire.Source
	for _, s := range wire.Sources {
		if o.sources[s].MID != "" {
			list = append(list, s)
		}
	}
	return list
}

// rewire makes an answer lead to addr: the first candidate gets that address,
// the others go.
func rewire(answer string, addr netip.AddrPort) string {
	var b strings.Builder
	done := make(map[int]bool) // by section
	section := 0
	for l := range strings.Lines(answer) {
		if strings.HasPrefix(l, "m=") {
			section++
		}
		if !strings.HasPrefix(l, "a=candidate:") {
			b.WriteString(l)
			continue
		}
		if f := strings.Fields(l); len(f) >= 6 && !done[section] {
			f[4], f[5] = addr.Addr().String(), fmt.Sprint(addr.Port())
			b.WriteString(strings.Join(f, " ") + "\r\n")
			done[section] = true
		}
	}
	return b.String()
}

// serverAddr is the address that an answer gives for loopback.
func serverAddr(answer string, loopback netip.Addr) (netip.AddrPort, error) {
	for l := range strings.Lines(answer) {
		f := strings.Fields(l)
		if !strings.HasPrefix(l, "a=candidate:") || len(f) < 6 {
			continue
		}
		if a, err := netip.ParseAddr(f[4]); err == nil && a == loopback {
			return netip.ParseAddrPort(net.JoinHostPort(f[4], f[5]))
		}
	}
	return netip.AddrPort{}, fmt.Errorf("answer: no candidate at %v", loopback)
}

// replaceLines replaces the value of an attribute wherever it stands.
func replaceLines(sdp, name, value string) string {
	var b strings.Builder
	for l := range strings.Lines(sdp) {
		if strings.HasPrefix(l, "a="+name+":") {
			l = "a=" + name + ":" + value + "\r\n"
		}
		b.WriteString(l)
	}
	return b.String()
}

// section is the text of one media section.
type section string

func sections(sdp string) []section {
	var list []section
	for l := range strings.Lines(sdp) {
		if strings.HasPrefix(l, "m=") {
			list = append(list, "")
		}
		if n := len(list); n > 0 {
			list[n-1] += section(l)
		}
	}
	return list
}

func (s section) kind() string {
	kind, _, _ := strings.Cut(strings.TrimPrefix(string(s), "m="), " ")
	return kind
}

func (s section) get(name string) string { return line(string(s), name) }

func (s section) has(flag string) bool {
	return strings.Contains(string(s), "\na="+flag+"\r") || strings.Contains(string(s), "\na="+flag+"\n")
}

// line is the value of the first attribute of that name.
func line(sdp, name string) string {
	for l := range strings.Lines(sdp) {
		if v, ok := strings.CutPrefix(l, "a="+name+":"); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
