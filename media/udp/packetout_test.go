package udp

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
)

// notes is a PacketOut that has room for some packets.
type notes struct {
	room int
	got  []string
}

func (n *notes) SendPackets(packets [][]byte) (sent int) {
	for _, p := range packets {
		if n.room == 0 {
			break
		}
		n.room--
		n.got = append(n.got, string(p))
		sent++
	}
	return sent
}

// TestPacketOutsTakeTurns: each gets its own packets, in order, and what one has
// no room for is counted and forgotten.
func TestPacketOutsTakeTurns(t *testing.T) {
	b := NewOutBatch()
	full, free := &notes{room: 2}, &notes{room: 1000}
	to := AddrOfLink(netip.MustParseAddrPort("192.0.2.1:1"), 1)
	push := func(s PacketOut, text string) {
		b.Begin(s)
		b.Push(copy(b.Room(), text), &to)
	}
	for i := range 4 {
		push(full, fmt.Sprint("full ", i))
	}
	push(free, "one")
	push(free, "two")
	push(full, "late")
	b.Flush()
	for i := range 2 * sendMessages {
		push(free, fmt.Sprint(i))
	}
	b.Flush()
	b.Flush()
	if !slices.Equal(full.got, []string{"full 0", "full 1"}) {
		t.Errorf("the one that was full got %q", full.got)
	}
	if len(free.got) != 2+2*sendMessages || free.got[0] != "one" || free.got[1] != "two" || free.got[2] != "0" {
		t.Errorf("the other got %q", free.got)
	}
	if st := b.Stats(); st.Packets != uint64(4+2*sendMessages) || st.Full != 3 || st.Calls != 5 || st.Runs != 0 {
		t.Errorf("%+v", st)
	}
}

// TestAddrOfLink: it can be told from the same address by a socket and from other
// connections', and says where the other end is.
func TestAddrOfLink(t *testing.T) {
	for _, text := range []string{"192.0.2.1:9", "[2001:db8::1]:9"} {
		remote := netip.MustParseAddrPort(text)
		datagram, first, second := AddrFrom(remote), AddrOfLink(remote, 1), AddrOfLink(remote, 2)
		again := AddrOfLink(remote, 1)
		if first.Equal(&datagram) || first.Equal(&second) || !first.Equal(&again) {
			t.Errorf("%s can not be told apart", text)
		}
		if first.AddrPort() != remote {
			t.Errorf("%s became %v", text, first.AddrPort())
		}
	}
}
