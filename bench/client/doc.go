// Package client is a light meeting client: it speaks parley.v1 over a real
// WebSocket, answers to ICE and DTLS like a browser, sends and receives SRTP,
// and costs so little that one core carries thousands.
//
// Joining is done by a short-lived goroutine with blocking calls (signal.go,
// ice.go, dtls.go). Afterwards the sockets belong to a netloop.Loop and a
// joined Client has no goroutine: packets, messages and timers reach it on
// its loop, so that it has no locks. Clients of one loop form a Shard, which
// holds their common statistics; a Swarm is all shards. Goroutines outside
// talk to shards with commands only.
//
// What it leaves out: congestion control, jitter buffers, decoding, and
// opening every packet. The RTP header is clear, so each packet is counted;
// only every stride-th is opened and its stamp judged (package load).
package client
