// Package httpd is everything that is served over TCP: the browser client,
// the WebSocket that meetings speak, the REST API, health and metrics.
//
//	/                 the client; /r/{room} and /test are pages of it
//	/sdk/, /lib/      also for pages of other origins (CORS)
//	/embed.html       the client for frames of other sites
//	/api/v1/ws        WebSocket, subprotocol parley.v1
//	/api/v1/meetings  meeting records
//	/healthz          the process is alive
//	/readyz           it takes new meetings
//	/metrics          Prometheus
//	/debug/echo       WebSocket echo, /debug/pprof/ profiles; with Config.Debug
//
// # Entry point
//
// [New], then [Server.Serve] with a listener, [Server.Drain] and
// [Server.Shutdown]. What the server needs from the rest of Parley it asks
// through [Config]: Accept, Records, Ready.
//
// # Who may do what
//
// Browsers may open the WebSocket from the page's own origin and those of
// Config.Origins. Programs that are no browsers send no Origin; they are let
// in, because no cookie or other ambient credential exists that another site
// could misuse. A request without Origin but with cookies is refused: that is
// a browser hiding where it comes from.
//
// Records, metrics and profiles need Config.APIToken as a bearer token. When
// none is set they answer only on a loopback listener, and only if the Host
// header names loopback: otherwise any web page could read them through a
// name of its own that resolves to 127.0.0.1 (DNS rebinding). Behind a reverse
// proxy set a token, for then every request comes from loopback.
//
// Rating a meeting and reading its record as those see it who were in it
// (/api/v1/meetings/{id}/record) need the participant's own secret instead, the
// resume secret of its joined message. Who has none learns nothing: the answer is
// the same for a wrong secret, another meeting's, and a meeting that never was.
//
// # Limits
//
// Headers 16 KiB and 5 s, bodies 64 KiB, requests 30 s, 4096 connections that
// are no WebSockets, Config.MaxConnections WebSockets, and per address (IPv6:
// per /64) what [PerAddress] says. Loopback is exempt from the latter, because
// everyone behind a local reverse proxy comes from there.
//
// Request paths never reach the file system: the client is a table in memory,
// built at start. Only Config.Dev reads files, through an os.Root.
package httpd
