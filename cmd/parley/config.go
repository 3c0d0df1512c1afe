package main

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/alecthomas/kong"

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
	Hosts   []string `name:"allow-host" help:"Other names this server answers to, such as meet.example.org or *.example.org; IP addresses, localhost, the machine's own name and those of --tls-cert are known. Protects against pages of other sites whose name resolves to this server." placeholder:"NAME" env:"PARLEY_ALLOW_HOST" group:"serve"`
	Proxies []string `name:"trusted-proxies" help:"Reverse proxies: their addresses, networks such as 10.0.0.0/8, or the word loopback. Only from them do Forwarded and X-Forwarded-For, -Proto and -Host count, so that limits, host names and origins follow the client." placeholder:"ADDR" env:"PARLEY_TRUSTED_PROXIES" group:"serve"`
	Frames  []string `name:"allow-frame" help:"Web origins that may embed /embed.html in a frame." placeholder:"ORIGIN" env:"PARLEY_ALLOW_FRAME" group:"serve"`

	Public httpd.Site `name:"public-url" help:"Where people find this server, such as https://meet.example.org or, below a path of another site, https://example.org/meet: what invitations and all other links are made of. Its name and origin need not be allowed besides. Default: whatever address the server was asked at, which behind a proxy is what --trusted-proxies say." placeholder:"URL" env:"PARLEY_PUBLIC_URL" group:"serve"`

	Advertise  []string `help:"Addresses that browsers reach the media port at. Default: those of the interfaces listened on." placeholder:"IP" env:"PARLEY_ADVERTISE" group:"media"`
	Interfaces []string `help:"Network interfaces whose addresses take media, such as eth0,wg0, where --listen names no single address. Default: all but those of containers and virtual machines." placeholder:"NAME" env:"PARLEY_INTERFACES" group:"media"`
	Workers    int      `help:"Packet workers per local address; 0 means one per core. Of many addresses the later ones get one." default:"0" env:"PARLEY_WORKERS" group:"media"`
	GSO        bool     `help:"Send runs of equal packets with UDP segmentation offload where the kernel can." default:"true" negatable:"" env:"PARLEY_GSO" group:"media"`

	MaxRooms        int           `help:"Rooms at once." default:"1000" env:"PARLEY_MAX_ROOMS" group:"limits"`
	MaxParticipants int           `help:"Participants in one room." default:"1000" env:"PARLEY_MAX_PARTICIPANTS" group:"limits"`
	MaxConnections  int           `help:"WebSocket connections at once." default:"20000" env:"PARLEY_MAX_CONNECTIONS" group:"limits"`
	MuteFrom        int           `help:"From how many others on a browser that joins begins muted, which one click undoes; 0 for never." default:"12" env:"PARLEY_MUTE_FROM" group:"limits"`
	Drain           time.Duration `help:"How long running meetings may go on after SIGTERM, as a restart of the service sends it, before they are ended: they see a countdown, new meetings are refused, and when the last person has left the server ends. A second SIGTERM or Ctrl-C ends them at once; 0 never waits. Let what stops the service wait longer than this (systemd: TimeoutStopSec)." default:"5m" env:"PARLEY_DRAIN" group:"limits"`
	Limits          limitFlags    `embed:"" prefix:"limit-"`

	APIToken string `name:"api-token" help:"Bearer token for /api/v1/meetings and /metrics. Without one they answer on loopback only." placeholder:"TOKEN" env:"PARLEY_API_TOKEN" group:"operate"`
	LogLevel string `help:"error, warn, info or debug." enum:"error,warn,info,debug" default:"info" env:"PARLEY_LOG_LEVEL" group:"operate"`
	LogJSON  bool   `name:"log-json" help:"Write the log as JSON lines." env:"PARLEY_LOG_JSON" group:"operate"`
	Debug    bool   `help:"Serve /debug/echo and /debug/pprof to whom the API answers. Not for production." env:"PARLEY_DEBUG" group:"operate"`
	Dev      string `help:"Serve the browser client from this folder instead of the binary." type:"existingdir" placeholder:"DIR" env:"PARLEY_DEV" group:"operate" hidden:""`

	strangers []stranger // PARLEY_* variables that are no settings
	faults    bool       // tests only: the engine can be made to panic
	further   []further  // tests only so far: no flag names a further listener
}

// settings is the part of serveCmd that needs parsing, parsed.
type settings struct {
	listen    endpoint
	advertise []netip.Addr
	tls       bool
}

// check parses and cross-checks the settings.
func (c *serveCmd) check() (settings, error) {
	var s settings
	at, err := parseEndpoint("listen", c.Listen)
	if err != nil {
		return s, err
	}
	if c.Data == "" {
		return s, usage("--data needs the name of a folder")
	}
	s.listen = at
	for _, text := range c.Advertise {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return s, usage("--advertise %q is not an IP address", text)
		}
		s.advertise = append(s.advertise, a)
	}
	if addr := at.addr.Addr(); len(c.Interfaces) > 0 && !addr.IsUnspecified() && !addr.IsLoopback() {
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
	for _, text := range c.Hosts {
		if err := httpd.CheckHost(text); err != nil {
			return s, usage("--allow-host: %w", err)
		}
	}
	for _, text := range c.Proxies {
		if err := httpd.CheckProxy(text); err != nil {
			return s, usage("--trusted-proxies: %w", err)
		}
	}
	if c.Workers < 0 || c.Workers > 256 {
		return s, usage("--workers must be from 0 to 256")
	}
	if c.Drain < 0 {
		return s, usage("--drain must not be negative")
	}
	if c.MuteFrom < 0 {
		return s, usage("--mute-from must be at least 0")
	}
	for name, n := range map[string]int{"max-rooms": c.MaxRooms, "max-participants": c.MaxParticipants, "max-connections": c.MaxConnections} {
		if n < 1 {
			return s, usage("--%s must be at least 1", name)
		}
	}
	return s, c.Limits.check()
}

// mediaAddrs are the local addresses that take packets. A server on loopback
// also takes them on the interfaces, because some browsers (Firefox) reach no
// loopback address, unless only loopback addresses are advertised.
func (s *settings) mediaAddrs(port uint16) []netip.AddrPort {
	listen := s.listen.addr.Addr()
	addrs := []netip.AddrPort{netip.AddrPortFrom(listen, port)}
	onlyLoopback := len(s.advertise) > 0 && !slices.ContainsFunc(s.advertise, func(a netip.Addr) bool { return !a.IsLoopback() })
	if listen.IsLoopback() && !onlyLoopback {
		addrs = append(addrs, netip.AddrPortFrom(netip.IPv4Unspecified(), port))
	}
	return addrs
}

func usage(format string, args ...any) error {
	return usageError(fmt.Errorf(format, args...))
}
