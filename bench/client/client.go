package client

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"time"

	"parley/bench/gcm"
	"parley/bench/load"
	"parley/bench/netloop"
	"parley/engine/wire"
)

// tickEvery is the pace of reports and checks, in nanoseconds.
const tickEvery = int64(time.Second)

// Client is one joined participant. It is owned by its shard's loop.
type Client struct {
	spec  *Spec
	shard *Shard
	id    string // participant, empty when wired by hand
	times Times

	signal  *netloop.Text // nil when wired by hand, or while it is cut
	token   string        // to resume with
	seq     uint64        // of the newest event
	lastID  int64
	heard   heard
	leaving bool
	bye     wire.Code

	udp   *netloop.UDP // nil without media
	check *checker     // nil when wired by hand
	out   outbound
	in    inbound

	timer   *netloop.Timer
	tick    int64 // when the next tick is due
	consent int64 // when the next consent check is due
}

// inbound is the receiving side.
type inbound struct {
	open    *gcm.Session
	streams map[uint32]*load.Inbound
	order   []*load.Inbound // the same, sorted by seat
	recent  *load.Inbound   // the last one looked up
	seats   []seat
	missing load.Missing
	reports map[uint32]senderReport // by SSRC
	twcc    *twccRecorder           // nil unless negotiated
}

// OnPacket takes a datagram from the server (RFC 7983).
func (c *Client) OnPacket(pkt []byte, now int64) {
	if len(pkt) < 12 || pkt[0] < 128 || pkt[0] > 191 {
		c.onCheck(pkt) // STUN answers and late DTLS records need nothing
		return
	}
	if pkt[1] >= 192 && pkt[1] <= 223 {
		c.onRTCP(pkt, now)
		return
	}
	c.onRTP(pkt, now)
}

// onCheck answers a check of the server's.
func (c *Client) onCheck(pkt []byte) {
	if c.check == nil {
		return
	}
	if r := c.check.respond(pkt); r != nil {
		c.udp.Send(r)
	}
}

func (c *Client) onRTP(pkt []byte, now int64) {
	st := c.shard.stats
	in := c.stream(binary.BigEndian.Uint32(pkt[8:]))
	if in == nil {
		st.Strangers++
		return
	}
	if in.RTX {
		c.onRepair(in, pkt, now)
		return
	}
	seq := binary.BigEndian.Uint16(pkt[2:])
	ext, seen, gap := in.Count(seq)
	if seen == load.Duplicate {
		st.Duplicates++
		return
	}
	st.Packets++
	st.Bytes += uint64(len(pkt))
	if in.Source == load.Audio {
		st.AudioCount++
	}
	if c.times.First == 0 {
		c.times.First = now
		c.shard.onFirst(c)
	}
	if c.in.twcc != nil {
		c.in.twcc.record(pkt, now)
	}
	if seen == load.Late {
		st.Reordered++
		c.in.missing.Found(in.SSRC, seq)
	} else if gap > 0 {
		st.Gaps += uint64(gap)
		c.noteGap(in, seq, gap, now)
	}
	if !in.Sample(c.shard.cfg.Stride) {
		in.Note(ext, nil, st)
		return
	}
	in.Note(ext, c.sample(in, pkt, uint32(ext>>16), now), st)
}

// stream finds the incoming stream of an SSRC, nil if there is none.
func (c *Client) stream(ssrc uint32) *load.Inbound {
	if r := c.in.recent; r != nil && r.SSRC == ssrc {
		return r
	}
	in := c.in.streams[ssrc]
	if in != nil {
		c.in.recent = in
	}
	return in
}

// sample opens a packet and judges its stamp; nil if that fails.
func (c *Client) sample(in *load.Inbound, pkt []byte, roc uint32, now int64) *load.Stamp {
	st := c.shard.stats
	payload, ok := c.openRTP(pkt, roc)
	if !ok {
		st.Broken++
		return nil
	}
	st.Opened++
	stamp, ok := load.ParseStamp(payload)
	if !ok {
		st.Broken++
		return nil
	}
	st.RecordDelay(stamp.At, now)
	s := &c.in.seats[in.Seat]
	if n := s.judge(&stamp, in.Source, scene{c.shard.cfg.Run, c.spec.Room, c.shard.dir}, now); n > 0 {
		st.Crosstalk += n
		return nil
	}
	c.shard.stamp = stamp
	return &c.shard.stamp
}

// openRTP opens pkt in place.
func (c *Client) openRTP(pkt []byte, roc uint32) ([]byte, bool) {
	n := headerLen(pkt)
	if n == 0 {
		return nil, false
	}
	payload, err := c.in.open.OpenRTP(pkt, n, roc)
	return payload, err == nil
}

