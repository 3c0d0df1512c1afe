package httpd

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// Who types a server's name with its port and without https:// speaks HTTP where
// TLS is spoken. The answer leads to the same address with https://. It is given in
// the connection's first Read, which is that of the handshake: on a goroutine that
// is there, within the time and the number of connections that handshakes have.

// plainHead bounds the request that is read to know what to lead to, in bytes.
const plainHead = 8 << 10

// errPlain ends the handshake of a connection that spoke HTTP and was answered.
var errPlain = errors.New("httpd: HTTP on a port of TLS")

// secured is a listener whose connections are to speak TLS.
type secured struct {
	net.Listener
	names func(host string) bool // whether a name is ours
	site  Site
	told  func() // of a connection that was led to https
}

// Accept implements net.Listener.
func (l secured) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if tcp, ok := conn.(*net.TCPConn); ok && err == nil {
		return &greeted{TCPConn: tcp, listener: l}, nil
	}
	return conn, err
}

// greeted looks at the first byte that comes.
type greeted struct {
	*net.TCPConn
	listener secured
	begun    bool
}

// Read implements net.Conn.
func (c *greeted) Read(b []byte) (int, error) {
	n, err := c.TCPConn.Read(b)
	if n == 0 || c.begun {
		return n, err
	}
	c.begun = true
	if !startsMethod(b[0]) {
		return n, err
	}
	c.leadOn(b[:n])
	return 0, errPlain
}

// startsMethod reports whether an HTTP request may begin with a byte, as no record
// of TLS does.
func startsMethod(b byte) bool { return b >= 'A' && b <= 'Z' }

// leadOn answers a request whose beginning was read.
func (c *greeted) leadOn(begun []byte) {
	head := io.LimitReader(io.MultiReader(bytes.NewReader(begun), c.TCPConn), plainHead)
	r, err := http.ReadRequest(bufio.NewReader(head))
	answer := "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
	if err == nil && r.Host != "" && c.listener.names(r.Host) { // without a name the path would be one
		to := c.listener.site.byHTTPS(r.Host).location(r.URL)
		answer = fmt.Sprintf("HTTP/1.1 307 Temporary Redirect\r\nLocation: %s\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", to)
		c.listener.told()
	}
	_ = c.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = io.WriteString(c.TCPConn, answer) // whoever left does not need it
	_ = c.CloseWrite()
}
