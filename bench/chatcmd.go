package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"

	"parley/bench/client"
	"parley/bench/floor"
	"parley/bench/proc"
	"parley/bench/report"
)

// ChatCmd is the scenario chat.
type ChatCmd struct {
	Common     `embed:""`
	FloorFlags `embed:""`
	Rooms      int     `default:"1" help:"Rooms."`
	Size       int     `short:"n" default:"200" help:"Listeners in each."`
	Rate       float64 `default:"20" help:"Texts a second, all rooms together."`
	Text       int     `default:"100" help:"Bytes of each text."`
}

// textsEach is how many texts a second a participant may send.
const textsEach = 2

func (c *ChatCmd) validate() error {
	switch {
	case c.Rooms < 1 || c.Size < 2:
		return errors.New("a room needs at least two listeners")
	case c.Rate <= 0 || c.Rate > textsEach*0.8*float64(c.Rooms*c.Size):
		return fmt.Errorf("--rate must be over 0 and at most %.0f for so many participants: a server takes %d texts a second of each",
			textsEach*0.8*float64(c.Rooms*c.Size), textsEach)
	case c.Text < 1 || c.Text > 4000:
		return errors.New("--text must be 1 to 4000")
	}
	return nil
}

// Run runs the scenario.
func (c *ChatCmd) Run(ctx context.Context, out io.Writer) error {
	if err := c.validate(); err != nil {
		return err
	}
	r, err := c.open(ctx, "chat", out, needs{clients: c.Rooms * c.Size})
	if err != nil {
		return err
	}
	defer r.close()
	p := r.rep.Params
	p["rooms"], p["size"], p["rate"], p["text"] = c.Rooms, c.Size, c.Rate, c.Text
	bytes, err := c.server(ctx, r)
	if err != nil {
		return err
	}
	if c.Floor && !r.rep.Partial && bytes > 0 {
		if err = c.writeLoop(ctx, r, bytes); err != nil {
			return err
		}
	}
	return r.publish(out)
}

// server measures the server and returns the mean size of a delivery.
func (c *ChatCmd) server(ctx context.Context, r *runner) (int, error) {
	specs := (&roomSpec{rooms: c.Rooms, size: c.Size}).build("chat").specs
	for _, s := range specs {
		s.NoMedia, s.View = true, nil
	}
	swarm, err := client.NewSwarm(r.config(1, 0), r.loops(), c.Seed)
	if err != nil {
		return 0, err
	}
	defer swarm.Close()
	if _, err = r.joinAll(ctx, swarm, specs); err != nil {
		return 0, err
	}
	swarm.StartTalk(c.Rate, c.Text)
	pause(ctx, c.Warmup)
	w := r.measure(ctx, swarm, r.meter, c.Duration, "talking")
	if err = r.alive(); err != nil {
		return 0, err
	}
	if w.wall < 200*time.Millisecond {
		return 0, errNothing
	}
	talk := swarm.Chat()
	r.fillHeld(w, len(specs))
	r.rep.RSSKiBPerParticipant = nil // idle measures that
	r.healthNotes(swarm.Health())
	r.rep.Chat = c.report(w, &talk)
	swarm.LeaveAll(2 * time.Second)
	if talk.Delivered == 0 {
		return 0, errors.New("no text was delivered: nothing was measured")
	}
	return int(talk.Bytes / talk.Delivered), nil
}

func (c *ChatCmd) report(w *window, talk *client.ChatStats) *report.Chat {
	rep := &report.Chat{
		Sent: talk.Sent, Deliveries: talk.Delivered, Expected: talk.Sent * uint64(c.Size),
		DeliveriesPerS: float64(talk.Delivered) / w.wall.Seconds(), Delay: report.QuantilesOf(talk.Delay),
	}
	if w.cpu != nil && talk.Delivered > 0 {
		rep.CPUUSPerDelivery = report.Some(float64(w.cpu.Nanoseconds()) / 1000 / float64(talk.Delivered))
	}
	return rep
}

// writeLoop measures plain writes of the same size, to as many sockets, at
// the same pace.
func (c *ChatCmd) writeLoop(ctx context.Context, r *runner, bytes int) error {
	cmd, err := childCommand(writeChild)
	if err != nil {
		return err
	}
	child, err := floor.Start(cmd, func(cmd *exec.Cmd) error { return proc.StartOn(cmd, r.serverCPUs) })
	if err != nil {
		return err
	}
	defer child.Stop()
	swarm, err := client.NewSwarm(r.config(1, 0), r.loops(), c.Seed)
	if err != nil {
		return err
	}
	defer swarm.Close()
	plan := &floor.WritePlan{Conns: c.Size, Bytes: bytes, PeriodNS: int64(float64(time.Second) / c.Rate)}
	if err = child.Begin(plan); err != nil {
		return err
	}
	for range c.Size {
		if err = swarm.OpenPlain(child.Port); err != nil {
			return plainError("the write loop", err)
		}
	}
	if err = child.Ready(); err != nil {
		return err
	}
	pause(ctx, min(c.Warmup, time.Second))
	before := swarm.PlainTexts()
	w := r.measure(ctx, swarm, pidMeter(child.Pid()), c.length(c.Duration), "plain writes")
	texts := swarm.PlainTexts() - before
	if w.partial || w.cpu == nil || texts == 0 {
		return nil
	}
	r.rep.Chat.FloorUS = report.Some(float64(w.cpu.Nanoseconds()) / 1000 / float64(texts))
	r.rep.Chat.Ratio = ratio(r.rep.Chat.CPUUSPerDelivery, r.rep.Chat.FloorUS)
	return nil
}
