package engine

import (
	"context"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"parley/actors"
	"parley/engine/wire"
)

// world is an engine with all that is around it in memory. It lives in a
// synctest bubble: time is virtual, and settle waits for everything to be
// done.
type world struct {
	t       *testing.T
	engine  *Engine
	media   *memMedia
	records *memRecords
}

// run runs a test in a bubble with a world made of o.
func run(t *testing.T, o Options, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, o)
		defer w.stop()
		test(w)
	})
}

func newWorld(t *testing.T, o Options) *world {
	t.Helper()
	w := &world{t: t, media: &memMedia{}, records: newMemRecords()}
	o.Media, o.Records, o.Version = w.media, w.records, "test"
	if o.NewRate == nil {
		o.NewRate = newMemRate
	}
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(testLog(t), nil))
	}
	engine, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	w.engine = engine
	if d, ok := o.Directory.(*memDirectory); ok {
		d.set(func() { d.rooms = func() int { return w.figure("room").Actors } })
	}
	return w
}

// figure is that of a kind of actors.
func (w *world) figure(kind string) (found actors.Figure) {
	for _, f := range w.engine.Figures().Actors {
		if f.Kind == kind {
			found = f
		}
	}
	return found
}

// stop stops the engine and checks that nothing was left behind.
func (w *world) stop() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	w.records.setStuck(false)
	if err := w.engine.Stop(ctx); err != nil {
		w.t.Error(err)
	}
	for _, wrong := range w.media.complaints() {
		w.t.Errorf("media: %s", wrong)
	}
	f := w.engine.Figures()
	if f.Participants != 0 {
		w.t.Errorf("%d participants after the stop", f.Participants)
	}
	w.media.mu.Lock()
	defer w.media.mu.Unlock()
	for id, s := range w.media.sessions {
		if !s.closed {
			w.t.Errorf("the media session of %s was not closed", id)
		}
	}
}

func (w *world) settle() {
	time.Sleep(5 * time.Millisecond)
	synctest.Wait()
}

