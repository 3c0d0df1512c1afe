// Package rtctest has what the rigs of package rtc and of those below it share:
// packets of sound and picture as test peers number and name them, binding requests
// and checks of ICE made by hand, and DTLS records in the clear. It knows none of the
// packages it is for, and is for tests only (see the import rules of cmd/check).
package rtctest
