package main

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"parley/bench/client"
	"parley/bench/proc"
)

// rig is a server on one loopback address with a client of bench that keeps the
// stack company: it publishes what the stack receives and counts what it gets.
type rig struct {
	server   *proc.Server
	loopback netip.Addr
	swarm    *client.Swarm
	policy   repeats
	rooms    int
}

func newRig(ctx context.Context, binary, host string, policy repeats) (*rig, error) {
	loopback, err := netip.ParseAddr(host)
	if err != nil {
		return nil, err
	}
	server, err := proc.StartServer(ctx, &proc.ServerSpec{Program: binary, Host: host})
	if err != nil {
		return nil, err
	}
	identity, err := client.NewIdentity()
	if err != nil {
		server.Stop()
		return nil, err
	}
	cfg := &client.Config{URL: server.URL, Path: "/api/v1/ws", Identity: identity, Run: 1, Seats: 1, Stride: 1, Timeout: replyWithin}
	swarm, err := client.NewSwarm(cfg, 1, 1)
	if err != nil {
		server.Stop()
		return nil, err
	}
	return &rig{server: server, loopback: loopback, swarm: swarm, policy: policy}, nil
}

func (r *rig) close() {
	r.swarm.Close()
	r.server.Stop()
}

// company joins a new room and returns its name.
func (r *rig) company(ctx context.Context) (room string, companion *client.Client, err error) {
	r.rooms++
	room = fmt.Sprintf("stacks-%d", r.rooms)
	spec := &client.Spec{Sender: uint32(r.rooms), Room: room, Name: "Company", Publish: client.Publish{Audio: true, Bitrate: 200_000, FPS: 15}}
	companion, _, err = r.swarm.Join(ctx, spec)
	r.swarm.Begin()
	return room, companion, err
}

// arrived is how many packets of the stack have come to the company since the
// last call.
func (r *rig) arrived() int { return int(r.swarm.Interval().Packets) }

// until asks again and again, at most for so long.
func until(ctx context.Context, within time.Duration, done func() bool) bool {
	for deadline := time.Now().Add(within); ; {
		if done() {
			return true
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return false
		}
		time.Sleep(20 * time.Millisecond)
	}
}
