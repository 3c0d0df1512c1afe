package main

import (
	"net"
	"net/netip"
	"strconv"

	"parley/transport/httpd"
)

// endpoint is where a flag says to listen.
type endpoint struct {
	flag string         // without dashes, such as "listen"
	host string         // as written, for messages
	addr netip.AddrPort // unspecified address: all interfaces
}

// parseEndpoint takes HOST:PORT.
func parseEndpoint(flag, text string) (endpoint, error) {
	host, portText, err := net.SplitHostPort(text)
	if err != nil {
		return endpoint{}, usage("--%s %q is not HOST:PORT, such as 127.0.0.1:8443", flag, text)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return endpoint{}, usage("--%s %q: the port must be a number from 0 to 65535", flag, text)
	}
	var addr netip.Addr
	switch host {
	case "", "0.0.0.0", "*":
		addr = netip.IPv4Unspecified()
	case "localhost":
		addr = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	default:
		if addr, err = netip.ParseAddr(host); err != nil {
			return endpoint{}, usage("--%s host %q is not an IP address or localhost", flag, host)
		}
	}
	return endpoint{flag, host, netip.AddrPortFrom(addr, uint16(port))}, nil
}

// shownHost is the host under which a person on this machine finds it.
func (e endpoint) shownHost() string {
	if ip, err := netip.ParseAddr(e.host); e.host == "" || e.host == "localhost" || err == nil && (ip.IsLoopback() || ip.IsUnspecified()) {
		return "localhost"
	}
	return e.host
}

// further is a listener besides the main one. What is served there, httpd puts under
// the rules of the main port; here it gets its address, its row in the start box and
// its end.
type further struct {
	flag  string         // that names the address, without dashes
	addr  string         // what it says; empty: off
	serve httpd.Listener // without Net
}

// furtherListeners are those there are, one line each.
func (c *serveCmd) furtherListeners() []further { return c.further }

// openFurther opens those that are named, and adds them to what is served and told.
func (c *serveCmd) openFurther(srv *server) error {
	for _, f := range c.furtherListeners() {
		if f.addr == "" {
			continue
		}
		at, err := parseEndpoint(f.flag, f.addr)
		if err != nil {
			return err
		}
		if f.serve.Net, err = net.Listen("tcp", at.addr.String()); err != nil {
			return portError(at, err)
		}
		srv.listens = append(srv.listens, f.serve)
		srv.rows = append(srv.rows, [2]string{f.serve.Name, c.howToReach(at, f.serve)})
	}
	return nil
}

// howToReach says where a further listener is, and how it is spoken to.
func (c *serveCmd) howToReach(at endpoint, l httpd.Listener) string {
	port := l.Net.Addr().(*net.TCPAddr).Port
	if l.Stream == nil {
		return pageURL(c.scheme(), at.shownHost(), port)
	}
	how := "TCP " + net.JoinHostPort(at.shownHost(), strconv.Itoa(port))
	if c.TLSCert != "" {
		how += ", with TLS or without"
	}
	return how
}

// scheme is what pages are asked for with.
func (c *serveCmd) scheme() string {
	if c.TLSCert != "" {
		return "https"
	}
	return "http"
}
