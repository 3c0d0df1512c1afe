// Package access says who may what: the rights and roles of people in a room, the
// settings of rooms, tokens and keys, and what was revoked.
//
//	book, err := access.OpenBook(ctx, entries, access.Options{})
//	d := book.Decide(access.Ask{Room: "tea", User: "u17"}) // from memory
//	grant, err := book.Admit(ctx, access.Ask{Room: "tea", Token: shown, Addr: from})
//	stop := book.OnChanged(func(room string) { … book.Review(stay) … })
//	_, err = book.RemoveMember(ctx, "tea", "u17") // on disk, and true at once
//
// # Who owns what
//
//	Book       all that is decided with: rooms, keys, tokens, revocations, by heart
//	  Entries  where that is kept; the storage, or accesstest.Memory
//	Grant      what somebody got who was let in; from then on the room's
//
// A Book has no goroutine. It has a lock, which nothing holds that waits, and values
// behind it that are replaced and never changed. What changes goes to Entries first,
// and is known to the Book before the call returns; Watch tells what others change,
// and the revision which is newer (shelf.go). Everything else here is pure: what it
// is given, and the time, make what comes out.
//
// Whoever joins was asked about once, by Admit; the room gets rights as bits, and
// checks bits. It comes back with Review when OnChanged or OnRevoked say that
// something may have become otherwise, and when a session is resumed.
//
// # Who somebody is
//
// A user is a word of somebody who vouches: the sub of a token, later an account.
// The client's own identity is another space: it says who is the same on one device
// and proves nothing to others. Neither can stand for the other.
//
// # Tokens
//
// JWT (RFC 7519), signed with a key of the Book's: HS256 with a secret that a program
// has too, or EdDSA (Ed25519), of which only the public half is here. The key has one
// algorithm and a token that says another is none; kid, or else iss, names the key;
// what a header brings along is no key (jwk, jku, x5u are not looked at, crit is
// refused). Length and dots are counted before anything is read. A signature that is
// wrong, and one of a key that nobody knows, get one code after one time, which is why
// a key that nobody has signed with stands for those that are missing.
//
// A token is verified when it is shown, for 13 µs of a core with HS256 and 90 with EdDSA
// (BenchmarkToken; to decide about a user without one takes 0.2, BenchmarkDecide).
// Its exp counts then and not later. What is revoked, by the token, by its key, or for
// a user until some time, is refused and ends stays.
//
// # Passwords
//
// Argon2id, two at once, in the format of the PHC. Wrong guesses are paced by address
// and by room (guesses.go); a right one costs nothing, and once a process has seen it,
// it is compared by a tag with a key of the process's own.
//
// # When something can not be read
//
// A damaged entry closes what it is about: of a room nobody enters it, a key signs
// nothing, a revocation is for ever.
//
// # Limits
//
// Those of Entries (20,000 of a kind, 64 KiB each), MaxToken, MaxUser, MaxPassword,
// and those of guesses.go. Lists of members and bans are bounded by their entry: some
// 1,500 users with short names.
//
// # Why not otherwise
//
// Rights could be looked up at each request, in one place and always true; but then a
// request costs a lock, and what a person may do changes without an event that says
// so. Tokens could be the rights, as elsewhere; then nobody can be removed from a
// list. And the hash of a secret could be kept instead of the secret, as for
// passwords; but HMAC needs it, and 256 random bits are not guessed from either.
package access
