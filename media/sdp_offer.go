package media

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Bounds on offers. Four source sections and 40 seats of two sections are the
// most a client may use; a browser that offers all it knows takes 255,000 bytes
// and 8,000 lines for that. The rest is for the codecs of tomorrow, and for
// sections that were stopped or that we do not take.
const (
	MaxSDPBytes    = 320 << 10
	MaxSDPLines    = 20_000
	MaxSDPSections = 128
)

// SDPError says why an offer, or one section of it, can not be taken. Code is
// stable and equal to the protocol's error code; Detail is English, for
// developers.
type SDPError struct {
	Code, Detail string
}

func (e *SDPError) Error() string { return "offer: " + e.Code + ": " + e.Detail }

// The codes of SDPError.
const (
	// SDPBad: not a session description, or a malformed attribute.
	SDPBad = "bad_sdp"
	// SDPProfile: not UDP/TLS/RTP/SAVPF with rtcp-mux, not on the one transport
	// of the BUNDLE group, no fingerprint that we verify, or no role in DTLS.
	SDPProfile = "sdp_profile"
	// SDPTooLarge: more bytes, lines or sections than the bounds above.
	SDPTooLarge = "sdp_too_large"
	// SDPMismatch: a section is missing or of another kind or direction
	// than its use says.
	SDPMismatch = "sdp_mismatch"
	// SDPNoCodec: a section offers no codec that we forward.
	SDPNoCodec = "no_codec"
)

func sdpErrorf(code, format string, args ...any) *SDPError {
	return &SDPError{Code: code, Detail: fmt.Sprintf(format, args...)}
}

// Kind is what a section carries.
type Kind uint8

// The kinds of sections.
const (
	KindOther Kind = iota // application and all else: always rejected
	KindAudio
	KindVideo
)

func (k Kind) String() string {
	switch k {
	case KindAudio:
		return "audio"
	case KindVideo:
		return "video"
	}
	return "application"
}

// Direction is a section's or an extension's direction attribute.
type Direction uint8

// The four directions; sendrecv is the default (RFC 8866 §6.7).
const (
	SendRecv Direction = iota
	SendOnly
	RecvOnly
	Inactive
)

func (d Direction) String() string {
	return [...]string{"sendrecv", "sendonly", "recvonly", "inactive"}[d&3]
}

// Mirror returns the direction as the other side sees it.
func (d Direction) Mirror() Direction {
	switch d {
	case SendOnly:
		return RecvOnly
	case RecvOnly:
		return SendOnly
	}
	return d
}

// Sends reports whether the side that states d sends.
func (d Direction) Sends() bool { return d == SendRecv || d == SendOnly }

// Receives reports whether the side that states d receives.
func (d Direction) Receives() bool { return d == SendRecv || d == RecvOnly }

// Offer is a checked SDP offer. The transport parameters are those of the
// BUNDLE group.
type Offer struct {
	Ufrag, Pwd   string
	Fingerprints []Fingerprint // at least one
	Setup        Setup
	Sections     []Section // in the order of the offer

	// bundle are the indexes of the sections that share the transport, in the
	// order of the group; bundled is false if there is no group, and one section.
	bundle  []int
	bundled bool
	mixed   bool // extmap-allow-mixed, for all sections
}

// Section returns the section with the given mid, nil if there is none.
func (o *Offer) Section(mid string) *Section {
	for i := range o.Sections {
		if o.Sections[i].MID == mid {
			return &o.Sections[i]
		}
	}
	return nil
}

// ParseOffer reads and checks an offer. The error is always an *SDPError: the
// text is no SDP or beyond the bounds, no section can be used, or none of them
// has parameters of ICE and DTLS that we can use. A section that would need
// plaintext media or a second transport has a Fault and costs the others nothing.
func ParseOffer(text string) (*Offer, error) {
	if fault := checkSize(text); fault != nil {
		return nil, fault
	}
	d, fault := readDescription(text)
	if fault != nil {
		return nil, fault
	}
	o := &Offer{Sections: make([]Section, len(d.sections)), mixed: d.session.has("extmap-allow-mixed")}
	for i := range d.sections {
		o.Sections[i] = parseSection(&d.sections[i], d.session)
	}
	o.nameSections()
	o.takeBundle(d.session)
	o.settleExts()
	lists, fault := o.transport(d)
	if fault == nil {
		fault = o.takeICE(lists)
	}
	if fault == nil {
		fault = o.takeDTLS(lists)
	}
	if fault != nil {
		return nil, fault
	}
	return o, nil
}

