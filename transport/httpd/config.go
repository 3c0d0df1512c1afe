package httpd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"parley/transport/wsconn"
)

// Config configures a Server. Zero values mean the defaults.
type Config struct {
	// CertFile and KeyFile are PEM files; with them HTTPS is served. They are
	// read again when they change.
	CertFile, KeyFile string
	// Site is where people find the server, if that is known: its host and origin are
	// ours then, and with a Base everything is below that. Default: wherever a request
	// was sent to.
	Site Site
	// Origins may open the WebSocket, rate meetings and read their records
	// besides the page's own origin: "https://intranet.example".
	Origins []string
	// Hosts are names this server answers to, besides IP addresses, localhost, the
	// machine's own name and those of the certificate: "meet.example.org",
	// "*.example.org" for one label more.
	Hosts []string
	// TrustedProxies are addresses and networks, or "loopback", of proxies whose
	// Forwarded or X-Forwarded-… headers say who the client is and what it asked
	// for.
	TrustedProxies []string
	// FrameAncestors may show /embed.html in a frame, besides our own origin.
	FrameAncestors []string
	// APIToken opens the API and the metrics, see the package comment.
	APIToken string
	// Debug adds /debug/echo and /debug/pprof/.
	Debug bool
	// Dev is a folder with the client, read at every request instead of the
	// embedded one.
	Dev string
	// MaxConnections is how many WebSockets there may be, default 20,000.
	MaxConnections int
	// PerAddress bounds what one address may do.
	PerAddress PerAddress
	// HeaderTime is how long a client may take for its first bytes, for the TLS
	// handshake and for the headers of a request, each. Default 5 s.
	HeaderTime time.Duration
	// Socket are the limits of WebSockets.
	Socket wsconn.Config
	// Doors are the ways into meetings.
	Doors []Door
	// FindRoom returns how the room is spelt that is meant by what was typed, false
	// if that is no room's name. Without it all are, as they are.
	FindRoom func(ctx context.Context, typed string) (title string, ok bool)
	// Records answers the API; without it there are no meetings.
	Records Records
	// Ready says why no new meetings can be held, nil if they can.
	Ready func() error
	// Collectors are added to /metrics.
	Collectors []prometheus.Collector
	Log        *slog.Logger // default slog.Default()
}

// PerAddress bounds what one address may do. Zero values mean the defaults,
// negative ones no bound. A minute's worth may come at once.
type PerAddress struct {
	// Sockets at once, default 2,500.
	Sockets int
	// OpensPerMinute is how many WebSockets may be opened in a minute on
	// average, default 3,000.
	OpensPerMinute int
	// Requests is how many connections there may be that are no WebSockets,
	// default 1,024; of a client behind a trusted proxy, requests at once.
	Requests int
	// RecordsPerMinute is how many ratings and records may be asked for with a
	// participant's token, and names of rooms, in a minute on average, default
	// 3,000.
	RecordsPerMinute int
	// Loopback: loopback addresses are bounded too, when only those can reach us.
	Loopback bool
}

func (c Config) withDefaults() Config {
	if c.MaxConnections == 0 {
		c.MaxConnections = 20_000
	}
	if c.HeaderTime == 0 {
		c.HeaderTime = 5 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Socket.Log == nil {
		c.Socket.Log = c.Log
	}
	if c.FindRoom == nil {
		c.FindRoom = func(_ context.Context, typed string) (string, bool) { return typed, true }
	}
	if c.Records == nil {
		c.Records = noRecords{}
	}
	if c.Ready == nil {
		c.Ready = func() error { return nil }
	}
	c = c.known()
	p := &c.PerAddress
	for _, f := range []struct {
		v *int
		d int
	}{{&p.Sockets, 2500}, {&p.OpensPerMinute, 3000}, {&p.Requests, 1024}, {&p.RecordsPerMinute, 3000}} {
		if *f.v == 0 {
			*f.v = f.d
		}
	}
	return c
}

// check finds mistakes in the settings.
func (c Config) check() error {
	if (c.CertFile == "") != (c.KeyFile == "") {
		return errors.New("certificate and key go together")
	}
	if c.Site != (Site{}) {
		if again, err := ParseSite(c.Site.String()); err != nil || again != c.Site {
			return fmt.Errorf("httpd: Config.Site %q was not made by ParseSite", c.Site)
		}
	}
	for _, list := range [][]string{c.Origins, c.FrameAncestors} {
		for _, o := range list {
			if err := CheckOrigin(o); err != nil {
				return err
			}
		}
	}
	for i := range c.Doors {
		if err := c.Doors[i].check(); err != nil {
			return err
		}
	}
	for _, text := range c.Hosts {
		if err := CheckHost(text); err != nil {
			return err
		}
	}
	for _, text := range c.TrustedProxies {
		if err := CheckProxy(text); err != nil {
			return err
		}
	}
	return nil
}

// CheckOrigin says what is wrong with an entry of Origins or FrameAncestors.
func CheckOrigin(text string) error {
	_, err := parseOrigin(text)
	return err
}

// parseOrigin takes an origin as browsers write it: scheme://host[:port].
func parseOrigin(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" ||
		u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(text, " ;,'\"*") {
		return nil, fmt.Errorf("origin %q is not of the form https://host[:port]", text)
	}
	return u, nil
}
