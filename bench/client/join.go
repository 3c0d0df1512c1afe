package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"

	"parley/bench/gcm"
	"parley/bench/load"
	"parley/bench/netloop"
	"parley/engine/wire"
)

// newcomer is what a joining goroutine has put together for the loop.
type newcomer struct {
	client      *Client
	signal      *signalConn  // nil when wired by hand
	udp         *net.UDPConn // nil without media
	write, read gcm.Keys
	adopted     chan error
}

// join runs the blocking part of a join. On an error nothing stays open.
func (s *Shard) join(ctx context.Context, spec *Spec, rng *rand.Rand) (*newcomer, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	signal, err := dialSignal(ctx, s.cfg.URL, s.cfg.Path, subprotocol)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { signal.conn.Close() })
	n, err := s.enter(ctx, signal, spec, rng)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		signal.conn.Close()
		if n != nil && n.udp != nil {
			n.udp.Close()
		}
		if ctx.Err() != nil {
			err = fmt.Errorf("join timed out after %v: %w", s.cfg.Timeout, err)
		}
		return nil, err
	}
	return n, nil
}

// enter joins the room over signal and connects the media.
func (s *Shard) enter(ctx context.Context, signal *signalConn, spec *Spec, rng *rand.Rand) (*newcomer, error) {
	c := &Client{spec: spec, shard: s, lastID: 1}
	c.times.Dialled = netloop.Now()
	join := &wire.Join{Head: wire.Head{Type: wire.TypeJoin, ID: 1}, Room: spec.Room, Name: spec.Name}
	off := offerSpec{
		ufrag: randomText(rng, 8), pwd: randomText(rng, 24), fingerprint: s.cfg.Identity.fingerprint,
		seats: s.cfg.Seats, simulcast: s.cfg.Simulcast, twcc: s.cfg.TWCC,
		mic: rng.Uint32() | 1, camera: rng.Uint32()&^15 | 16,
	}
	if !spec.NoMedia {
		c.in.seats = make([]seat, s.cfg.Seats) // events may come before the reply
		o := buildOffer(&off)
		join.Offer, join.Sources, join.Seats = o.sdp, o.sources, o.seats
		join.Unmuted = spec.unmuted()
	}
	c.times.Asked = netloop.Now()
	if err := signal.send(join); err != nil {
		return nil, err
	}
	reply, err := signal.await(1, func(msg []byte) { c.OnText(msg, netloop.Now()) })
	if err != nil {
		return nil, err
	}
	c.times.Answered = netloop.Now()
	joined, ok := reply.(*wire.Joined)
	if !ok {
		return nil, &NotParleyError{URL: s.cfg.URL, Detail: "join was not answered with joined"}
	}
	c.id, c.token, c.seq = joined.Participant, joined.Resume, joined.Seq
	n := &newcomer{client: c, signal: signal, adopted: make(chan error, 1)}
	s.dir.add(c.id, Peer{Sender: spec.Sender, Room: spec.Room, Audio: spec.Publish.Audio, Video: spec.Publish.Bitrate > 0})
	if spec.NoMedia {
		return n, nil
	}
	if err = n.connect(ctx, s, &off, join, joined.Answer); err != nil {
		s.dir.remove(c.id)
	}
	return n, err
}

// unmuted lists the sources that send from the start.
func (spec *Spec) unmuted() []wire.Source {
	var list []wire.Source
	if spec.Publish.Audio {
		list = append(list, wire.Microphone)
	}
	if spec.Publish.Bitrate > 0 {
		list = append(list, wire.Camera)
	}
	return list
}

// connect does ICE and DTLS and sets up the client's streams.
func (n *newcomer) connect(ctx context.Context, s *Shard, off *offerSpec, join *wire.Join, sdp string) error {
	a, err := parseAnswer(sdp)
	if err != nil {
		return err
	}
	candidates, err := s.candidates(a)
	if err != nil {
		return err
	}
	c := n.client
	c.check = newChecker(off.ufrag, off.pwd, a, uint64(off.camera)<<32|uint64(off.mic))
	if n.udp, err = c.check.connect(ctx, candidates); err != nil {
		return err
	}
	if n.write, n.read, err = s.cfg.Identity.handshake(ctx, n.udp, c.check, a.fingerprint); err != nil {
		return err
	}
	c.times.Connected = netloop.Now()
	return c.setUp(off, join, a)
}

