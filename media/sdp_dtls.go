package media

import "strings"

// Fingerprint is a certificate hash (RFC 8122 §5).
type Fingerprint struct {
	Hash  string // "sha-256", "sha-384" or "sha-512"
	Value string // upper-case hex pairs joined by colons
}

// Setup says which roles in DTLS the offerer can have (RFC 8842 §5, RFC 4145).
type Setup struct {
	Client bool // it may send the ClientHello: "active", "actpass"
	Server bool // it may wait for ours: "passive", "actpass"
}

// takeDTLS reads fingerprints and roles. An offer without a setup line means
// "active" (RFC 4145 §4).
func (o *Offer) takeDTLS(lists []attributes) *SDPError {
	for _, a := range having(lists, "fingerprint") {
		if a.Key != "fingerprint" {
			continue
		}
		if f, ok := parseFingerprint(a.Value); ok && len(o.Fingerprints) < maxFingerprints {
			o.Fingerprints = append(o.Fingerprints, f)
		}
	}
	if len(o.Fingerprints) == 0 {
		return sdpErrorf(SDPProfile, "no certificate fingerprint of sha-256, sha-384 or sha-512")
	}
	setup, given := having(lists, "setup").get("setup")
	switch {
	case setup == "actpass":
		o.Setup = Setup{Client: true, Server: true}
	case setup == "active" || !given:
		o.Setup = Setup{Client: true}
	case setup == "passive":
		o.Setup = Setup{Server: true}
	default:
		return sdpErrorf(SDPProfile, "setup is %.20q, want actpass, active or passive", setup)
	}
	return nil
}

// maxFingerprints is how many hashes of an offer are kept.
const maxFingerprints = 8

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
