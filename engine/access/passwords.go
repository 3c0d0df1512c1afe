package access

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"parley/engine/wire"
)

// maxHashing is how many hashes are computed at once: each takes 19 MiB and a core.
const maxHashing = 2

// passwords checks passwords, with bounds on memory, cores and guesses.
type passwords struct {
	places  chan struct{} // one is taken while a hash is computed
	process [32]byte      // a key that nobody else knows

	mu    sync.Mutex // guards guess
	guess guesses
}

func newPasswords() *passwords {
	p := &passwords{places: make(chan struct{}, maxHashing), guess: newGuesses()}
	rand.Read(p.process[:]) // never fails, see crypto/rand
	return p
}

// roomPassword is the password of a room.
type roomPassword struct {
	hash phc
	// right is the tag of the password once somebody has given it, with a key that only
	// this process knows: a class that comes at eight does not pay 30 ms a head. A wrong
	// one is always hashed.
	right atomic.Pointer[[sha256.Size]byte]
}

// hash computes the hash of a new password, or waits for its turn. Empty: none.
func (p *passwords) hash(ctx context.Context, password string) (string, error) {
	if password == "" {
		return "", nil
	}
	clean, ok := cleanPassword(password)
	if !ok {
		return "", badSettings("password", "is 1 to 256 bytes without control characters")
	}
	if err := p.enter(ctx); err != nil {
		return "", err
	}
	defer p.leave()
	return hashPassword(clean), nil
}

// check returns nil if the password is the room's, else a Refusal: CodeBadPassword,
// CodeRateLimited or CodeUnavailable. It waits for its turn as long as ctx lets it.
func (p *passwords) check(ctx context.Context, of *roomPassword, password, room string, from netip.Addr, now time.Time) error {
	clean, ok := cleanPassword(password)
	if !ok {
		return refusals[wire.CodeBadPassword] // no password is such: nothing was guessed
	}
	tag := p.tag(clean)
	if of.isRight(tag) {
		return nil
	}
	p.mu.Lock()
	wait := p.guess.take(from, room, now)
	p.mu.Unlock()
	if wait > 0 {
		return &Refusal{Code: wire.CodeRateLimited, RetryAfter: wait, Message: "too many wrong passwords"}
	}
	if err := p.enter(ctx); err != nil {
		p.forgive(from, room, now)
		return err
	}
	defer p.leave()
	if of.isRight(tag) || of.hash.verify(clean) {
		of.right.Store(&tag)
		p.forgive(from, room, now)
		return nil
	}
	return refusals[wire.CodeBadPassword]
}

func (p *passwords) forgive(from netip.Addr, room string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.guess.right(from, room, now)
}

func (p *passwords) tag(password string) (tag [sha256.Size]byte) {
	sum := hmac.New(sha256.New, p.process[:])
	sum.Write([]byte(password))
	return [sha256.Size]byte(sum.Sum(nil))
}

func (r *roomPassword) isRight(tag [sha256.Size]byte) bool {
	right := r.right.Load()
	return right != nil && hmac.Equal(right[:], tag[:])
}

func (p *passwords) enter(ctx context.Context) error {
	select {
	case p.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return &Refusal{Code: wire.CodeUnavailable, RetryAfter: time.Second, Message: "too many passwords are being checked"}
	}
}

func (p *passwords) leave() { <-p.places }