// candidates puts those of the server's own host first and applies Rewire.
func (s *Shard) candidates(a *answer) ([]netip.AddrPort, error) {
	list := slices.Clone(a.candidates)
	host := ""
	if u, err := url.Parse(s.cfg.URL); err == nil {
		host = u.Hostname()
	}
	slices.SortStableFunc(list, func(x, y netip.AddrPort) int {
		return boolRank(x.Addr().String() == host) - boolRank(y.Addr().String() == host)
	})
	if s.cfg.Rewire == nil {
		return list, nil
	}
	wired, err := s.cfg.Rewire(list[0])
	return []netip.AddrPort{wired}, err
}

// boolRank is 0 for what comes first.
func boolRank(first bool) int {
	if first {
		return 0
	}
	return 1
}

// setUp makes the client's outgoing and incoming streams from the answer.
func (c *Client) setUp(off *offerSpec, join *wire.Join, a *answer) error {
	cfg := c.shard.cfg
	m := mids{mic: join.Sources[wire.Microphone].MID, camera: join.Sources[wire.Camera].MID}
	if len(join.Unmuted) > 0 {
		c.out.pub = cfg.newPublisher(c.spec, off.mic, off.camera, a, m)
		if camera := a.sections[m.camera]; camera != nil && camera.rtxPT != 0 && !cfg.Simulcast {
			c.out.rtxPT = camera.rtxPT
			c.out.rings = map[uint32]*ring{off.camera: {ssrc: off.camera + 1}}
		}
	}
	c.in.reports = make(map[uint32]senderReport)
	c.in.streams = make(map[uint32]*load.Inbound)
	for i, mids := range join.Seats {
		audio, video := a.sections[mids.Audio], a.sections[mids.Video]
		if audio == nil || video == nil {
			return fmt.Errorf("seat %d: %w", i, errSectionAbsent)
		}
		c.expect(&load.Inbound{SSRC: audio.ssrc, Seat: i, Source: load.Audio})
		c.expect(&load.Inbound{SSRC: video.ssrc, Seat: i, Source: load.Video})
		c.expect(&load.Inbound{SSRC: video.rtx, Seat: i, Source: load.Video, RTX: true})
		if cfg.TWCC && video.twcc != 0 {
			c.in.twcc = &twccRecorder{id: video.twcc}
		}
	}
	return nil
}

// expect adds an incoming stream; SSRC 0 means that there is none.
func (c *Client) expect(in *load.Inbound) {
	if in.SSRC != 0 {
		c.in.streams[in.SSRC] = in
		c.in.order = append(c.in.order, in)
	}
}

// Do moves the newcomer into its loop: netloop.Command.
func (n *newcomer) Do(l *netloop.Loop) { n.adopted <- n.adopt(l) }

func (n *newcomer) adopt(l *netloop.Loop) error {
	c := n.client
	var err error
	if n.udp != nil {
		if c.out.seal, err = gcm.NewSession(n.write); err != nil {
			return err
		}
		if c.in.open, err = gcm.NewSession(n.read); err != nil {
			return err
		}
	}
	c.shard.add(c)
	if n.udp != nil {
		if c.udp, err = l.AdoptUDP(n.udp, c.shard.cfg.GRO, c); err != nil {
			c.shard.drop(c, err.Error())
			return err
		}
	}
	if n.signal != nil {
		conn, early := n.signal.release()
		if c.signal, err = l.AdoptText(conn, early, c); err != nil {
			c.shard.drop(c, err.Error())
			return err
		}
	}
	if _, here := c.shard.clients[c]; !here {
		return errors.New("connection ended while joining")
	}
	c.look()
	return nil
}

// randomText makes n characters fit for ice-ufrag and ice-pwd (RFC 8839
// §5.4).
func randomText(rng *rand.Rand, n int) string {
	text := ""
	for len(text) < n {
		text += strconv.FormatUint(rng.Uint64(), 36)
	}
	return text[:n]
}
