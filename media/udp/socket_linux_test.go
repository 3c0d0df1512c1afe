package udp

import (
	"bytes"
	"net"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// dial returns a socket that sends to s, until the test is over.
func dial(t testing.TB, s *Socket) net.Conn {
	t.Helper()
	c, err := net.Dial("udp", s.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// TestSegmentationEndsForGoodOnlyIfTheInterfaceCannot: a run that the kernel
// refuses is split; only EIO says that the next one will be refused as well.
// EINVAL and EMSGSIZE come from the path to one peer.
func TestSegmentationEndsForGoodOnlyIfTheInterfaceCannot(t *testing.T) {
	for errno, goesOn := range map[syscall.Errno]bool{unix.EIO: false, unix.EINVAL: true, unix.EMSGSIZE: true} {
		t.Run(errno.Error(), func(t *testing.T) {
			a, b := open(t, loopback, Config{}), open(t, loopback, Config{})
			if !a.GSO() {
				t.Fatal("this kernel has no UDP_SEGMENT: the fallback can not be shown")
			}
			to := AddrFrom(b.LocalAddr())
			batch := NewSendBatch(a)
			for range 4 {
				batch.Push(copy(batch.Room(), "segment"), &to)
			}
			m := &batch.msgs[0]
			if err := a.fast.raw.Control(func(fd uintptr) { batch.refused(fd, m, errno) }); err != nil {
				t.Fatal(err)
			}
			batch.n, batch.used = 0, 0
			if got, _ := collect(t, b, 4); len(got) != 4 {
				t.Errorf("%d of 4 datagrams arrived after the run was refused", len(got))
			}
			if a.GSO() != goesOn {
				t.Errorf("segmentation goes on: %v, want %v", a.GSO(), goesOn)
			}
			batch.max = a.maxRun()
			for range 4 {
				batch.Push(copy(batch.Room(), "next"), &to)
			}
			batch.Flush()
			if s := batch.Stats(); s.Runs == 1 != goesOn || s.Packets != 8 {
				t.Errorf("stats %+v, want 8 packets", s)
			}
			collect(t, b, 4)
		})
	}
}

func TestSharedPortSpreadsPeers(t *testing.T) {
	first := open(t, loopback, Config{Share: true})
	second := open(t, first.LocalAddr(), Config{Share: true})
	for range 64 {
		_, _ = dial(t, first).Write([]byte("hello"))
	}
	a, _ := collect(t, first, 64)
	b, _ := collect(t, second, 64-len(a))
	if len(a)+len(b) != 64 || len(a) == 0 || len(b) == 0 {
		t.Errorf("%d and %d datagrams, want 64 on both together", len(a), len(b))
	}
}

func TestOverflowIsCounted(t *testing.T) {
	s := open(t, loopback, Config{Buffer: 4096})
	c := dial(t, s)
	for range 100 {
		_, _ = c.Write(make([]byte, 1000))
	}
	collect(t, s, 100)
	_, _ = c.Write([]byte("the count comes with the next datagram"))
	collect(t, s, 1)
	if s.Overflows() == 0 {
		t.Error("nothing counted after a full receive buffer")
	}
}

func TestKernelsThatCorruptRuns(t *testing.T) {
	for release, want := range map[string]bool{
		"6.18.44-fc": false, "7.0.0": true, "7.0.9-arch1": true, "7.1.4": true, "7.1.5": false,
		"7.1-rc2": true, "7.2.0": false, "5.4.0-1": false, "": false, "x.y": false, "7.1.4-generic": true,
	} {
		if got := corruptsLongRuns(release); got != want {
			t.Errorf("corruptsLongRuns(%q) = %v", release, got)
		}
	}
}

func TestTooLongIsCountedAndEmpty(t *testing.T) {
	s := open(t, loopback, Config{})
	c := dial(t, s)
	_, _ = c.Write(make([]byte, MaxRecv+1))
	_, _ = c.Write(make([]byte, MaxRecv))
	got, _ := collect(t, s, 2)
	if len(got) != 2 || len(got[0]) != 0 || len(got[1]) != MaxRecv {
		t.Fatalf("got %d datagrams", len(got))
	}
	if s.Oversize() != 1 {
		t.Errorf("oversize = %d, want 1", s.Oversize())
	}
}

func TestSlotsDoNotTouch(t *testing.T) {
	s := open(t, loopback, Config{})
	c := dial(t, s)
	for range 2 {
		_, _ = c.Write(bytes.Repeat([]byte{7}, MaxRecv))
	}
	time.Sleep(20 * time.Millisecond)
	b := NewRecvBatch()
	if err := s.Recv(b); err != nil || b.Len() != 2 {
		t.Fatalf("Recv: %v, %d datagrams", err, b.Len())
	}
	p := b.Packet(0)
	p = p[:cap(p)]
	if len(p) != MaxRecv+tailroom {
		t.Fatalf("capacity %d", len(p))
	}
	clear(p)
	for i, v := range b.Packet(1) {
		if v != 7 {
			t.Fatalf("byte %d of the next slot was overwritten", i)
		}
	}
}

// TestArenaComesWithTheFirstDatagram: a socket that nobody writes to holds no
// arena, and one that is woken for another reason neither.
func TestArenaComesWithTheFirstDatagram(t *testing.T) {
	s := open(t, loopback, Config{})
	c := dial(t, s)
	b := NewRecvBatch()
	_ = s.SetDeadline(time.Now().Add(10 * time.Millisecond))
	if err := s.Recv(b); err != nil || b.Len() != 0 || b.slots != nil {
		t.Fatalf("an idle Recv: %v, %d datagrams, %d bytes of arena", err, b.Len(), len(b.slots))
	}
	for range 3 { // an empty one is a datagram as well
		_, _ = c.Write(nil)
		_, _ = c.Write([]byte("hello"))
	}
	_ = s.SetDeadline(time.Now().Add(5 * time.Second))
	for got := 0; got < 6; got += b.Len() {
		if err := s.Recv(b); err != nil || b.Len() == 0 || b.slots == nil {
			t.Fatalf("Recv: %v, %d datagrams", err, b.Len())
		}
	}
}
