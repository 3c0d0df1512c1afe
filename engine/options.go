package engine

import (
	"log/slog"
	"net/netip"
	"time"

	"golang.org/x/time/rate"

	"parley/engine/wire"
)

// Options are what an Engine is made of. Media and Records are required.
type Options struct {
	Media   Media
	Records Records
	// Directory says which rooms are this process's; all of them if nil. Bus is the
	// in-process one if nil.
	Directory Directory
	Bus       Bus
	// Authority says who may enter a room and what he may do there; nil: everybody,
	// everything.
	Authority Authority
	Log       *slog.Logger // slog.Default if nil
	// NewRate makes the limits per address: so many events a second, so many at
	// once, none if one of the numbers is not positive. Nil: there are none.
	NewRate func(perSecond rate.Limit, atOnce int) AddressRate
	// Version is told to clients.
	Version string
	Limits  Limits
	Times   Times
	// Faults allows PanicRoom and PanicParticipant, for tests of what a crash
	// costs. Off by default.
	Faults bool
}

// Limits bound what clients may cause. Zero fields take the default.
type Limits struct {
	// Rooms and Participants are of this process: server_full. 2,000 and 10,000.
	Rooms, Participants int
	// AddressRooms is how many of the rooms that run one remote address may have
	// opened: too_many_rooms. 200; negative means any number.
	AddressRooms int
	// RoomParticipants is per room: room_full. 1,000.
	RoomParticipants int
	// Seats per participant: too_many_seats. 40, which is also the most.
	Seats int
	// MuteFrom is the number of others from which newcomers are advised to
	// begin muted. 12; negative means never.
	MuteFrom int
	// Messages per second and at once per connection: rate_limited. 20 and 60.
	MessageRate  rate.Limit
	MessageBurst int
	// Texts per second and at once per participant: rate_limited. 2 and 10.
	ChatRate  rate.Limit
	ChatBurst int
	// What everybody else gets to see (mute, hand, react, caption, rename) per
	// second and at once per participant: rate_limited. 5 and 10.
	ShowRate  rate.Limit
	ShowBurst int
	// Joins per second and at once per remote address (IPv6: /64):
	// rate_limited. 20 and 1,200; a negative rate means no limit. Resumed sessions do not
	// count.
	JoinRate  rate.Limit
	JoinBurst int
	// Offers of media, those in joins included, per second and at once per
	// connection, where each 64 KiB of a message count as one: rate_limited. 1
	// and 20. And their bytes per remote address: 2 MiB and 64 MiB, which 1,000
	// people of a school need who come within a minute. A negative rate means no
	// limit.
	OfferRate         rate.Limit
	OfferBurst        int
	AddressOfferRate  rate.Limit
	AddressOfferBurst int
	// AddressChatBytes are what the texts of one remote address that are stored
	// may take in 24 h, in all rooms together: chat_full. 256 MiB; negative means
	// any number. Those of a room are the storage's.
	AddressChatBytes int
	// Refusals a connection may collect within 10 s before it is closed with
	// rate_limited. 200.
	Refusals int
}

// Times are the engine's durations. Zero fields take the default.
type Times struct {
	// Join is how long a connection may stay without a participant. 60 s.
	Join time.Duration
	// Resume is how long a participant without socket stays, 30 s, Silence how
	// long it is shown to others if nothing authenticated arrives from its media
	// either, 10 s.
	Resume, Silence time.Duration
	// Claim is how long a room's newcomers wait until it is known whose it is. 10 s.
	Claim time.Duration
	// Admit is how long the Authority may take to decide about somebody. 10 s.
	Admit time.Duration
	// EmptyRoom is how long a room outlives its last participant. 60 s.
	EmptyRoom time.Duration
	// EchoRoom is how long a setup test may take. 10 min.
	EchoRoom time.Duration
	// Record is how long a join or leave waits for its record before it goes
	// on without: a stuck disk must not stop meetings. 2 s.
	Record time.Duration
	// Chat is how long a text waits for the disk before its sender is told that
	// nobody knows. 30 s.
	Chat time.Duration
}

func def[T comparable](v *T, to T) {
	var zero T
	if *v == zero {
		*v = to
	}
}

func (o *Options) setDefaults() {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.NewRate == nil {
		o.NewRate = func(rate.Limit, int) AddressRate { return anyRate{} }
	}
	l, t := &o.Limits, &o.Times
	def(&l.Rooms, 2000)
	def(&l.Participants, 10000)
	def(&l.AddressRooms, 200)
	def(&l.RoomParticipants, 1000)
	def(&l.Seats, wire.MaxSeats)
	l.Seats = min(l.Seats, wire.MaxSeats)
	def(&l.MuteFrom, 12)
	def(&l.MessageRate, 20)
	def(&l.MessageBurst, 60)
	def(&l.ChatRate, 2)
	def(&l.ChatBurst, 10)
	def(&l.ShowRate, 5)
	def(&l.ShowBurst, 10)
	def(&l.JoinRate, 20)
	def(&l.JoinBurst, 1200)
	def(&l.OfferRate, 1)
	def(&l.OfferBurst, 20)
	def(&l.AddressOfferRate, 2<<20)
	def(&l.AddressOfferBurst, 64<<20)
	def(&l.AddressChatBytes, 256<<20)
	def(&l.Refusals, 200)
	def(&t.Join, 60*time.Second)
	def(&t.Resume, 30*time.Second)
	def(&t.Silence, 10*time.Second)
	def(&t.Claim, 10*time.Second)
	def(&t.Admit, 10*time.Second)
	def(&t.EmptyRoom, 60*time.Second)
	def(&t.EchoRoom, 10*time.Minute)
	def(&t.Record, 2*time.Second)
	def(&t.Chat, 30*time.Second)
}

// anyRate is no limit.
type anyRate struct{}

func (anyRate) AllowN(netip.Addr, time.Time, int) (time.Duration, bool) { return 0, true }
func (anyRate) WaitN(netip.Addr, time.Time, int) time.Duration          { return 0 }
