package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/pion/stun/v4"
)

// ICE timing: a check is repeated until it is answered.
const (
	checkEvery   = 100 * time.Millisecond
	checkTimeout = 5 * time.Second
	// ConsentEvery is how often an established pair is checked again (RFC
	// 7675 §5.1), in nanoseconds.
	consentEvery = 5 * int64(time.Second)
)

// hostPriority is the priority of a host candidate, RFC 8445 §5.1.2.
const hostPriority = 126<<24 | 65535<<8 | 255

// errNoPath says that no candidate answered a check.
var errNoPath = errors.New("no answer to ICE checks on any candidate")

// checker makes the checks of one controlling agent.
type checker struct {
	username stun.Username
	key      stun.MessageIntegrity // of the server's password
	own      stun.MessageIntegrity // of ours
	tie      uint64
	server   netip.AddrPort // that is tried, or answered
}

func newChecker(localUfrag, localPwd string, a *answer, tie uint64) *checker {
	return &checker{
		username: stun.NewUsername(a.ufrag + ":" + localUfrag),
		key:      stun.NewShortTermIntegrity(a.pwd),
		own:      stun.NewShortTermIntegrity(localPwd),
		tie:      tie,
	}
}

// respond answers a check of the server's, which makes sure of our address. It
// returns nil for what is none.
func (c *checker) respond(pkt []byte) []byte {
	m := &stun.Message{Raw: append([]byte(nil), pkt...)}
	if !stun.IsMessage(pkt) || m.Decode() != nil || m.Type != stun.BindingRequest || c.own.Check(m) != nil {
		return nil
	}
	x := &stun.XORMappedAddress{IP: c.server.Addr().AsSlice(), Port: int(c.server.Port())}
	r, err := stun.Build(stun.NewTransactionIDSetter(m.TransactionID), stun.BindingSuccess, x, c.own, stun.Fingerprint)
	if err != nil {
		return nil
	}
	return r.Raw
}

// number64 and number32 are attributes that hold one number.
type (
	number64 struct {
		attr  stun.AttrType
		value uint64
	}
	number32 struct {
		attr  stun.AttrType
		value uint32
	}
)

func (n number64) AddTo(m *stun.Message) error {
	v := n.value
	m.Add(n.attr, []byte{byte(v >> 56), byte(v >> 48), byte(v >> 40), byte(v >> 32),
		byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)})
	return nil
}

func (n number32) AddTo(m *stun.Message) error {
	v := n.value
	m.Add(n.attr, []byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)})
	return nil
}

// flag is an attribute without a value.
type flag stun.AttrType

func (f flag) AddTo(m *stun.Message) error {
	m.Add(stun.AttrType(f), nil)
	return nil
}

// request makes a Binding request with USE-CANDIDATE.
func (c *checker) request() (*stun.Message, error) {
	return stun.Build(stun.TransactionID, stun.BindingRequest, c.username,
		number32{stun.AttrPriority, hostPriority},
		number64{stun.AttrICEControlling, c.tie},
		flag(stun.AttrUseCandidate),
		c.key, stun.Fingerprint)
}

// answered reports whether pkt is the success response to request.
func (c *checker) answered(pkt []byte, request *stun.Message) bool {
	m := &stun.Message{Raw: append([]byte(nil), pkt...)}
	if m.Decode() != nil || m.TransactionID != request.TransactionID {
		return false
	}
	return m.Type == stun.BindingSuccess && c.key.Check(m) == nil
}

// connect finds the first candidate that answers and returns a socket
// connected to it.
func (c *checker) connect(ctx context.Context, candidates []netip.AddrPort) (*net.UDPConn, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	request, err := c.request()
	if err != nil {
		return nil, err
	}
	for _, addr := range candidates {
		conn, err := c.try(ctx, addr, request, len(candidates) == 1)
		if err == nil {
			return conn, nil
		}
		if !errors.Is(err, errNoPath) {
			return nil, err
		}
	}
	return nil, errNoPath
}

// try checks one candidate: for a second, or until ctx ends if it is the only
// one.
func (c *checker) try(ctx context.Context, addr netip.AddrPort, request *stun.Message, only bool) (*net.UDPConn, error) {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(addr))
	if err != nil {
		return nil, fmt.Errorf("udp socket: %w", err)
	}
	c.server = addr
	buf := make([]byte, 1500)
	for n := 0; ctx.Err() == nil && (only || n < 10); n++ {
		if _, err = conn.Write(request.Raw); err != nil {
			break
		}
		conn.SetReadDeadline(time.Now().Add(checkEvery))
		for {
			k, err := conn.Read(buf)
			if err != nil {
				break
			}
			if r := c.respond(buf[:k]); r != nil {
				conn.Write(r)
				continue
			}
			if c.answered(buf[:k], request) {
				conn.SetReadDeadline(time.Time{})
				return conn, nil
			}
		}
	}
	conn.Close()
	return nil, errNoPath
}
