package wsconn

import (
	"encoding/binary"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"parley/engine/wire"
	"parley/transport/poll"
)

// TestFrozenMember is battery C18: in a room of 50 one does not read while
// 100 messages a second go to everyone. It is cut, the others do not notice.
func TestFrozenMember(t *testing.T) {
	const members, messages = 50, 200
	limits := Limits{Socket: 16 << 10, WriteTime: time.Second}
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			w := &watcher{conn: make(chan *Conn, members)}
			h := newHarness(t, v, Config{Limits: limits}, func(c *Conn) Handler { w.conn <- c; return quiet{} })
			var readers sync.WaitGroup
			delays := make(chan time.Duration, members*messages)
			var conns []*Conn
			for i := range members {
				c := h.dial(t)
				conns = append(conns, within(t, w.conn, "connection"))
				if i == 0 {
					_ = c.tcp.SetReadBuffer(4 << 10)
					continue // the frozen one
				}
				readers.Go(func() {
					for range messages {
						f, err := c.read()
						if err != nil || f.op != ws.OpText {
							t.Errorf("member %d: %v", i, err)
							return
						}
						sent := poll.Instant(binary.BigEndian.Uint64(f.data))
						delays <- poll.Now().Sub(sent)
					}
				})
			}
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			text := make([]byte, 2<<10)
			for range messages {
				binary.BigEndian.PutUint64(text, uint64(poll.Now()))
				f := wire.NewFrame(text)
				for _, c := range conns {
					c.Send(f)
				}
				<-tick.C
			}
			readers.Wait()
			close(delays)
			var all []time.Duration
			for d := range delays {
				all = append(all, d)
			}
			slices.Sort(all)
			p99 := all[len(all)*99/100]
			t.Logf("p99 %v, median %v", p99, all[len(all)/2])
			if p99 > 2*time.Second { // far below the 10 s a blocked send would take
				t.Errorf("the others waited %v (p99)", p99)
			}
			eventually(t, "only the frozen one is gone", func() bool {
				f := h.server.Figures()
				return f.Ended["slow_consumer"] == 1 && f.Open == members-1
			})
		})
	}
}

// quiet takes everything and says nothing.
type quiet struct{}

func (quiet) OnText(*Conn, []byte) {}
func (quiet) OnClose(*Conn, error) {}
