package main

import (
	"math"

	"parley/bench"
	"parley/media/rtc"
)

// limitFlags are what one address, and one source of media, may do. They are one family: --limit-… each,
// 0 is no limit, and of what is counted per minute all may come at once if nothing
// else is said. An IPv6 /64 is one address. The defaults let a school of 1,000 behind one address in within a
// minute, and all of it back at once when its line was cut.
type limitFlags struct {
	Joins    int `help:"Joins per minute from one address (IPv6: from one /64), all of which may come at once; 0 for any number. Coming back into a meeting after a lost connection is no join. Loopback is exempt from this and the other --limit-… while the server listens on loopback only and no --trusted-proxies are set." default:"1200" env:"PARLEY_LIMIT_JOINS" group:"limits"`
	Sockets  int `help:"WebSockets at once from one address; every participant holds one. 0 for any number." default:"2500" env:"PARLEY_LIMIT_SOCKETS" group:"limits"`
	Opens    int `help:"WebSockets opened per minute from one address, also by those who come back; 0 for any number." default:"3000" env:"PARLEY_LIMIT_OPENS" group:"limits"`
	Requests int `help:"Connections at once from one address that are no WebSockets (pages, API calls); 0 for any number." default:"1024" env:"PARLEY_LIMIT_REQUESTS" group:"limits"`
	Records  int `help:"Ratings and meeting records asked for per minute from one address, by those who were in the meeting, and names of rooms; 0 for any number." default:"3000" env:"PARLEY_LIMIT_RECORDS" group:"limits"`
	Rooms    int `help:"Rooms at once that one address may have opened; 0 for any number. When --max-rooms is reached, rooms where somebody is alone give way, of the address that has most." default:"200" env:"PARLEY_LIMIT_ROOMS" group:"limits"`
	Offers   int `help:"Media offers (SDP, 64 KiB each) that one connection may make per minute, twenty or a third of them at once; those of one address may have 32 times the bytes; 0 for any number." default:"60" env:"PARLEY_LIMIT_OFFERS" group:"limits"`
	Chat     int `help:"MiB of chat that a room keeps (for 24 h); texts from one address may take a quarter of it, and 32 times as much in all rooms in 24 h; 0 for any number." default:"8" env:"PARLEY_LIMIT_CHAT" group:"limits"`

	SourceRate bench.Bits `help:"Most that one microphone, camera or screen may send, all its simulcast layers together, such as 800kbps; 15Mbps unless set, 0 for no limit. What is beyond is not passed on, and the sender is told." default:"15Mbps" placeholder:"RATE" env:"PARLEY_LIMIT_SOURCE_RATE" group:"limits"`
}

// mostLimit is the most that a limit can be set to.
const mostLimit = 1_000_000

// leastSourceRate is what a voice takes: less is a number without its unit.
const leastSourceRate bench.Bits = 8000

// check finds numbers that make no sense.
func (l *limitFlags) check() error {
	for name, n := range map[string]int{
		"joins": l.Joins, "sockets": l.Sockets, "opens": l.Opens, "requests": l.Requests, "records": l.Records,
		"rooms": l.Rooms, "offers": l.Offers, "chat": l.Chat,
	} {
		if n < 0 || n > mostLimit {
			return usage("--limit-%s must be from 0, which is no limit, to %d", name, mostLimit)
		}
	}
	if l.SourceRate > bench.Bits(rtc.MaxSourceRate) || l.SourceRate > 0 && l.SourceRate < leastSourceRate {
		return usage("--limit-source-rate must be from %s to %s, or 0 for no limit", leastSourceRate, bench.Bits(rtc.MaxSourceRate))
	}
	return nil
}

// chatBytes are those of --limit-chat, or a multiple; -1 for any number.
func (l *limitFlags) chatBytes(times int64) int64 {
	if l.Chat == 0 {
		return -1
	}
	return times * int64(l.Chat) << 20
}

// word is n as far as an int goes, which is not far where words have 32 bits.
func word(n int64) int { return int(min(n, math.MaxInt)) }
