package client

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"parley/engine/wire"
)

// Payload types and header extension ids of our offers; the usual ones of
// browsers.
const (
	ptOpus = 111
	ptVP8  = 96
	ptRTX  = 97

	extLevel = 1
	extTWCC  = 3
	extMID   = 4
	extRID   = 10
)

const (
	uriLevel = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
	uriTWCC  = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
	uriMID   = "urn:ietf:params:rtp-hdrext:sdes:mid"
	uriRID   = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
)

// rids are the simulcast layers from small to large.
var rids = [...]string{"q", "h", "f"}

// offerSpec says what an offer holds.
type offerSpec struct {
	ufrag, pwd  string
	fingerprint string // "AA:BB:…"
	seats       int
	simulcast   bool
	twcc        bool
	mic, camera uint32 // SSRCs; the RTX SSRC of the camera is camera+1
}

// offer is an SDP offer with the meaning of its sections.
type offer struct {
	sdp     string
	sources map[wire.Source]wire.SourceSection
	seats   []wire.SeatMIDs
}

// buildOffer writes the offer a browser client makes: four send sections,
// then the seats.
func buildOffer(s *offerSpec) *offer {
	o := &offer{sources: make(map[wire.Source]wire.SourceSection)}
	sections := len(wire.Sources) + 2*s.seats
	var b strings.Builder
	b.WriteString("v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE")
	for mid := range sections {
		fmt.Fprintf(&b, " %d", mid)
	}
	b.WriteString("\r\na=extmap-allow-mixed\r\na=msid-semantic: WMS\r\n")
	for mid, source := range wire.Sources {
		o.sources[source] = wire.SourceSection{MID: strconv.Itoa(mid)}
		s.section(&b, source.Video(), mid, "sendonly")
		s.sending(&b, source)
	}
	for i := range s.seats {
		mid := len(wire.Sources) + 2*i
		s.section(&b, false, mid, "recvonly")
		s.section(&b, true, mid+1, "recvonly")
		o.seats = append(o.seats, wire.SeatMIDs{Audio: strconv.Itoa(mid), Video: strconv.Itoa(mid + 1)})
	}
	o.sdp = b.String()
	return o
}

func (s *offerSpec) section(b *strings.Builder, video bool, mid int, direction string) {
	media := fmt.Sprintf("audio 9 UDP/TLS/RTP/SAVPF %d", ptOpus)
	if video {
		media = fmt.Sprintf("video 9 UDP/TLS/RTP/SAVPF %d %d", ptVP8, ptRTX)
	}
	fmt.Fprintf(b, "m=%s\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n"+
		"a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=ice-options:trickle\r\na=fingerprint:sha-256 %s\r\n"+
		"a=setup:actpass\r\na=mid:%d\r\na=extmap:%d %s\r\n", media, s.ufrag, s.pwd, s.fingerprint, mid, extMID, uriMID)
	if s.twcc {
		fmt.Fprintf(b, "a=extmap:%d %s\r\n", extTWCC, uriTWCC)
	}
	if video {
		fmt.Fprintf(b, "a=extmap:%d %s\r\n", extRID, uriRID)
	} else {
		fmt.Fprintf(b, "a=extmap:%d %s\r\n", extLevel, uriLevel)
	}
	fmt.Fprintf(b, "a=%s\r\na=rtcp-mux\r\na=rtcp-rsize\r\n", direction)
	s.codecs(b, video)
}

func (s *offerSpec) codecs(b *strings.Builder, video bool) {
	if !video {
		fmt.Fprintf(b, "a=rtpmap:%d opus/48000/2\r\na=fmtp:%d minptime=10;useinbandfec=1\r\n", ptOpus, ptOpus)
		return
	}
	fmt.Fprintf(b, "a=rtpmap:%d VP8/90000\r\na=rtcp-fb:%d nack\r\na=rtcp-fb:%d nack pli\r\na=rtcp-fb:%d ccm fir\r\n",
		ptVP8, ptVP8, ptVP8, ptVP8)
	if s.twcc {
		fmt.Fprintf(b, "a=rtcp-fb:%d transport-cc\r\n", ptVP8)
	}
	fmt.Fprintf(b, "a=rtpmap:%d rtx/90000\r\na=fmtp:%d apt=%d\r\n", ptRTX, ptRTX, ptVP8)
}

