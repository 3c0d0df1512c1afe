// Package load says what load clients send and judges what they receive. It
// is pure: no socket, no clock, no goroutine; now is a parameter, in
// nanoseconds on one monotonic scale for all clients of a process.
//
// Sending: Publisher holds one microphone and the layers of one camera and
// says when which is due. A picture is cut into equal packets, so that a
// server may send them as one run; their number follows from the bitrate.
// Each packet ends with a Stamp: who sent it, which one it is, and when.
//
// Receiving: Inbound counts every packet of one SSRC by its clear header and
// judges the opened ones by their stamp. Loss is taken from the stamps, not
// from the RTP sequence numbers, for those are the server's own: between two
// opened packets of the same source the sender's counter says how many there
// should have been. Each stream has its own account, so that copies in one do not
// make up for loss in another; what a source sent before is told from late
// packets by the last 64 counters.
package load