// checkSize bounds the work before anything is parsed.
func checkSize(text string) *SDPError {
	switch {
	case len(text) > MaxSDPBytes:
		return sdpErrorf(SDPTooLarge, "%d bytes, at most %d", len(text), MaxSDPBytes)
	case strings.Count(text, "\n")+strings.Count(text, "\r") > 2*MaxSDPLines:
		return sdpErrorf(SDPTooLarge, "more than %d lines", MaxSDPLines)
	case strings.Count(text, "\nm=")+strings.Count(text, "\rm=") > MaxSDPSections:
		return sdpErrorf(SDPTooLarge, "more than %d media sections", MaxSDPSections)
	}
	return nil
}

// nameSections makes the names of sections differ. A section whose mid was used
// before can not be told from the one that has it.
func (o *Offer) nameSections() {
	taken := make(map[string]bool, len(o.Sections))
	for i := range o.Sections {
		s := &o.Sections[i]
		if s.named && taken[s.MID] {
			s.fail(sdpErrorf(SDPBad, "another section has its mid %q", s.MID))
			s.MID, s.named = "", false
		}
		taken[s.MID] = true
	}
	for i := range o.Sections {
		s := &o.Sections[i]
		for name := strconv.Itoa(i); s.MID == ""; name = "m" + name {
			if !taken[name] {
				s.MID, taken[name] = name, true
			}
		}
	}
}

// takeBundle finds the sections that share the transport, and faults the
// others: those outside the first BUNDLE group or, without a group, all but the
// first one that can be used.
func (o *Offer) takeBundle(session attributes) {
	place := make(map[string]int, len(o.Sections))
	for i := range o.Sections {
		if s := &o.Sections[i]; s.named {
			place[s.MID] = i
		}
	}
	mids := bundleGroup(session)
	o.bundled = len(mids) > 0
	in := make(map[int]bool, len(o.Sections))
	for _, mid := range mids {
		if i, ok := place[mid]; ok && !in[i] {
			in[i] = true
			o.bundle = append(o.bundle, i)
		}
	}
	for i := range o.Sections {
		switch s := &o.Sections[i]; {
		case in[i]:
		case o.bundled:
			s.fail(sdpErrorf(SDPProfile, "not in the BUNDLE group"))
		case len(o.bundle) > 0:
			s.fail(sdpErrorf(SDPProfile, "without a BUNDLE group only section %q is taken", o.Sections[o.bundle[0]].MID))
		case s.usable():
			o.bundle = append(o.bundle, i)
		}
	}
}

// bundleGroup returns the mids of the first BUNDLE group.
func bundleGroup(session attributes) []string {
	for _, a := range session {
		if a.Key != "group" {
			continue
		}
		if f := strings.Fields(a.Value); len(f) > 1 && f[0] == "BUNDLE" {
			return f[1:]
		}
	}
	return nil
}

// transport returns the attribute lists that may hold the transport's
// parameters, in the order in which they count: of the first section of the
// group that can be used (RFC 9143 §7.2, §7.3), then the session's, then of the
// group's other sections. If none can be used the offer is refused, by the first
// fault there is.
func (o *Offer) transport(d *description) (lists []attributes, refusal *SDPError) {
	first := slices.IndexFunc(o.bundle, func(i int) bool { return o.Sections[i].usable() })
	if first < 0 {
		return nil, o.unusable()
	}
	lists = append(lists, d.sections[o.bundle[first]].attributes, d.session)
	for _, i := range o.bundle {
		if !o.Sections[i].Rejected {
			lists = append(lists, d.sections[i].attributes)
		}
	}
	return lists, nil
}

// unusable says why an offer is refused that has no section we can use.
func (o *Offer) unusable() *SDPError {
	for i := range o.Sections {
		if s := &o.Sections[i]; s.Fault != nil {
			return sdpErrorf(s.Fault.Code, "no section can be used; %q: %s", s.MID, s.Fault.Detail)
		}
	}
	if len(o.Sections) == 0 {
		return sdpErrorf(SDPBad, "no media sections")
	}
	return sdpErrorf(SDPBad, "every media section is rejected")
}

// having returns the first of the lists that has an attribute, nil for none.
func having(lists []attributes, key string) attributes {
	for _, as := range lists {
		if as.has(key) {
			return as
		}
	}
	return nil
}

// takeICE reads the credentials (RFC 8839 §5.4: 4 … 256 and 22 … 256 ice-chars).
func (o *Offer) takeICE(lists []attributes) *SDPError {
	o.Ufrag, _ = having(lists, "ice-ufrag").get("ice-ufrag")
	o.Pwd, _ = having(lists, "ice-pwd").get("ice-pwd")
	if len(o.Ufrag) < 4 || len(o.Ufrag) > 256 || !isICEChars(o.Ufrag) {
		return sdpErrorf(SDPBad, "missing or malformed ice-ufrag")
	}
	if len(o.Pwd) < 22 || len(o.Pwd) > 256 || !isICEChars(o.Pwd) {
		return sdpErrorf(SDPBad, "missing or malformed ice-pwd")
	}
	return nil
}