func (s *offerSpec) sending(b *strings.Builder, source wire.Source) {
	fmt.Fprintf(b, "a=msid:- %s\r\n", source)
	switch {
	case source == wire.Microphone:
		fmt.Fprintf(b, "a=ssrc:%d cname:bench\r\n", s.mic)
	case source == wire.Camera && s.simulcast:
		for _, rid := range rids {
			fmt.Fprintf(b, "a=rid:%s send\r\n", rid)
		}
		fmt.Fprintf(b, "a=simulcast:send %s\r\n", strings.Join(rids[:], ";"))
	case source == wire.Camera:
		fmt.Fprintf(b, "a=ssrc-group:FID %d %d\r\na=ssrc:%d cname:bench\r\na=ssrc:%d cname:bench\r\n",
			s.camera, s.camera+1, s.camera, s.camera+1)
	}
}

// answer is what a client needs of the server's answer.
type answer struct {
	ufrag, pwd  string
	fingerprint []byte // SHA-256
	candidates  []netip.AddrPort
	sections    map[string]*section // by mid
}

// section is one media section of an answer.
type section struct {
	ssrc, rtx uint32 // 0: none
	pt, rtxPT uint8  // 0: none
	mid, rid  uint8  // header extension ids, 0: not negotiated
	level     uint8
	twcc      uint8
}

// Errors of an answer.
var (
	errNoICE         = errors.New("answer without ice-ufrag, ice-pwd or fingerprint")
	errNoCandidates  = errors.New("answer without a UDP candidate")
	errSectionAbsent = errors.New("answer lacks a section")
)

// parseAnswer reads an answer. Unknown lines are ignored.
func parseAnswer(sdp string) (*answer, error) {
	a := &answer{sections: make(map[string]*section)}
	cur := new(section)
	for line := range strings.Lines(sdp) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, "m=") {
			cur = new(section)
			continue
		}
		attr, ok := strings.CutPrefix(line, "a=")
		if !ok {
			continue
		}
		name, value, _ := strings.Cut(attr, ":")
		if name == "mid" {
			a.sections[value] = cur
			continue
		}
		if err := a.transport(name, value); err != nil {
			return nil, err
		}
		cur.attribute(name, value)
	}
	switch {
	case a.ufrag == "" || a.pwd == "" || len(a.fingerprint) != 32:
		return nil, errNoICE
	case len(a.candidates) == 0:
		return nil, errNoCandidates
	}
	return a, nil
}

// transport takes what is the same for all bundled sections.
func (a *answer) transport(name, value string) error {
	switch name {
	case "ice-ufrag":
		a.ufrag = value
	case "ice-pwd":
		a.pwd = value
	case "fingerprint":
		algo, digest, _ := strings.Cut(value, " ")
		if !strings.EqualFold(algo, "sha-256") {
			return nil
		}
		raw, err := hex.DecodeString(strings.ReplaceAll(digest, ":", ""))
		if err != nil {
			return fmt.Errorf("answer: fingerprint: %w", err)
		}
		a.fingerprint = raw
	case "candidate":
		// foundation component transport priority address port typ …
		f := strings.Fields(value)
		if len(f) < 8 || !strings.EqualFold(f[2], "udp") || f[1] != "1" {
			return nil
		}
		addr, err := netip.ParseAddrPort(joinHostPort(f[4], f[5]))
		if err == nil && !containsAddr(a.candidates, addr) {
			a.candidates = append(a.candidates, addr)
		}
	}
	return nil
}

func joinHostPort(host, port string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]:" + port
	}
	return host + ":" + port
}

func containsAddr(list []netip.AddrPort, a netip.AddrPort) bool {
	for _, have := range list {
		if have == a {
			return true
		}
	}
	return false
}

func (s *section) attribute(name, value string) {
	first, rest, _ := strings.Cut(value, " ")
	number, err := strconv.ParseUint(first, 10, 32)
	switch name {
	case "extmap":
		s.extension(first, rest)
	case "rtpmap":
		if err != nil || number > 127 {
			return
		}
		if strings.HasPrefix(strings.ToLower(rest), "rtx/") {
			s.rtxPT = uint8(number)
		} else if s.pt == 0 {
			s.pt = uint8(number)
		}
	case "ssrc":
		if err == nil && s.ssrc == 0 {
			s.ssrc = uint32(number)
		}
	case "ssrc-group":
		var media, rtx uint32
		if n, _ := fmt.Sscanf(value, "FID %d %d", &media, &rtx); n == 2 {
			s.ssrc, s.rtx = media, rtx
		}
	}
}

func (s *section) extension(id, uri string) {
	id, _, _ = strings.Cut(id, "/")
	n, err := strconv.ParseUint(id, 10, 8)
	if err != nil || n < 1 || n > 14 {
		return
	}
	switch uri {
	case uriMID:
		s.mid = uint8(n)
	case uriRID:
		s.rid = uint8(n)
	case uriLevel:
		s.level = uint8(n)
	case uriTWCC:
		s.twcc = uint8(n)
	}
}
