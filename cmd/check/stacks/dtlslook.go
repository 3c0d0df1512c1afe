package main

import (
	"github.com/pion/dtls/v3/pkg/protocol"
	"github.com/pion/dtls/v3/pkg/protocol/extension"
	"github.com/pion/dtls/v3/pkg/protocol/handshake"
	"github.com/pion/dtls/v3/pkg/protocol/recordlayer"
)

// dtlsFacts is what can be seen of a DTLS 1.2 handshake from outside.
type dtlsFacts struct {
	clientHellos int    // of the stack, with repeats
	verifies     int    // HelloVerifyRequests of the stack
	serverHellos int    // of the stack
	profile      string // that the SRTP packets have
}

// profileNames are those of RFC 5764 and RFC 7714, short.
var profileNames = map[extension.SRTPProtectionProfile]string{
	extension.SRTP_AEAD_AES_128_GCM:       "AES128-GCM",
	extension.SRTP_AEAD_AES_256_GCM:       "AES256-GCM",
	extension.SRTP_AES128_CM_HMAC_SHA1_80: "AES128-CM-80",
	extension.SRTP_AES128_CM_HMAC_SHA1_32: "AES128-CM-32",
	extension.SRTP_NULL_HMAC_SHA1_80:      "NULL-80",
	extension.SRTP_NULL_HMAC_SHA1_32:      "NULL-32",
	extension.SRTP_AES256_CM_SHA1_80:      "AES256-CM-80",
	extension.SRTP_AES256_CM_SHA1_32:      "AES256-CM-32",
}

// look takes what a datagram tells. Fragments of a message are passed over:
// hellos of the stacks fit in one.
func (f *dtlsFacts) look(pkt []byte, ofStack bool) {
	records, err := recordlayer.UnpackDatagram(pkt)
	if err != nil {
		return
	}
	for _, r := range records {
		if len(r) < recordlayer.FixedHeaderSize || protocol.ContentType(r[0]) != protocol.ContentTypeHandshake {
			continue
		}
		if epoch := uint16(r[3])<<8 | uint16(r[4]); epoch != 0 {
			continue // in secret
		}
		f.message(r[recordlayer.FixedHeaderSize:], ofStack)
	}
}

func (f *dtlsFacts) message(text []byte, ofStack bool) {
	if len(text) == 0 {
		return
	}
	kind := handshake.Type(text[0])
	switch {
	case ofStack && kind == handshake.TypeClientHello:
		f.clientHellos++
	case ofStack && kind == handshake.TypeHelloVerifyRequest:
		f.verifies++
	case ofStack && kind == handshake.TypeServerHello:
		f.serverHellos++
	}
	if kind != handshake.TypeServerHello {
		return
	}
	var h handshake.Handshake
	if h.Unmarshal(text) != nil {
		return
	}
	hello, ok := h.Message.(*handshake.MessageServerHello)
	if !ok {
		return
	}
	for _, e := range hello.Extensions {
		if srtp, ok := e.(*extension.UseSRTP); ok && len(srtp.ProtectionProfiles) > 0 {
			f.profile = first(profileNames[srtp.ProtectionProfiles[0]], "another")
		}
	}
}

// role is the stack's.
func (f *dtlsFacts) role() string {
	switch {
	case f.clientHellos > 0:
		return "client"
	case f.serverHellos > 0:
		return "server"
	}
	return ""
}
