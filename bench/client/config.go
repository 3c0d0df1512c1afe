package client

import (
	"net/netip"
	"time"

	"parley/bench/load"
	"parley/engine/wire"
)

// MaxSeats is how many seats a client may offer.
const MaxSeats = wire.MaxSeats

// Config is what all clients of a run have in common. It is not changed once
// the swarm exists.
type Config struct {
	// URL is the server's address, http or https; Path the WebSocket's.
	URL, Path string
	Identity  *Identity
	// Run marks the packets of this run.
	Run uint32
	// Seats is how many seats each client offers, at most MaxSeats.
	Seats     int
	Simulcast bool
	// TWCC offers transport-wide congestion control and answers with
	// feedback, as browsers do.
	TWCC bool
	// GRO lets the kernel hand over runs of datagrams (Linux).
	GRO bool
	// Stride is how many packets of a stream there are to one that is
	// opened, 1 … ; odd, so that it does not fall in step with pictures.
	Stride int
	// Timeout bounds a join, from dialling to keys.
	Timeout time.Duration
	// Rewire gives the address to use instead of a server candidate; nil
	// keeps them. It puts an impairment between.
	Rewire func(netip.AddrPort) (netip.AddrPort, error)
}

// Publish says what a client sends.
type Publish struct {
	Audio bool
	// Bitrate of the camera in bits per second, all layers together; 0: no
	// camera.
	Bitrate int64
	FPS     float64
}

// Spec is one client to be.
type Spec struct {
	Sender  uint32 // its number in the run, from 1
	Room    string
	Name    string
	Publish Publish
	// NoMedia leaves out offer, sources and seats.
	NoMedia bool
	// View names the senders to look at; nil leaves it to the server.
	View []uint32
	// Width and Height are those of a tile.
	Width, Height int
}

// layerShape is one simulcast layer: its part of the bitrate and its size.
type layerShape struct {
	part          float64
	width, height uint16
}

var simulcastShapes = [len(rids)]layerShape{{0.10, 320, 180}, {0.25, 640, 360}, {0.65, 1280, 720}}

// shapes lists the layers of a camera.
func (c *Config) shapes() []layerShape {
	if c.Simulcast {
		return simulcastShapes[:]
	}
	return []layerShape{{1, 640, 360}}
}

// Times are the milestones of a join, in nanoseconds of netloop.Now; 0: not
// reached.
type Times struct {
	Dialled   int64 // WebSocket open
	Asked     int64 // join sent
	Answered  int64 // joined received
	Connected int64 // ICE and DTLS done
	First     int64 // first packet of another participant
}

// newPublisher makes the sending side of spec. Random SSRCs are the caller's:
// mic and camera, with the layers' at camera, camera+2, …
func (c *Config) newPublisher(spec *Spec, mic, camera uint32, a *answer, mids mids) *load.Publisher {
	p := &load.Publisher{FPS: spec.Publish.FPS, SPS: load.SoundsPerSecond}
	if s := a.sections[mids.mic]; spec.Publish.Audio && s != nil {
		level := byte(0x80 | (20 + spec.Sender%20)) // voice, -20 … -39 dBov
		p.Mic = &load.Track{
			Stamp: load.Stamp{Run: c.Run, Sender: spec.Sender, Source: load.Audio},
			SSRC:  mic, PT: s.pt, Seq: uint16(mic), Datagram: load.AudioDatagram,
			Ext: load.ExtBlock(load.ExtElement{ID: s.level, Data: []byte{level}}, load.ExtElement{ID: s.mid, Data: []byte(mids.mic)}),
		}
	}
	if s := a.sections[mids.camera]; spec.Publish.Bitrate > 0 && s != nil {
		for i, shape := range c.shapes() {
			ext := []load.ExtElement{{ID: s.mid, Data: []byte(mids.camera)}}
			if c.Simulcast {
				ext = append(ext, load.ExtElement{ID: s.rid, Data: []byte(rids[i])})
			}
			l := newLayer(&spec.Publish, shape)
			l.Stamp = load.Stamp{Run: c.Run, Sender: spec.Sender, Source: load.Video, Layer: uint8(i)}
			l.SSRC, l.PT, l.Ext = camera+uint32(2*i), s.pt, load.ExtBlock(ext...)
			l.Seq = uint16(l.SSRC)
			p.Layers = append(p.Layers, l)
		}
	}
	return p
}

// mids names the send sections.
type mids struct{ mic, camera string }

// newLayer makes a layer of the right shape, without its identity.
func newLayer(p *Publish, shape layerShape) *load.Layer {
	l := &load.Layer{Width: shape.width, Height: shape.height}
	l.PerFrame, l.Datagram = load.FrameShape(int64(float64(p.Bitrate)*shape.part), p.FPS)
	return l
}
