package media

import (
	"bytes"
	"crypto/aes"
	"encoding/hex"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// RFC 3711 appendix B.3: key derivation.
func TestRFC3711B3KeyDerivation(t *testing.T) {
	master, err := aes.NewCipher(unhex(t, "E1F97A0D3E018BE0D64FA32C06DE4139"))
	if err != nil {
		t.Fatal(err)
	}
	salt := unhex(t, "0EC675AD498AFEEBB6960B3AABE6")
	for _, tt := range []struct {
		name  string
		label byte
		want  string
	}{
		{"cipher key", labelRTPKey, "C61E7A93744F39EE10734AFE3FF7A087"},
		{"cipher salt", labelRTPSalt, "30CBBC08863D8C85D49DB34A9AE1"},
		{"auth key", labelRTPAuth, "CEBE321F6FF7716B6FD4AB49AF256A15 6D38BAA48F0A0ACF3C34E2359E6CDBCE" +
			"E049646C43D9327AD175578EF7227098 6371C10C9A369AC2F94A8C5FBCDDDC25" +
			"6D6E919A48B610EF17C2041E47403576 6B68642C59BBFC2F34DB60DBDFB2"},
	} {
		want := unhex(t, tt.want)
		if got := derive(master, salt, tt.label, len(want)); !bytes.Equal(got, want) {
			t.Errorf("%s: %x, want %x", tt.name, got, want)
		}
	}
}

// RFC 3711 appendix B.2: AES-CM key stream, SSRC, ROC and SEQ 0.
func TestRFC3711B2KeyStream(t *testing.T) {
	block, err := aes.NewCipher(unhex(t, "2B7E151628AED2A6ABF7158809CF4F3C"))
	if err != nil {
		t.Fatal(err)
	}
	h := cmHalf{block: block}
	copy(h.salt[:], unhex(t, "F0F1F2F3F4F5F6F7F8F9FAFBFCFD"))
	stream := make([]byte, 0xff02*16)
	h.stream(0, 0).XORKeyStream(stream, stream)
	for _, tt := range []struct {
		block int
		want  string
	}{
		{0x0000, "E03EAD0935C95E80E166B16DD92B4EB4"},
		{0x0001, "D23513162B02D0F72A43A2FE4A5F97AB"},
		{0x0002, "41E95B3BB0A2E8DD477901E4FCA894C0"},
		{0xfeff, "EC8CDF7398607CB0F2D21675EA9EA1E4"},
		{0xff00, "362B7C3C6773516318A077D7FC5073AE"},
		{0xff01, "6A2CC3787889374FBEB4C81B17BA6C44"},
	} {
		if got := stream[tt.block*16 : tt.block*16+16]; !bytes.Equal(got, unhex(t, tt.want)) {
			t.Errorf("block %04x: %x, want %s", tt.block, got, tt.want)
		}
	}
}

// RFC 7714 §16 and §17 give session keys, not master keys.
func rfc7714Cipher(t *testing.T, key string) *gcmReference {
	t.Helper()
	aead, err := newGCM(unhex(t, key))
	if err != nil {
		t.Fatal(err)
	}
	salt := newGCMSalt(unhex(t, "517569642070726f2071756f"))
	return &gcmReference{&gcmRTP{aead, salt}, aead, salt}
}

const (
	rfc7714Key128 = "000102030405060708090a0b0c0d0e0f"
	rfc7714Key256 = rfc7714Key128 + "101112131415161718191a1b1c1d1e1f"
	rfc7714RTP    = "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 61727465 73207472 6573"
	rfc7714RTCP   = "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef deadbeef deadbeef"
)

// RFC 7714 §16.1.1 (AES-128) and §16.2.1 (AES-256): SRTP, ROC 0.
func TestRFC7714RTP(t *testing.T) {
	for _, tt := range []struct{ name, key, want string }{
		{"16.1.1", rfc7714Key128, "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce"},
		{"16.2.1", rfc7714Key256, "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f 1ba63799 b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := rfc7714Cipher(t, tt.key)
			sc := new(Scratch)
			plain, want := unhex(t, rfc7714RTP), unhex(t, tt.want)
			slot := make([]byte, len(plain)+gcmTagLen)
			copy(slot, plain[:12])
			n := c.rtp.seal(sc, slot, 12, plain[12:], 0xf17b)
			if !bytes.Equal(slot[:n], want) {
				t.Errorf("sealed %x, want %x", slot[:n], want)
			}
			n, err := c.openRTP(sc, slot[:n], 12, 0xf17b)
			if err != nil || !bytes.Equal(slot[:n], plain) {
				t.Errorf("opened %x, %v", slot[:n], err)
			}
		})
	}
}

// RFC 7714 §17.1 (AES-128): SRTCP, index 0x5d4, encrypted and tagged.
func TestRFC7714RTCP(t *testing.T) {
	c := rfc7714Cipher(t, rfc7714Key128)
	sc := new(Scratch)
	plain := unhex(t, rfc7714RTCP)
	want := unhex(t, "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4")
	slot := make([]byte, len(want))
	copy(slot, plain)
	n := c.sealRTCP(sc, slot, len(plain), 0x5d4)
	if !bytes.Equal(slot[:n], want) {
		t.Errorf("sealed %x, want %x", slot[:n], want)
	}
	n, err := c.openRTCP(sc, slot[:n])
	if err != nil || !bytes.Equal(slot[:n], plain) {
		t.Errorf("opened %x, %v", slot[:n], err)
	}
}