// headerLen is the length of an RTP header with CSRCs and extension, 0 when
// the packet is too short for it (RFC 3550 §5.1).
func headerLen(pkt []byte) int {
	if len(pkt) < 12 {
		return 0
	}
	n := 12 + 4*int(pkt[0]&0x0f)
	if pkt[0]&0x10 != 0 {
		if len(pkt) < n+4 {
			return 0
		}
		n += 4 + 4*int(binary.BigEndian.Uint16(pkt[n+2:]))
	}
	if len(pkt) < n+gcm.TagLen {
		return 0
	}
	return n
}

// OnText takes a message from the server.
func (c *Client) OnText(msg []byte, now int64) {
	c.seq = max(c.seq, eventSeq(msg))
	if c.onChat(msg, now) {
		return
	}
	m, err := wire.ParseMessage(msg)
	if err != nil {
		return // of a type that newer servers have
	}
	switch m := m.(type) {
	case *wire.Seated:
		if m.Seat >= 0 && m.Seat < len(c.in.seats) {
			c.in.seats[m.Seat].place(m.Participant, m.Video, now)
		}
	case *wire.Vacated:
		if m.Seat >= 0 && m.Seat < len(c.in.seats) {
			c.in.seats[m.Seat].vacate(now)
		}
	case *wire.Error:
		c.shard.refused[m.Code]++
	case *wire.Bye:
		c.bye = m.Code
	}
}

// eventSeq reads the number of an event, 0 for what is none.
func eventSeq(msg []byte) (seq uint64) {
	_, after, ok := bytes.Cut(msg, []byte(`"seq":`))
	if !ok {
		return 0
	}
	for _, b := range after {
		if b < '0' || b > '9' {
			break
		}
		seq = seq*10 + uint64(b-'0')
	}
	return seq
}

// OnClosed takes the end of the WebSocket.
func (c *Client) OnClosed(err error) {
	reason := string(c.bye)
	if reason == "" {
		reason = err.Error()
	}
	c.shard.drop(c, reason)
}

// request sends m, whose head it fills in.
func (c *Client) request(m wire.Request, head *wire.Head, kind string) {
	c.lastID++
	*head = wire.Head{Type: kind, ID: c.lastID}
	text, err := json.Marshal(m)
	if err == nil && c.signal != nil {
		c.signal.Send(text)
	}
}

// look sends the view of the spec.
func (c *Client) look() {
	if c.spec.View == nil || c.signal == nil {
		return
	}
	v := &wire.View{Items: []wire.ViewItem{}}
	for _, n := range c.spec.View {
		if _, id, ok := c.shard.dir.sender(n); ok {
			v.Items = append(v.Items, wire.ViewItem{Participant: id, Source: wire.Camera, Width: c.spec.Width, Height: c.spec.Height})
		}
	}
	c.request(v, &v.Head, wire.TypeView)
}

// leave says good-bye; the server closes.
func (c *Client) leave() {
	if c.leaving {
		return
	}
	c.leaving = true
	if c.signal == nil {
		c.shard.drop(c, "")
		return
	}
	m := new(wire.Leave)
	c.request(m, &m.Head, wire.TypeLeave)
}

// OnAlarm sends what is due and arms the timer again.
func (c *Client) OnAlarm(now int64) {
	if c.out.pub != nil && !c.shard.paused {
		c.publish(now)
	}
	if c.in.missing.Len() > 0 {
		c.askMissing(now)
	}
	if c.tick <= now {
		c.onTick(now)
		c.tick = max(c.tick+tickEvery, now)
	}
	if c.in.twcc != nil {
		c.sendTWCC(now)
	}
	c.arm()
}

func (c *Client) arm() {
	next := c.tick
	if c.out.pub != nil && !c.shard.paused {
		if due, ok := c.out.pub.Due(); ok {
			next = min(next, due)
		}
	}
	if due, ok := c.in.missing.Due(); ok {
		next = min(next, due)
	}
	if c.in.twcc != nil {
		next = min(next, c.in.twcc.due)
	}
	c.shard.Loop.Arm(c.timer, next)
}

// onTick sends reports and, when it is time, a consent check.
func (c *Client) onTick(now int64) {
	if c.udp == nil {
		return
	}
	c.sendReports(now)
	if c.check != nil && c.consent <= now {
		c.consent = now + consentEvery
		if m, err := c.check.request(); err == nil {
			c.udp.Send(m.Raw)
		}
	}
}
