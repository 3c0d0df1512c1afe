// Package gcm is the load tool's own SRTP: AEAD_AES_128_GCM of RFC 7714 and
// the key derivation of RFC 3711 §4.3, for RTP and RTCP, nothing else.
//
// It is written apart from the server's sealer on purpose: a yardstick that
// shares code with what it measures can not find that code's faults. It is
// proven against pion/srtp.
//
// A Session may be used by one goroutine at a time. Nothing here allocates
// per packet. There is no replay window: the tool wants to see duplicates.
package gcm
