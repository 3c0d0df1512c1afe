package client

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"syscall"
	"time"
)

// probeTimeout is how long a server may take to take a WebSocket.
const probeTimeout = 5 * time.Second

// Probe opens and closes a WebSocket at base + path. Its error is one line
// that says what is wrong with the address.
func Probe(ctx context.Context, base, path string) error {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%q is not an address like http://127.0.0.1:8443", base)
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	s, err := dialSignal(ctx, base, path, subprotocol)
	var other *NotParleyError
	switch {
	case err == nil:
		return s.conn.Close()
	case errors.As(err, &other):
		return err
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nothing answers at %s (connection refused)", base)
	case ctx.Err() != nil:
		return fmt.Errorf("%s does not answer within %v", base, probeTimeout)
	}
	return fmt.Errorf("%s can not be reached or is not a Parley server: %w", base, err)
}
