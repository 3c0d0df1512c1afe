// Package dtlsgate stands between the network and a DTLS 1.2 server (RFC 6347)
// and lets through only what can be the peer's.
//
// Until its end a handshake goes in the clear, so whoever knows two addresses
// can put a record into it, and a server that believes what it reads ends the
// handshake over the first wrong one. What protects a handshake is that its
// messages can be told apart:
//
//	ClientHello        anybody can make one, so it has to have a cookie ([Retry]),
//	                   which only who receives at the address can know
//	Certificate,       the one that the peer announced, and a signature by it
//	ClientKeyExchange, over all that both sides said, our random numbers
//	CertificateVerify  included, which a stranger has not seen: of all that claim
//	                   to be these, those are passed on that fit together
//	Finished           is encrypted: the server itself sorts out what is not
//
// Everything else in the clear is dropped: alerts and data end nothing.
//
// All of it is pure: no goroutine, lock or clock. What a stranger can make a
// Gate hold is bounded (see the max constants), and so is what it can make it
// compute: verifications per second.
//
// Why a cookie always: our flight is signed over the random number of one
// ClientHello, and a client that is sent another's gives up. Of two that come one
// after the other nobody knows which is the peer's, and the first may be forged.
// pion/dtls draws cookies of its own, but binds each to the first ClientHello it
// reads, which is what a stranger would want.
//
// The other way round, for a peer that wants to be the server, a [ClientGate]
// passes on what the announced certificate's key has signed. It can not tell all
// messages apart (see there), which is one reason to be the server where we may.
//
// Why not always a=setup:active, where there is no ClientHello to forge: the server side
// of DTLS chooses the SRTP profile, and Chromium then takes AES-CM with SHA-1
// before AES-GCM (go run ./cmd/check/stacks tells for each stack). Sealing 1,200
// bytes costs 2.5 µs so, in place of 0.55 (go test -bench SealRTP ./media).
package dtlsgate
