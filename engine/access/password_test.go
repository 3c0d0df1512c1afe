package access

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/engine/wire"
)

// TestArgon2idVector is of phc-winner-argon2's test.c: version 0x13, t=2, m=2^16, p=1.
func TestArgon2idVector(t *testing.T) {
	p, err := parsePHC("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	if err != nil {
		t.Fatal(err)
	}
	if string(p.salt) != "somesalt" || !p.verify("password") {
		t.Errorf("salt %q", p.salt)
	}
}

func TestHashesThatAreNone(t *testing.T) {
	good := somePHC
	change := func(from, to string) string {
		out := strings.Replace(good, from, to, 1)
		if out == good {
			t.Fatalf("%s has no %s", good, from)
		}
		return out
	}
	for name, s := range map[string]string{
		"empty":              "",
		"dollars":            "$$$$$",
		"argon2i":            change("argon2id", "argon2i"),
		"an older version":   change("v=19", "v=16"),
		"no version":         change("$v=19", ""),
		"a gigabyte":         change("m=19456", "m=1048576"),
		"beyond 32 bits":     change("m=19456", "m=4294986752"),
		"no memory":          change("m=19456", "m=0"),
		"memory below lanes": change("m=19456", "m=7"),
		"many passes":        change("t=2", "t=9"),
		"no pass":            change("t=2", "t=0"),
		"many lanes":         change("p=1", "p=5"),
		"a signed number":    change("t=2", "t=+2"),
		"a leading zero":     change("t=2", "t=02"),
		"another order":      change("m=19456,t=2", "t=2,m=19456"),
		"a part more":        good + "$",
		"hash cut off":       good[:len(good)-40],
		"salt missing":       good[:strings.LastIndexByte(good, '$')-22] + good[strings.LastIndexByte(good, '$'):],
		"padding":            good + "=",
		"a line break":       good + "\n",
		"too long":           good + strings.Repeat("A", 300),
	} {
		if p, err := parsePHC(s); err == nil {
			t.Errorf("%s: %s is taken as %+v", name, s, p)
		}
	}
}

// FuzzPHC: what is taken is what would be written, and costs no more than it may.
func FuzzPHC(f *testing.F) {
	f.Add(somePHC)
	f.Add("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=,t=,p=$$")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parsePHC(s)
		if err != nil {
			return
		}
		if p.String() != s || p.memory > maxArgonMemory || p.passes > maxArgonPasses || p.threads > maxArgonThreads {
			t.Fatalf("%q is taken as %s", s, p.String())
		}
		if p.memory <= 64 && p.passes == 1 {
			p.verify("tea") // does not panic
		}
	})
}

func TestPasswordsAreOneHoweverTyped(t *testing.T) {
	for typed, want := range map[string]string{
		"Café 9": "Café 9", "Cafe\u0301\u00a09": "Café 9", "Café\u30009": "Café 9", " tea ": " tea ",
	} {
		if got, ok := cleanPassword(typed); !ok || got != want {
			t.Errorf("%q became %q, %v", typed, got, ok)
		}
	}
	for _, wrong := range []string{"", "a\tb", "\xff", strings.Repeat("a", MaxPassword+1)} {
		if got, ok := cleanPassword(wrong); ok {
			t.Errorf("%q became %q", wrong, got)
		}
	}
}

// guarded is a password whose hash costs next to nothing.
func guarded(password string) *roomPassword {
	cheap := phc{memory: 8, passes: 1, threads: 1, salt: []byte("somesalt"), hash: make([]byte, argonHash)}
	cheap.hash = cheap.of(password)
	return &roomPassword{hash: cheap}
}

func codeOf(err error) wire.Code {
	var r *Refusal
	if errors.As(err, &r) {
		return r.Code
	}
	return ""
}

// TestGuessesArePaced: by address, by room, and those who know better are not held up.
func TestGuessesArePaced(t *testing.T) {
	p, tea, ctx := newPasswords(), guarded("tea"), context.Background()
	from := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}) }
	try := func(word string, addr netip.Addr, now time.Time) error {
		return p.check(ctx, tea, word, "tea", addr, now)
	}
	for i := range guessesOfAddress {
		if err := try("coffee", from(1), at); codeOf(err) != wire.CodeBadPassword {
			t.Fatalf("guess %d: %v", i, err)
		}
	}
	var r *Refusal
	if err := try("coffee", from(1), at); !errors.As(err, &r) || r.Code != wire.CodeRateLimited || r.RetryAfter != guessEvery {
		t.Fatalf("one more: %v, after %v", err, r.RetryAfter)
	}
	if err := try("coffee", from(1), at.Add(guessEvery)); codeOf(err) != wire.CodeBadPassword {
		t.Errorf("after the wait: %v", err)
	}
	for i := range 3 * guessesOfAddress {
		if err := try("tea", from(2), at); err != nil {
			t.Fatalf("number %d who knows it: %v", i, err)
		}
	}
	spent := guessesOfAddress + 1
	for i := range guessesOfRoom - spent {
		if err := try("coffee", from(100+i), at.Add(guessEvery)); codeOf(err) != wire.CodeBadPassword && codeOf(err) != wire.CodeRateLimited {
			t.Fatalf("guess of many: %v", err)
		}
	}
	for i := range 10 { // what the six seconds gave back is used up as well
		_ = try("coffee", from(500+i), at.Add(guessEvery))
	}
	if err := try("coffee", from(900), at.Add(guessEvery)); codeOf(err) != wire.CodeRateLimited {
		t.Errorf("from ever new addresses: %v", err)
	}
	if err := try("tea", from(900), at.Add(guessEvery)); err != nil {
		t.Errorf("who knows it is held up by those who guess: %v", err)
	}
	if err := p.check(ctx, guarded("milk"), "coffee", "milk", from(901), at.Add(guessEvery)); codeOf(err) != wire.CodeBadPassword {
		t.Errorf("another room: %v", err)
	}
}

