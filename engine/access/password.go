package access

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// MaxPassword bounds a password, in bytes.
const MaxPassword = 256

// What argon2id costs here: OWASP's second choice, 19 MiB and two passes, 30 ms of a
// core.
const (
	argonMemory  = 19 << 10 // KiB
	argonPasses  = 2
	argonThreads = 1
	argonSalt    = 16
	argonHash    = 32
)

// Bounds of what a stored hash may ask for: it must not become a way to use up the
// memory.
const (
	maxArgonMemory  = 64 << 10 // KiB
	maxArgonPasses  = 8
	maxArgonThreads = 4
	maxArgonField   = 64 // bytes of a salt or hash
	minArgonField   = 8
	maxPHC          = 256
)

var errPHC = errors.New("not an argon2id hash as this server keeps them")

// phc is a hash with how it was made, in the format of the Password Hashing
// Competition:
//
//	$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>
//
// salt and hash are in base64 without padding.
type phc struct {
	memory, passes uint32
	threads        uint8
	salt, hash     []byte
}

func (p *phc) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, p.memory, p.passes, p.threads, b64.EncodeToString(p.salt), b64.EncodeToString(p.hash))
}

// parsePHC takes only what String would write, within the bounds.
func parsePHC(s string) (p phc, err error) {
	if len(s) > maxPHC {
		return p, errPHC
	}
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return p, errPHC
	}
	cost := strings.Split(parts[3], ",")
	if len(cost) != 3 {
		return p, errPHC
	}
	memory, passes, threads := number(cost[0], "m=", maxArgonMemory), number(cost[1], "t=", maxArgonPasses), number(cost[2], "p=", maxArgonThreads)
	if memory < 8*threads || memory == 0 || passes == 0 || threads == 0 {
		return p, errPHC
	}
	strict := base64.RawStdEncoding.Strict()
	salt, err1 := strict.DecodeString(parts[4])
	hash, err2 := strict.DecodeString(parts[5])
	if err1 != nil || err2 != nil || min(len(salt), len(hash)) < minArgonField || max(len(salt), len(hash)) > maxArgonField {
		return p, errPHC
	}
	p = phc{uint32(memory), uint32(passes), uint8(threads), salt, hash}
	if p.String() != s {
		return phc{}, errPHC
	}
	return p, nil
}

// number reads what follows a prefix: 1 … most, else 0.
func number(s, prefix string, most int) int {
	digits, ok := strings.CutPrefix(s, prefix)
	n, err := strconv.Atoi(digits)
	if !ok || err != nil || n < 1 || n > most {
		return 0
	}
	return n
}

func (p *phc) of(password string) []byte {
	return argon2.IDKey([]byte(password), p.salt, p.passes, p.memory, p.threads, uint32(len(p.hash)))
}

// verify takes as long for a wrong password as for the right one.
func (p *phc) verify(password string) bool {
	return subtle.ConstantTimeCompare(p.of(password), p.hash) == 1
}

// hashPassword returns the PHC string of a password that cleanPassword has made. It
// takes 19 MiB and 30 ms.
func hashPassword(password string) string {
	p := phc{argonMemory, argonPasses, argonThreads, make([]byte, argonSalt), make([]byte, argonHash)}
	rand.Read(p.salt) // never fails, see crypto/rand
	p.hash = p.of(password)
	return p.String()
}

// cleanPassword brings what different keyboards make of a password into one form
// (RFC 8265, OpaqueString): NFC, and one kind of space. It reports false for what is
// no password: empty, too long, not UTF-8, with control characters.
func cleanPassword(s string) (string, bool) {
	if s == "" || len(s) > MaxPassword || !plain(s) {
		return "", false
	}
	return norm.NFC.String(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Zs, r) {
			return ' '
		}
		return r
	}, s)), true
}
