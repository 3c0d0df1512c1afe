package client

import (
	"net"
	"strconv"

	"parley/bench/gcm"
	"parley/bench/load"
)

// Wire describes a client that has no signalling: keys and streams are given.
// The floor programs are measured with such clients, and the tool itself is
// tested with them.
type Wire struct {
	Spec        Spec
	Conn        *net.UDPConn // connected to the forwarder
	Write, Read gcm.Keys
	// SSRCs of what is sent; a camera's layers follow at distances of two.
	Mic, Camera uint32
	// Seats says who sits where and what SSRCs carry it.
	Seats []WireSeat
}

// WireSeat is one seat of a wired client; SSRC 0 means that there is none.
type WireSeat struct {
	Sender       uint32
	Audio, Video uint32
}

// wiredParts are the extensions of wired clients, the same as in offers.
var wiredParts = answer{sections: map[string]*section{
	"0": {pt: ptOpus, mid: extMID, level: extLevel},
	"1": {pt: ptVP8, mid: extMID, rid: extRID},
}}

// Wire adds a client that is wired by hand. The client owns w.Conn.
func (s *Swarm) Wire(w *Wire) error {
	shard, _ := s.next()
	c := &Client{spec: &w.Spec, shard: shard, id: wiredID(w.Spec.Sender)}
	s.Directory.add(c.id, Peer{Sender: w.Spec.Sender, Room: w.Spec.Room,
		Audio: w.Spec.Publish.Audio, Video: w.Spec.Publish.Bitrate > 0})
	if w.Spec.Publish.Audio || w.Spec.Publish.Bitrate > 0 {
		c.out.pub = s.Config.newPublisher(&w.Spec, w.Mic, w.Camera, &wiredParts, mids{"0", "1"})
	}
	c.in.reports = make(map[uint32]senderReport)
	c.in.streams = make(map[uint32]*load.Inbound)
	for i, ws := range w.Seats {
		c.in.seats = append(c.in.seats, seat{participant: wiredID(ws.Sender), video: ws.Video != 0})
		c.expect(&load.Inbound{SSRC: ws.Audio, Seat: i, Source: load.Audio})
		c.expect(&load.Inbound{SSRC: ws.Video, Seat: i, Source: load.Video})
	}
	n := &newcomer{client: c, udp: w.Conn, write: w.Write, read: w.Read, adopted: make(chan error, 1)}
	if !shard.Loop.Post(n) {
		w.Conn.Close()
		return errEnded
	}
	return <-n.adopted
}

// wiredID is the participant id of a wired client.
func wiredID(sender uint32) string { return "wired-" + strconv.FormatUint(uint64(sender), 10) }
