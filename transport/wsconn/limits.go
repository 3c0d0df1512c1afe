package wsconn

import "time"

// Limits bound what a connection may cost. Zero values mean the defaults.
type Limits struct {
	// Message is the size of an incoming message in bytes, all fragments
	// together; more is answered with 1009. Default 384 KiB, the protocol's
	// wire.MaxMessage.
	Message int
	// Fragments is the number of frames of a message; more is answered with
	// 1008. Default 1024.
	Fragments int
	// Controls is the number of control frames taken in one second; more is
	// answered with 1008. Default 100.
	Controls int
	// Input is how many bytes all connections together may hold for messages
	// that are not complete. When it is full, connections of the address that
	// holds most get 1013 until it is not. Default 64 MiB.
	Input int64
	// InputShare is how much of Input the connections of one address may hold
	// (of a /64 with IPv6); beyond it the one of them that holds most gets
	// 1013. Default a quarter of Input: room for 500 joins from one school that
	// arrive at the same moment. Exempt addresses have no share.
	InputShare int64
	// InputReserve is the part of Input that is kept for messages of at most
	// 64 KiB. Default a quarter of Input.
	InputReserve int64
	// Queue is how many bytes may wait for one peer; a peer that lets more
	// pile up is cut. A frame of any size is taken when nothing waits.
	// Default 4 MiB: all that a resumed session may have missed (3 MiB, which
	// the room holds in any case) and what happens meanwhile.
	Queue int
	// Socket is the size of the kernel's send buffer in bytes, which the
	// kernel doubles. Default 128 KiB; less than the kernel's own default
	// maximum of several MiB, which a peer that does not read would fill.
	Socket int
	// MessageTime is how long a message may take from its first byte to its
	// last; longer is answered with 1008. Default 10 s.
	MessageTime time.Duration
	// WriteTime is how long a peer may go without taking at least 10 KiB (or
	// all) of what waits for it before it is cut. Default 10 s.
	WriteTime time.Duration
	// PingEvery is the time between pings. Default 20 s.
	PingEvery time.Duration
	// Pings is the number of pings without any frame from the peer after
	// which it is cut, at the time the next one would be due. Default 2.
	Pings int
	// CloseTime is how long the peer may take to answer a close frame.
	// Default 2 s.
	CloseTime time.Duration
}

// writeProgress is what a slow peer must take within Limits.WriteTime, bytes.
const writeProgress = 10 << 10

func orDefault[T int | int64 | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}

func (l Limits) withDefaults() Limits {
	orDefault(&l.Message, 384<<10)
	orDefault(&l.Fragments, 1024)
	orDefault(&l.Controls, 100)
	orDefault(&l.Input, 64<<20)
	orDefault(&l.InputShare, l.Input/4)
	orDefault(&l.InputReserve, l.Input/4)
	orDefault(&l.Queue, 4<<20)
	orDefault(&l.Socket, 128<<10)
	orDefault(&l.MessageTime, 10*time.Second)
	orDefault(&l.WriteTime, 10*time.Second)
	orDefault(&l.PingEvery, 20*time.Second)
	orDefault(&l.Pings, 2)
	orDefault(&l.CloseTime, 2*time.Second)
	return l
}
