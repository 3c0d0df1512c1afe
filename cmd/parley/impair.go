package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"time"

	"parley/bench"
	"parley/media/netem"
)

// impairCmd puts a bad network in front of a server's media port: the browser
// tests send their media through it.
type impairCmd struct {
	To       string        `required:"" help:"Media address of the server, IP:PORT."`
	Loss     bench.Percent `help:"Share of datagrams lost, each way."`
	Delay    time.Duration `help:"Added each way."`
	Jitter   time.Duration `help:"Up to this much more delay."`
	Seed     uint64        `default:"1" help:"Same seed, same losses."`
	Duration time.Duration `default:"1m" help:"When to end."`
}

// Run passes datagrams on until the duration is over or ctx ends.
func (c *impairCmd) Run(ctx context.Context, out io.Writer) error {
	to, err := netip.ParseAddrPort(c.To)
	if err != nil {
		return usage("--to %q is not IP:PORT", c.To)
	}
	link := netem.Link{Loss: float64(c.Loss) / 100, Delay: c.Delay, Jitter: c.Jitter}
	proxy, err := netem.NewProxy(netem.Config{Server: to, Up: link, Down: link, Seed: c.Seed})
	if err != nil {
		return fmt.Errorf("impair: %w", err)
	}
	fmt.Fprintf(out, "send media to %s\n", proxy.Addr())
	ctx, cancel := context.WithTimeout(ctx, c.Duration)
	defer cancel()
	<-ctx.Done()
	s := proxy.Stats()
	fmt.Fprintf(out, "up %d passed, %d lost; down %d passed, %d lost\n", s.Up, s.UpLost, s.Down, s.DownLost)
	return proxy.Close()
}
