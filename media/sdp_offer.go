package media

import (
	"fmt"
	"strings"

	"github.com/pion/sdp/v3"
)

// Bounds on offers. Four source sections and 64 seats of two sections are the
// most a client may ask for.
const (
	MaxSDPBytes    = 256 << 10
	MaxSDPLines    = 20_000
	MaxSDPSections = 4 + 2*64
)

// SDPError is an offer that can not be taken. Code is stable and equal to the
// protocol's error code; Detail is English, for developers.
type SDPError struct {
	Code, Detail string
}

func (e *SDPError) Error() string { return "offer: " + e.Code + ": " + e.Detail }

// The codes of SDPError.
const (
	// SDPBad: not a session description, or a malformed attribute.
	SDPBad = "bad_sdp"
	// SDPProfile: the transport is not UDP/TLS/RTP/SAVPF with BUNDLE,
	// rtcp-mux, a fingerprint and a DTLS role that leaves us the passive one.
	SDPProfile = "sdp_profile"
	// SDPTooLarge: more bytes, lines or sections than the bounds above.
	SDPTooLarge = "sdp_too_large"
	// SDPMismatch: a section is missing or of another kind or direction
	// than its use says.
	SDPMismatch = "sdp_mismatch"
	// SDPNoCodec: a section offers no codec that we forward.
	SDPNoCodec = "no_codec"
)

func sdpErrorf(code, format string, args ...any) error {
	return &SDPError{Code: code, Detail: fmt.Sprintf(format, args...)}
}

// Fingerprint is a certificate hash (RFC 8122 §5).
type Fingerprint struct {
	Hash  string // "sha-256", "sha-384" or "sha-512"
	Value string // upper-case hex pairs joined by colons
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
// BUNDLE group (RFC 9143 §7.2: of its first section).
type Offer struct {
	Ufrag, Pwd   string
	Fingerprints []Fingerprint // at least one
	Sections     []Section     // in the order of the offer
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

// ParseOffer reads and checks an offer. The error is always an *SDPError.
// It accepts what current browsers send and refuses everything that would
// need plaintext media, a second transport, or our being the DTLS client.
func ParseOffer(text string) (*Offer, error) {
	if err := checkSize(text); err != nil {
		return nil, err
	}
	var d sdp.SessionDescription
	if err := d.UnmarshalString(text); err != nil {
		return nil, sdpErrorf(SDPBad, "not a session description: %.200v", err)
	}
	if len(d.MediaDescriptions) == 0 {
		return nil, sdpErrorf(SDPBad, "no media sections")
	}
	o := &Offer{Sections: make([]Section, 0, len(d.MediaDescriptions))}
	seen := make(map[string]bool, len(d.MediaDescriptions))
	for i, m := range d.MediaDescriptions {
		s, err := parseSection(m, attributes(d.Attributes))
		if err != nil {
			return nil, err
		}
		if seen[s.MID] {
			return nil, sdpErrorf(SDPBad, "section %d: mid %q used twice", i, s.MID)
		}
		seen[s.MID] = true
		o.Sections = append(o.Sections, s)
	}
	if err := o.takeTransport(&d); err != nil {
		return nil, err
	}
	return o, nil
}

// checkSize bounds the work before anything is parsed.
func checkSize(text string) error {
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

// takeTransport finds the BUNDLE group's transport parameters and checks
// that every section in use belongs to the group.
func (o *Offer) takeTransport(d *sdp.SessionDescription) error {
	session := attributes(d.Attributes)
	bundled, err := bundleGroup(session)
	if err != nil {
		return err
	}
	first := -1
	for i := range o.Sections {
		s := &o.Sections[i]
		if s.Rejected {
			continue
		}
		if !bundled[s.MID] {
			return sdpErrorf(SDPProfile, "section %q is not in the BUNDLE group", s.MID)
		}
		if first < 0 {
			first = i
		}
	}
	if first < 0 {
		return sdpErrorf(SDPBad, "every media section is rejected")
	}
	media := attributes(d.MediaDescriptions[first].Attributes)
	if err := o.takeICE(session, media); err != nil {
		return err
	}
	return o.takeDTLS(session, media)
}

// bundleGroup returns the mids of the first BUNDLE group.
func bundleGroup(session attributes) (map[string]bool, error) {
	for _, a := range session {
		if a.Key != "group" {
			continue
		}
		if f := strings.Fields(a.Value); len(f) > 1 && f[0] == "BUNDLE" {
			mids := make(map[string]bool, len(f)-1)
			for _, mid := range f[1:] {
				mids[mid] = true
			}
			return mids, nil
		}
	}
	return nil, sdpErrorf(SDPProfile, "no BUNDLE group")
}

// takeICE reads the credentials (RFC 8839 §5.4: 4 … 256 and 22 … 256 ice-chars).
func (o *Offer) takeICE(session, media attributes) error {
	o.Ufrag = media.getOr("ice-ufrag", session)
	o.Pwd = media.getOr("ice-pwd", session)
	if len(o.Ufrag) < 4 || len(o.Ufrag) > 256 || !isICEChars(o.Ufrag) {
		return sdpErrorf(SDPBad, "missing or malformed ice-ufrag")
	}
	if len(o.Pwd) < 22 || len(o.Pwd) > 256 || !isICEChars(o.Pwd) {
		return sdpErrorf(SDPBad, "missing or malformed ice-pwd")
	}
	return nil
}

// takeDTLS reads fingerprints and role. Our answer is always "passive", so
// the offer must allow its sender to be the DTLS client.
func (o *Offer) takeDTLS(session, media attributes) error {
	from := media
	if _, ok := media.get("fingerprint"); !ok {
		from = session
	}
	for _, a := range from {
		if a.Key != "fingerprint" {
			continue
		}
		if f, ok := parseFingerprint(a.Value); ok && len(o.Fingerprints) < 8 {
			o.Fingerprints = append(o.Fingerprints, f)
		}
	}
	if len(o.Fingerprints) == 0 {
		return sdpErrorf(SDPProfile, "no usable certificate fingerprint")
	}
	switch setup := media.getOr("setup", session); setup {
	case "actpass", "active":
		return nil
	default:
		return sdpErrorf(SDPProfile, "setup is %.20q, want actpass or active", setup)
	}
}

// fingerprintBytes maps the hashes we verify to their size.
var fingerprintBytes = map[string]int{"sha-256": 32, "sha-384": 48, "sha-512": 64}

// parseFingerprint reads "sha-256 AB:CD:…". Weak hashes are not usable.
func parseFingerprint(v string) (Fingerprint, bool) {
	hash, value, ok := strings.Cut(strings.TrimSpace(v), " ")
	f := Fingerprint{strings.ToLower(hash), strings.ToUpper(strings.TrimSpace(value))}
	n := fingerprintBytes[f.Hash]
	if !ok || n == 0 || len(f.Value) != 3*n-1 {
		return f, false
	}
	for i := 0; i < len(f.Value); i++ {
		if c := f.Value[i]; i%3 == 2 && c != ':' || i%3 != 2 && !isHex(c) {
			return f, false
		}
	}
	return f, true
}
