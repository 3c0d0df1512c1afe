package floor

import (
	"encoding/binary"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bench/gcm"
)

// stage is a minimal forwarder between sockets of the test: one who sends, two
// who receive.
type stage struct {
	*testing.T
	f      *Forwarder
	from   *net.UDPConn
	sender *gcm.Session
	dests  []*net.UDPConn
	keys   []gcm.Keys
}

func udpConn(t *testing.T) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func portOf(c *net.UDPConn) uint16 { return uint16(c.LocalAddr().(*net.UDPAddr).Port) }

// newStage forwards SSRC 5 to both, to the second twice, and 6 to the second.
func newStage(t *testing.T, gso bool, faults Faults) *stage {
	t.Helper()
	own := udpConn(t)
	s := &stage{T: t}
	var err error
	if s.from, err = net.DialUDP("udp4", nil, own.LocalAddr().(*net.UDPAddr)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.from.Close() })
	keys := gcm.Keys{Key: [gcm.KeyLen]byte{7}}
	if s.sender, err = gcm.NewSession(keys); err != nil {
		t.Fatal(err)
	}
	plan := &Plan{GSO: gso, Faults: faults, Publishers: []Publisher{{Port: portOf(s.from), Keys: keys, Streams: []Stream{
		{SSRC: 5, To: []Hop{{0, 100}, {1, 101}, {1, 103}}}, {SSRC: 6, To: []Hop{{1, 102}}},
	}}}}
	for i := range byte(2) {
		s.dests = append(s.dests, udpConn(t))
		s.keys = append(s.keys, gcm.Keys{Key: [gcm.KeyLen]byte{i + 1}})
		plan.Dests = append(plan.Dests, Dest{Port: portOf(s.dests[i]), Keys: s.keys[i]})
	}
	if s.f, err = NewForwarder(own, plan); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.f.pipe.close)
	return s
}

// seal makes a packet of the sender.
func (s *stage) seal(ssrc uint32, seq uint16, roc uint32, payload string) []byte {
	return s.sealAs(96, ssrc, seq, roc, payload)
}

// sealAs makes one whose second byte is kind.
func (s *stage) sealAs(kind byte, ssrc uint32, seq uint16, roc uint32, payload string) []byte {
	header := []byte{0x90, kind, byte(seq >> 8), byte(seq), 0, 0, 0, 9, 0, 0, 0, 0, 0xbe, 0xde, 0, 1, 0x10, 1, 0, 0}
	binary.BigEndian.PutUint32(header[8:], ssrc)
	return s.sender.SealRTP(nil, header, []byte(payload), roc)
}

// forward sends packets and has them forwarded, as many in a batch as come.
func (s *stage) forward(packets ...[]byte) {
	s.Helper()
	for _, p := range packets {
		if _, err := s.from.Write(p); err != nil {
			s.Fatal(err)
		}
	}
	for got := 0; got < len(packets); {
		n, err := s.f.pipe.receive()
		if err != nil {
			s.Fatal(err)
		}
		s.f.batch(n)
		s.f.pipe.flush()
		got += n
	}
}

// got opens what a destination has received, in the order of arrival: SSRC,
// number, payload.
func (s *stage) got(dest int, roc func(seq uint16) uint32) (list []string) {
	s.Helper()
	open, err := gcm.NewSession(s.keys[dest])
	if err != nil {
		s.Fatal(err)
	}
	buf := make([]byte, 2000)
	for {
		s.dests[dest].SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		n, err := s.dests[dest].Read(buf)
		if err != nil {
			return list
		}
		seq := binary.BigEndian.Uint16(buf[2:])
		payload, err := open.OpenRTP(buf[:n], 20, roc(seq))
		if err != nil {
			s.Errorf("destination %d: packet %d: %v", dest, seq, err)
			continue
		}
		list = append(list, fmt.Sprintf("%d:%d:%s", binary.BigEndian.Uint32(buf[8:]), seq, payload))
	}
}

func noRollover(uint16) uint32 { return 0 }

