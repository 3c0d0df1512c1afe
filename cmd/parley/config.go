package main

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/alecthomas/kong"

	"parley/bench"
	"parley/media/rtc"
	"parley/transport/httpd"
)

var groups = []kong.Group{
	{Key: "serve", Title: "Serving"},
	{Key: "media", Title: "Media"},
	{Key: "limits", Title: "Limits"},
	{Key: "operate", Title: "Operating"},
}

// serveCmd holds every setting of a server. The long flag names are also the
// keys of the YAML file.
type serveCmd struct {
	Config string `help:"YAML file with settings; unknown keys are errors." type:"path" placeholder:"FILE" env:"PARLEY_CONFIG" group:"operate"`

	Listen  string   `help:"Address for HTTP and WebSocket (TCP) and media (UDP, same port number)." default:"127.0.0.1:8443" env:"PARLEY_LISTEN" group:"serve"`
	Data    string   `help:"Folder for meeting records and chat." default:"parley-data" type:"path" env:"PARLEY_DATA" group:"serve"`
	TLSCert string   `name:"tls-cert" help:"Certificate chain (PEM); with --tls-key serves HTTPS. Reloaded when it changes." type:"path" placeholder:"FILE" env:"PARLEY_TLS_CERT" group:"serve"`
	TLSKey  string   `name:"tls-key" help:"Private key (PEM) of --tls-cert." type:"path" placeholder:"FILE" env:"PARLEY_TLS_KEY" group:"serve"`
	Origins []string `name:"allow-origin" help:"Other web origins that may open the WebSocket, such as https://intranet.example." placeholder:"ORIGIN" env:"PARLEY_ALLOW_ORIGIN" group:"serve"`
	Frames  []string `name:"allow-frame" help:"Web origins that may embed /embed.html in a frame." placeholder:"ORIGIN" env:"PARLEY_ALLOW_FRAME" group:"serve"`

	Advertise  []string `help:"Addresses that browsers reach the media port at. Default: those of the interfaces listened on." placeholder:"IP" env:"PARLEY_ADVERTISE" group:"media"`
	Interfaces []string `help:"Network interfaces whose addresses take media, such as eth0,wg0, where --listen names no single address. Default: all but those of containers and virtual machines." placeholder:"NAME" env:"PARLEY_INTERFACES" group:"media"`
	Workers    int      `help:"Packet workers per local address; 0 means one per core. Of many addresses the later ones get one." default:"0" env:"PARLEY_WORKERS" group:"media"`
	GSO        bool     `help:"Send runs of equal packets with UDP segmentation offload where the kernel can." default:"true" negatable:"" env:"PARLEY_GSO" group:"media"`

	MaxRooms        int           `help:"Rooms at once." default:"1000" env:"PARLEY_MAX_ROOMS" group:"limits"`
	MaxParticipants int           `help:"Participants in one room." default:"1000" env:"PARLEY_MAX_PARTICIPANTS" group:"limits"`
	MaxConnections  int           `help:"WebSocket connections at once." default:"20000" env:"PARLEY_MAX_CONNECTIONS" group:"limits"`
	JoinsPerMinute  int           `help:"Joins from one address per minute; loopback is exempt." default:"120" env:"PARLEY_JOINS_PER_MINUTE" group:"limits"`
	LimitRooms      int           `help:"Rooms at once that one address may have opened; loopback is exempt; 0 for any number. When --max-rooms is reached, rooms where somebody is alone give way, of the address that has most." default:"200" env:"PARLEY_LIMIT_ROOMS" group:"limits"`
	LimitOffers     int           `help:"Media offers (SDP, 64 KiB each) that one connection may make per minute, twenty or a third of them at once; those of one address may have 32 times the bytes; 0 for any number." default:"60" env:"PARLEY_LIMIT_OFFERS" group:"limits"`
	LimitChat       int           `help:"MiB of chat that a room keeps (for 24 h); texts from one address may take a quarter of it, and 32 times as much in all rooms in 24 h; 0 for any number." default:"8" env:"PARLEY_LIMIT_CHAT" group:"limits"`
	LimitSourceRate bench.Bits    `help:"Most that one microphone, camera or screen may send, all its simulcast layers together, such as 15Mbps or 800kbps; 0 for no limit. What is beyond is not passed on, and the sender is told." default:"15Mbps" placeholder:"RATE" env:"PARLEY_LIMIT_SOURCE_RATE" group:"limits"`
	MuteFrom        int           `help:"From how many others on a browser that joins begins muted, which one click undoes; 0 for never." default:"12" env:"PARLEY_MUTE_FROM" group:"limits"`
	Drain           time.Duration `help:"How long running meetings may go on after SIGTERM before they are ended; Ctrl-C ends them at once." default:"0s" env:"PARLEY_DRAIN" group:"limits"`

	APIToken string `name:"api-token" help:"Bearer token for /api/v1/meetings and /metrics. Without one they answer on loopback only." placeholder:"TOKEN" env:"PARLEY_API_TOKEN" group:"operate"`
	LogLevel string `help:"error, warn, info or debug." enum:"error,warn,info,debug" default:"info" env:"PARLEY_LOG_LEVEL" group:"operate"`
	LogJSON  bool   `name:"log-json" help:"Write the log as JSON lines." env:"PARLEY_LOG_JSON" group:"operate"`
	Debug    bool   `help:"Serve /debug/echo and /debug/pprof to whom the API answers; enable fault hooks. Not for production." env:"PARLEY_DEBUG" group:"operate"`
	Dev      string `help:"Serve the browser client from this folder instead of the binary." type:"existingdir" placeholder:"DIR" env:"PARLEY_DEV" group:"operate" hidden:""`
}