func (w *world) advance(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// client is a test's client: a connection and what it was told.
type client struct {
	w      *world
	conn   *memConn
	signal *Signal
	nextID int64
	joined *wire.Joined
	got    []wire.Message // not looked at yet
	seats  map[int]wire.Seated
	seq    uint64
	people []string // ids, as joined and events say, in join order
	names  map[string]string
	hands  hands
	heard  []string // ids of texts to everyone
}

func (w *world) connect() *client { return w.connectFrom(netip.Addr{}) }

func (w *world) connectFrom(addr netip.Addr) *client {
	c := &client{w: w, conn: &memConn{}, seats: map[int]wire.Seated{}}
	c.attach(addr)
	return c
}

func (c *client) attach(addr netip.Addr) {
	signal := c.w.engine.Accept(c.conn, ConnInfo{Addr: addr})
	c.conn.onGone = signal.OnClose
	c.signal = signal
}

// send sends a request and returns its id. Head is filled in.
func (c *client) send(req wire.Request) int64 {
	c.nextID++
	setHead(req, c.nextID)
	data, err := json.Marshal(req)
	if err != nil {
		c.w.t.Fatal(err)
	}
	c.signal.OnText(data)
	return c.nextID
}

// setHead fills in a request's Head, and what JSON must not lack.
func setHead(req wire.Request, id int64) {
	if v, ok := req.(*wire.View); ok && v.Items == nil {
		v.Items = []wire.ViewItem{}
	}
	head := wire.Head{Type: req.RequestType(), ID: id}
	reflect.ValueOf(req).Elem().FieldByName("Head").Set(reflect.ValueOf(head))
}

// pump takes in what was sent to the client, keeping its seats and seq.
func (c *client) pump() {
	c.w.t.Helper()
	for _, f := range c.conn.take() {
		m, err := wire.ParseMessage(f.Text())
		if err != nil {
			c.w.t.Fatalf("%s: %v", f.Text(), err)
		}
		c.see(m, f)
		c.got = append(c.got, m)
	}
}

func (c *client) see(m wire.Message, f *wire.Frame) {
	var head wire.EventHead
	if _, event := m.(wire.Event); event {
		_ = json.Unmarshal(f.Text(), &head)
	}
	if head.Seq > 0 {
		if head.Seq <= c.seq {
			c.w.t.Errorf("event %d after %d: %s", head.Seq, c.seq, f.Text())
		}
		c.seq = head.Seq
	}
	switch m := m.(type) {
	case *wire.Joined:
		c.joined, c.seq, c.seats = m, m.Seq, map[int]wire.Seated{}
		c.people, c.names, c.hands, c.heard = nil, map[string]string{}, m.Hands, nil
		for _, p := range m.Participants {
			c.people = append(c.people, p.ID)
			c.names[p.ID] = p.Name
		}
		for _, t := range m.Chat {
			c.heard = append(c.heard, t.ID)
		}
	case *wire.ParticipantJoined:
		c.people = append(c.people, m.Participant.ID)
		c.names[m.Participant.ID] = m.Participant.Name
	case *wire.ParticipantLeft:
		c.people = slices.DeleteFunc(c.people, func(id string) bool { return id == m.Participant })
		delete(c.names, m.Participant)
		c.hands.set(m.Participant, false)
	case *wire.ParticipantRenamed:
		c.names[m.Participant] = m.Name
	case *wire.HandChanged:
		c.hands.set(m.Participant, m.Raised)
	case *wire.Chatted:
		if m.Message.To == "" {
			c.heard = append(c.heard, m.Message.ID)
		}
	case *wire.Seated:
		c.seats[m.Seat] = *m
	case *wire.Vacated:
		delete(c.seats, m.Seat)
	}
}

// call sends a request and returns its reply.
func (c *client) call(req wire.Request) wire.Message {
	c.w.t.Helper()
	id := c.send(req)
	for range 10 {
		c.w.settle()
		c.pump()
		for i, m := range c.got {
			if r, ok := m.(wire.Reply); ok && r.RequestID() == id {
				c.got = slices.Delete(c.got, i, i+1)
				c.checkDocumented(req.RequestType(), m)
				return m
			}
		}
	}
	c.w.t.Fatalf("no reply to %s; got %s", req.RequestType(), dump(c.got))
	return nil
}

// ok wants a request taken.
func (c *client) ok(req wire.Request) wire.Message {
	c.w.t.Helper()
	reply := c.call(req)
	if e, refused := reply.(*wire.Error); refused {
		c.w.t.Fatalf("%s: %s: %s", req.RequestType(), e.Code, e.Message)
	}
	return reply
}

// refused wants a request refused.
func (c *client) refused(req wire.Request, code wire.Code) *wire.Error {
	c.w.t.Helper()
	e, ok := c.call(req).(*wire.Error)
	if !ok || e.Code != code {
		c.w.t.Fatalf("%s: got %#v, want %s", req.RequestType(), e, code)
	}
	return e
}

// events returns what came since the last look, of type M.
func events[M wire.Message](c *client) []M {
	c.pump()
	var out []M
	var rest []wire.Message
	for _, m := range c.got {
		if e, ok := m.(M); ok {
			out = append(out, e)
		} else {
			rest = append(rest, m)
		}
	}
	c.got = rest
	return out
}

// one wants exactly one event of type M.
func one[M wire.Message](c *client) M {
	c.w.t.Helper()
	all := events[M](c)
	if len(all) != 1 {
		var m M
		c.w.t.Fatalf("%s: %d events of type %T, want 1", c.name(), len(all), m)
	}
	return all[0]
}

func (c *client) clear() { c.pump(); c.got = nil }

func (c *client) name() string {
	if c.joined == nil {
		return "(not joined)"
	}
	for _, p := range c.joined.Participants {
		if p.ID == c.joined.Participant {
			return p.Name
		}
	}
	return c.joined.Participant
}

func (c *client) id() string { return c.joined.Participant }

func (c *client) session() *memSession { return c.w.media.session(c.id()) }

// joinReq is a join with microphone, camera and screen, the first two on.
func joinReq(room, name string, seats int) *wire.Join {
	req := &wire.Join{
		Room: room, Name: name, Offer: "v=0",
		Sources: map[wire.Source]wire.SourceSection{
			wire.Microphone: {MID: "0"}, wire.Camera: {MID: "1"}, wire.Screen: {MID: "2"}, wire.ScreenAudio: {MID: "3"},
		},
		Unmuted: []wire.Source{wire.Microphone, wire.Camera},
	}
	req.Seats = seatMIDs(seats)
	return req
}

func seatMIDs(n int) []wire.SeatMIDs {
	seats := make([]wire.SeatMIDs, n)
	for i := range seats {
		seats[i] = wire.SeatMIDs{Audio: strconv.Itoa(4 + 2*i), Video: strconv.Itoa(5 + 2*i)}
	}
	return seats
}

// join connects and joins.
func (w *world) join(room, name string, seats int) *client {
	w.t.Helper()
	return w.joinAs(joinReq(room, name, seats))
}

func (w *world) joinAs(req *wire.Join) *client {
	w.t.Helper()
	c := w.connect()
	c.ok(req)
	if c.joined == nil {
		w.t.Fatal("no joined")
	}
	w.advance(seatsEvery)
	c.pump()
	return c
}

// drop loses the socket.
func (c *client) drop() {
	c.conn.Close(1006, "lost")
	c.signal.OnClose()
	c.w.settle()
}

// resume takes the session up on a new connection.
func (c *client) resume() wire.Message { return c.resumeFrom(netip.Addr{}) }

func (c *client) resumeFrom(addr netip.Addr) wire.Message {
	c.w.t.Helper()
	c.pump()
	c.got = nil
	c.conn = &memConn{}
	c.attach(addr)
	return c.call(&wire.Resume{Token: c.joined.Resume, Seq: c.seq})
}

// ended wants the connection closed with a status.
func (c *client) ended(status int) {
	c.w.t.Helper()
	if closed, got := c.conn.end(); !closed || got != status {
		c.w.t.Errorf("%s: closed %v with %d, want %d", c.name(), closed, got, status)
	}
}

var verbose = flag.Bool("engine.log", false, "show the engine's log")

func testLog(t *testing.T) io.Writer {
	if *verbose {
		return t.Output()
	}
	return io.Discard
}

func dump(all []wire.Message) string {
	out := ""
	for _, m := range all {
		out += string(wire.FrameOf(m).Text()) + "\n"
	}
	return out
}
