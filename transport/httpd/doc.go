// Package httpd is everything that is served over TCP: the browser client,
// the WebSocket that meetings speak, the REST API, health and metrics.
//
//	/                 the client; /r/{room} and /test are pages of it
//	/abc-defg-hij     leads to /r/abc-defg-hij, as /r/{room} leads to how it is spelt
//	/api/v1/room      how a name that was typed is spelt
//	/sdk/, /lib/      also for pages of other origins (CORS)
//	/embed.html       the client for frames of other sites
//	/robots.txt       search engines may show the start page and nothing else
//	/api/v1/reach     POST: would a WebSocket be taken from here, if not why
//	/api/v1/meetings  meeting records
//	/healthz          the process is alive
//	/readyz           it takes new meetings
//	/metrics          Prometheus
//	/debug/echo       WebSocket echo, /debug/pprof/ profiles; with Config.Debug
//
// The ways into meetings, /api/v1/ws (WebSocket, subprotocol parley.v1) among them,
// are [Config].Doors: this package knows no protocol of theirs.
//
// # Addresses
//
// Site is the one place that makes them, from Config.Site. All of this is below its
// Base, and as well without it: a proxy may take the base off paths or leave it, and
// probes that ask the port itself need not know it. Nothing but Site.below, the
// outermost handler, and what finishes pages for a site knows of a base: routes, rules
// and handlers are about paths below it, and what they lead on to is given it back.
// What is led to has no host, so that it holds by every name; only who speaks HTTP on
// the port of TLS is told one. Pages are told the site (data-site) and pass it on
// in invitations; without a site they pass on what they were opened by.
//
// # Entry point
//
// [New], then [Server.Serve] for each [Listener], [Server.Drain] and
// [Server.Shutdown]. What the server needs from the rest of Parley it asks
// through [Config]: Doors, Records, Ready.
//
// # Ports
//
// Every TCP port is a Listener, the main one like any other, and all go the same
// way:
//
//	accept ─▶ crowd ─▶ portmux ─┬─ TLS ─┬─▶ http.Server ─▶ rules ─▶ pages, API; or Handler
//	        (limits)  (1st byte)└─ plain┴─▶ Stream
//
// A connection is in the crowd from accept until it is closed or a WebSocket.
// HTTP without TLS on a port of TLS is led to https.
//
// # Who asks, and for what
//
// identified settles that once per request, into a visitor: the client's address,
// the Host it asked for, HTTPS or not. For a request that comes from one of
// Config.TrustedProxies this is what Forwarded (RFC 7239) or X-Forwarded-For,
// -Host and -Proto say, read from the right up to the first address that is not
// trusted; from others these headers count for nothing. A header that can not be
// read, or two that name different clients, count for the proxy itself. Proxies
// must overwrite or remove what they do not set: most pass on their client's
// X-Forwarded-Host.
//
// # Who may do what
//
// Names are an allow-list: IP addresses, localhost, the machine's own name (also
// with .local), those of the certificate, of Config.Site, Config.Hosts. A page at another name
// that resolves to us (DNS rebinding) would be same-origin for its browser, so it
// gets 421 (foreign_host), and a person a page in their language that says so.
// Exempt are /healthz, /readyz, requests without Host, and those with the API token.
//
// Browsers may open the WebSocket from the page's own origin, that of Config.Site and
// those of Config.Origins. A Host without port matches the page's name at any port: that
// is what proxies make of it. Programs that are no browsers send no Origin; they
// are let in, because no cookie or other ambient credential exists that another
// site could misuse. A request without Origin but with cookies is refused: that is
// a browser hiding where it comes from. Browsers do not tell a page why its
// WebSocket was refused: POST /api/v1/reach answers as an upgrade from that page
// would be, or with 204, and counts nothing.
//
// Records, metrics and profiles need Config.APIToken as a bearer token. When
// none is set they answer only on a loopback listener, only if the Host header
// names loopback, and never through a proxy that is trusted or shows itself:
// otherwise any web page could read them through a name of its own that resolves
// to 127.0.0.1. A proxy that is neither, and asks for 127.0.0.1, can not be told
// from a program of this machine: behind a reverse proxy set a token. Wrong tokens
// are answered ten times a minute for each address, beyond that with 429; the
// right one always works.
//
// Rating a meeting and reading its record as those see it who were in it
// (/api/v1/meetings/{id}/record) need the participant's own secret instead, the
// resume secret of its joined message. Who has none learns nothing: the answer is
// the same for a wrong secret, another meeting's, and a meeting that never was.
//
// # Limits
//
// First bytes 5 s, TLS handshakes 5 s, headers 16 KiB and 5 s, bodies 64 KiB,
// requests 30 s, 4096 connections that are no WebSockets, Config.MaxConnections
// WebSockets, and per address (IPv6: per /64) what [PerAddress] says, counted by
// transport/limit. Refusals carry a code, the limit's name and when to try again;
// /metrics counts them by reason.
//
// Connections that wait (silent ones, half-read requests, and those kept for
// later) give way: to another of their own address when that has its share, and when
// all places are taken the oldest of the address that has most.
//
// Loopback is exempt only while nobody else can come from there: while all
// listeners are on loopback and no proxy is trusted. Connections of trusted proxies
// have no share; the requests they pass on count for the client.
//
// When descriptors get scarce connections that wait give way, then WebSockets
// are refused before the 101 (503, server_busy). A reserve stays for files and packets.
//
// What strangers do is logged once for each (foreign names, origins, proxies), at
// most 20 lines and then one every 10 s.
//
// Request paths never reach the file system: the client is a table in memory,
// built at start. Only Config.Dev reads files, through an os.Root.
package httpd