// TestGuessersOfOneNetworkAreOne: an IPv6 customer has 2^64 addresses.
func TestGuessersOfOneNetworkAreOne(t *testing.T) {
	g := newGuesses()
	for i := range guessesOfAddress {
		if wait := g.take(netip.MustParseAddr(fmt.Sprintf("2001:db8::%x", i+1)), fmt.Sprint(i), at); wait != 0 {
			t.Fatalf("guess %d waits %v", i, wait)
		}
	}
	if g.take(netip.MustParseAddr("2001:db8::ffff"), "z", at) == 0 {
		t.Error("a /64 guesses on")
	}
	if g.take(netip.MustParseAddr("2001:db8:0:1::1"), "z", at) != 0 || g.take(netip.MustParseAddr("::ffff:192.0.2.1"), "z", at) != 0 {
		t.Error("one network holds up another")
	}
	for i := range guessesOfAddress {
		g.take(netip.MustParseAddr("192.0.2.2"), fmt.Sprint(i), at)
	}
	if g.take(netip.MustParseAddr("::ffff:192.0.2.2"), "z", at) == 0 || g.take(netip.MustParseAddr("::ffff:192.0.2.3"), "z", at) != 0 {
		t.Error("an IPv4 address is another one over a socket of IPv6")
	}
	if g.take(netip.Addr{}, "z", at) != 0 {
		t.Error("who has no address is held up")
	}
}

// TestGuessersAreForgotten: the memory is bounded, and all is free in the end.
func TestGuessersAreForgotten(t *testing.T) {
	p := pacer[int]{every: time.Second, burst: 3, most: 100, known: map[int]bucket{}}
	for range 3 {
		p.add(-1, at, 1)
	}
	for i := range 1000 {
		p.add(i, at, 1)
		if len(p.known) > 100 {
			t.Fatalf("%d are known", len(p.known))
		}
	}
	if p.wait(-1, at) != time.Second {
		t.Errorf("the worst was forgotten first: waits %v", p.wait(-1, at))
	}
	p.add(5000, at.Add(time.Minute), 1)
	if len(p.known) != 1 || p.wait(-1, at.Add(time.Minute)) != 0 {
		t.Errorf("%d are known after a minute", len(p.known))
	}
	p.add(5000, at.Add(time.Minute), -1)
	p.add(5001, at.Add(time.Minute), -1)
	if len(p.known) != 0 {
		t.Errorf("%d are known who did nothing", len(p.known))
	}
}

// TestTwoHashesAtOnce: more wait, as long as they want, and a guess that was not
// looked at is none.
func TestTwoHashesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tea := newPasswords(), guarded("tea")
		for range maxHashing {
			if err := p.enter(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		addr := netip.MustParseAddr("192.0.2.1")
		if err := p.check(ctx, tea, "tea", "tea", addr, at); codeOf(err) != wire.CodeUnavailable {
			t.Errorf("while others are hashed: %v", err)
		}
		if len(p.guess.room.known)+len(p.guess.address.known) != 0 {
			t.Error("a guess counts that nobody looked at")
		}
		var wait sync.WaitGroup
		wait.Go(func() {
			if err := p.check(t.Context(), tea, "tea", "tea", addr, at); err != nil {
				t.Errorf("who waits: %v", err)
			}
		})
		synctest.Wait()
		p.leave()
		wait.Wait()
		p.leave()
	})
}

// TestAClassDoesNotPayTwice: once one has given the password, others do not need a
// hash; a wrong one always does.
func TestAClassDoesNotPayTwice(t *testing.T) {
	p, tea, addr := newPasswords(), guarded("tea"), netip.MustParseAddr("192.0.2.1")
	if err := p.check(t.Context(), tea, "tea", "tea", addr, at); err != nil {
		t.Fatal(err)
	}
	for range maxHashing {
		if err := p.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.check(t.Context(), tea, "tea", "tea", addr, at); err != nil {
		t.Errorf("the second waits for a hash: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.check(ended, tea, "Tea", "tea", addr, at); codeOf(err) != wire.CodeUnavailable {
		t.Errorf("a wrong one is known to be: %v", err)
	}
}

func BenchmarkPassword(b *testing.B) {
	hash, _ := parsePHC(somePHC)
	b.ReportAllocs()
	for b.Loop() {
		hash.verify("tea")
	}
}
