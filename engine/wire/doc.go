// Package wire holds the message types of the client protocol parley.v1 and
// nothing else: it is a leaf that the engine, the transports and the load
// tool share. The protocol is described message by message in PROTOCOL.md,
// which a test walks: every message, field and error code named there must
// exist here, and the other way round.
//
// A request is one line of the list in requests.go, with its struct, type and check
// beside it; a server message one in replies.go or events.go. Doors that do not
// speak JSON make requests by themselves (CheckRequest) and read messages from
// frames (Frame.Message).
//
// In parley.v1 all messages are JSON objects in WebSocket text frames with a "type".
// Requests carry an "id" (1 … 2^53-1, chosen by the client) and get exactly
// one reply with the same id. Room events carry a "seq" that rises within a
// room (not necessarily by one: private events are only seen by two).
package wire