// settings is the part of serveCmd that needs parsing, parsed.
type settings struct {
	listen    netip.AddrPort // unspecified address: all interfaces
	host      string         // as written, for messages
	advertise []netip.Addr
	tls       bool
}

// check parses and cross-checks the settings.
func (c *serveCmd) check() (settings, error) {
	var s settings
	host, portText, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return s, usage("--listen %q is not HOST:PORT", c.Listen)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return s, usage("--listen %q: the port must be a number from 0 to 65535", c.Listen)
	}
	addr, err := listenAddr(host)
	if err != nil {
		return s, err
	}
	s.listen, s.host = netip.AddrPortFrom(addr, uint16(port)), host
	for _, text := range c.Advertise {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return s, usage("--advertise %q is not an IP address", text)
		}
		s.advertise = append(s.advertise, a)
	}
	if len(c.Interfaces) > 0 && !addr.IsUnspecified() && !addr.IsLoopback() {
		return s, usage("--interfaces chooses among all interfaces; --listen %s has chosen one address already", c.Listen)
	}
	if slices.Contains(c.Interfaces, "") {
		return s, usage("--interfaces has an empty name")
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return s, usage("--tls-cert and --tls-key go together")
	}
	s.tls = c.TLSCert != ""
	for name, list := range map[string][]string{"allow-origin": c.Origins, "allow-frame": c.Frames} {
		for _, text := range list {
			if err := httpd.CheckOrigin(text); err != nil {
				return s, usage("--%s: %w", name, err)
			}
		}
	}
	if c.Workers < 0 || c.Workers > 256 {
		return s, usage("--workers must be from 0 to 256")
	}
	if c.LimitSourceRate > bench.Bits(rtc.MaxSourceRate) {
		return s, usage("--limit-source-rate must be at most %s, or 0 for no limit", bench.Bits(rtc.MaxSourceRate))
	}
	for name, n := range map[string]int{"mute-from": c.MuteFrom, "limit-offers": c.LimitOffers, "limit-rooms": c.LimitRooms, "limit-chat": c.LimitChat} {
		if n < 0 {
			return s, usage("--%s must be at least 0", name)
		}
	}
	for name, n := range map[string]int{"max-rooms": c.MaxRooms, "max-participants": c.MaxParticipants, "max-connections": c.MaxConnections, "joins-per-minute": c.JoinsPerMinute} {
		if n < 1 {
			return s, usage("--%s must be at least 1", name)
		}
	}
	return s, nil
}

// mediaAddrs are the local addresses that take packets. A server on loopback
// also takes them on the interfaces, because some browsers (Firefox) reach no
// loopback address, unless only loopback addresses are advertised.
func (s *settings) mediaAddrs(port uint16) []netip.AddrPort {
	addrs := []netip.AddrPort{netip.AddrPortFrom(s.listen.Addr(), port)}
	onlyLoopback := len(s.advertise) > 0 && !slices.ContainsFunc(s.advertise, func(a netip.Addr) bool { return !a.IsLoopback() })
	if s.listen.Addr().IsLoopback() && !onlyLoopback {
		addrs = append(addrs, netip.AddrPortFrom(netip.IPv4Unspecified(), port))
	}
	return addrs
}

func listenAddr(host string) (netip.Addr, error) {
	switch host {
	case "", "0.0.0.0", "*":
		return netip.IPv4Unspecified(), nil
	case "localhost":
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), nil
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return addr, usage("--listen host %q is not an IP address or localhost", host)
	}
	return addr, nil
}

func usage(format string, args ...any) error {
	return usageError(fmt.Errorf(format, args...))
}