// TestForwarderForwards: everything that is asked for, to everybody who is to get
// it, sealed anew under its SSRC, and in order; also where a run is longer than a
// message or a batch than the memory for it.
func TestForwarderForwards(t *testing.T) {
	for name, gso := range map[string]bool{"sendmmsg": false, "runs": true} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, gso, Faults{})
			var packets [][]byte
			var first, second, again []string
			for i := range uint16(100) {
				payload := fmt.Sprintf("payload %3d", i)
				if i%40 == 39 {
					payload = "short" // the last of a run may be
				}
				packets = append(packets, s.seal(5, i, 0, payload))
				first = append(first, fmt.Sprintf("100:%d:%s", i, payload))
				second = append(second, fmt.Sprintf("101:%d:%s", i, payload))
				again = append(again, fmt.Sprintf("103:%d:%s", i, payload))
			}
			packets = append(packets, s.seal(6, 7, 0, "only for one"))
			second = append(second, "102:7:only for one")
			s.forward(packets...)
			if got := s.got(0, noRollover); !slices.Equal(got, first) {
				t.Errorf("first got %q", got)
			}
			got := s.got(1, noRollover)
			slices.SortStableFunc(got, func(a, b string) int { return strings.Compare(a[:4], b[:4]) }) // by stream
			if !slices.Equal(got, append(second, again...)) {
				t.Errorf("second got %q", got)
			}
		})
	}
}

// TestForwarderRollsOver: across the end of sequence numbers, also out of order.
func TestForwarderRollsOver(t *testing.T) {
	s := newStage(t, false, Faults{})
	roc := func(seq uint16) uint32 {
		if seq > 1<<15 {
			return 4
		}
		return 5
	}
	s.f.pubs[portOf(s.from)].streams[0].roc = 4
	var packets [][]byte
	for _, seq := range []uint16{65533, 65535, 65534, 0, 65532, 2, 1, 3} {
		packets = append(packets, s.seal(5, seq, roc(seq), "x"))
	}
	s.forward(packets...)
	if got := s.got(0, roc); len(got) != 8 {
		t.Errorf("got %q", got)
	}
}

// TestForwarderLeavesOut what is nobody's: it is a yardstick, but one that fuzz of
// the network must not stop.
func TestForwarderLeavesOut(t *testing.T) {
	s := newStage(t, false, Faults{})
	broken := s.seal(5, 1, 0, "broken")
	broken[len(broken)-1] ^= 1
	rtcp := s.sealAs(200, 5, 2, 0, "control")
	long := s.seal(5, 3, 0, "extension beyond the end")
	long[14] = 255
	s.forward(broken, rtcp, long, []byte{0x80}, s.seal(9, 4, 0, "of no stream"), s.seal(5, 5, 0, "good"))
	stranger, err := net.DialUDP("udp4", nil, s.from.RemoteAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	s.from = stranger
	s.forward(s.seal(5, 6, 0, "of a stranger"))
	if got := s.got(0, noRollover); !slices.Equal(got, []string{"100:5:good"}) {
		t.Errorf("got %q", got)
	}
}

// TestForwarderFaults: the defects that the bench's own tests rely on are those
// that were asked for.
func TestForwarderFaults(t *testing.T) {
	for name, c := range map[string]struct {
		faults Faults
		want   int
	}{
		"none": {Faults{}, 30}, "drop": {Faults{DropEvery: 3}, 20}, "repeat": {Faults{RepeatEvery: 3}, 40},
		"all": {Faults{DropEvery: 1}, 0}, "both": {Faults{DropEvery: 3, RepeatEvery: 2}, 30},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, false, c.faults)
			var packets [][]byte
			for i := range uint16(30) {
				packets = append(packets, s.seal(6, i, 0, "x"))
			}
			s.forward(packets...)
			if got := s.got(1, noRollover); len(got) != c.want {
				t.Errorf("%d came, want %d", len(got), c.want)
			}
		})
	}
}

// TestABedSendsWhatItCounts: each way of sending that is timed sends 64
// datagrams of the size, to all destinations alike.
func TestABedSendsWhatItCounts(t *testing.T) {
	for name, send := range map[string]func(*bed) error{
		"sendto":       (*bed).sendto,
		"sendmmsg 64":  func(b *bed) error { return b.sendmmsg(64, 64) },
		"sendmmsg 16":  func(b *bed) error { return b.sendmmsg(64, 16) },
		"GSO runs 16":  func(b *bed) error { return b.sendRuns(64, 16) },
		"GSO runs 2":   func(b *bed) error { return b.sendRuns(64, 2) },
		"after others": func(b *bed) error { b.sendRuns(64, 4); b.drain(); return b.sendmmsg(64, 32) },
	} {
		t.Run(name, func(t *testing.T) {
			b, err := newBed(4, 100)
			if err != nil {
				t.Fatal(err)
			}
			defer b.close()
			if err = send(b); err != nil {
				t.Fatal(err)
			}
			for i, fd := range b.sinks {
				n := b.recv(fd)
				if n != 16 {
					t.Errorf("destination %d got %d of 64 datagrams, want 16", i, n)
				}
				for j := range n {
					if b.in[j].len != 100 {
						t.Errorf("a datagram of %d bytes", b.in[j].len)
					}
				}
			}
		})
	}
}
