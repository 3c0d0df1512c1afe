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
		if err = c.writeLoops(ctx, r, bytes); err != nil {
			return err
		}
	}
	return r.publish(out)
}

// silence is how long the server is watched before anybody talks: what it
// costs then is no text's.
const silence = 4 * time.Second

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
	pause(ctx, c.Warmup)
	quiet := r.unused(ctx, min(silence, c.Duration))
	swarm.StartTalk(c.Rate, c.Text)
	pause(ctx, min(c.Warmup, time.Second))
	w := r.measure(ctx, swarm, r.meter, c.Duration, "talking")
	if err = r.alive(); err != nil {
		return 0, err
	}
	if w.wall < 200*time.Millisecond {
		return 0, errNothing
	}
	inTime := swarm.Chat().Delivered
	talk := c.stragglers(ctx, swarm)
	r.fillHeld(w, len(specs))
	r.rep.RSSKiBPerParticipant = nil // idle measures that
	r.healthNotes(swarm.Health())
	r.rep.Chat, r.rep.Crosstalk = c.report(quiet, w, inTime, &talk), &talk.Astray
	swarm.LeaveAll(2 * time.Second)
	if talk.Delivered == 0 {
		return 0, errors.New("no text was delivered: nothing was measured")
	}
	return int(talk.Bytes / talk.Delivered), nil
}

// patience is how long texts are waited for that have been said: a disk may be
// slow for a while, but none may be lost.
const patience = 2 * time.Second

// stragglers waits until everybody has everything, and returns what came.
func (c *ChatCmd) stragglers(ctx context.Context, swarm *client.Swarm) client.ChatStats {
	talk := swarm.Chat()
	for end := time.Now().Add(patience); talk.Delivered < talk.Sent*uint64(c.Size) && time.Now().Before(end) && ctx.Err() == nil; {
		pause(ctx, 50*time.Millisecond)
		talk = swarm.Chat()
	}
	return talk
}

// report tells what a delivery costs, everything included, and apart from that
// what the room costs by the second and what a text adds to it. What the server did in
// the window is what was delivered in time; talk has what came later, too.
func (c *ChatCmd) report(quiet *float64, w *window, inTime uint64, talk *client.ChatStats) *report.Chat {
	expected := talk.Sent * uint64(c.Size)
	more := max(talk.Delivered, expected) - expected // copies that nobody remembers
	rep := &report.Chat{
		Sent: talk.Sent, Deliveries: talk.Delivered, Expected: expected,
		Lost: max(talk.Delivered, expected) - talk.Delivered, Repeated: talk.Repeated + more,
		DeliveriesPerS: float64(inTime) / w.wall.Seconds(), Delay: report.QuantilesOf(talk.Delay),
	}
	if w.cpu != nil && inTime > 0 {
		rep.CPUUSPerDelivery = report.Some(float64(w.cpu.Nanoseconds()) / 1000 / float64(inTime))
	}
	if w.cpu != nil && quiet != nil && talk.Sent > 0 {
		rep.QuietCPUPct = quiet
		rep.CPUUSPerText = report.Some(1e6 * (w.cpu.Seconds() - *quiet/100*w.wall.Seconds()) / float64(talk.Sent))
	}
	return rep
}

// writeLoops measures plain writes of the same size, to as many sockets, at the
// same pace: alone, and with each text on disk first, which is the least that a
// server can do that keeps what it acknowledges. Both several times in turns.
func (c *ChatCmd) writeLoops(ctx context.Context, r *runner, bytes int) error {
	var plain, durable []float64
	for range max(1, c.FloorRuns) {
		for _, form := range []struct {
			durable bool
			runs    *[]float64
		}{{false, &plain}, {true, &durable}} {
			us, err := c.writeLoop(ctx, r, bytes, form.durable)
			if err != nil {
				return err
			}
			if us != nil {
				*form.runs = append(*form.runs, *us)
			}
		}
	}
	rep := r.rep.Chat
	rep.FloorRuns, rep.DurableFloorRuns = plain, durable
	rep.FloorUS, rep.DurableFloorUS = median(plain), median(durable)
	rep.Ratio = ratio(rep.CPUUSPerDelivery, rep.FloorUS)
	rep.DurableRatio = ratio(rep.CPUUSPerDelivery, rep.DurableFloorUS)
	return nil
}

// writeLoop measures one run and returns its cost per write, nil if it was
// interrupted.
func (c *ChatCmd) writeLoop(ctx context.Context, r *runner, bytes int, durable bool) (*float64, error) {
	cmd, err := childCommand(writeChild)
	if err != nil {
		return nil, err
	}
	child, err := floor.Start(cmd, func(cmd *exec.Cmd) error { return proc.StartOn(cmd, r.serverCPUs) })
	if err != nil {
		return nil, err
	}
	defer child.Stop()
	swarm, err := client.NewSwarm(r.config(1, 0), r.loops(), c.Seed)
	if err != nil {
		return nil, err
	}
	defer swarm.Close()
	listeners := c.Size // of one room: each text goes to those of its own
	plan := &floor.WritePlan{Conns: listeners, Bytes: bytes, PeriodNS: int64(float64(time.Second) / c.Rate), Durable: durable}
	if err = child.Begin(plan); err != nil {
		return nil, err
	}
	for range listeners {
		if err = swarm.OpenPlain(child.Port); err != nil {
			return nil, plainError("the write loop", err)
		}
	}
	if err = child.Ready(); err != nil {
		return nil, err
	}
	label := "plain writes"
	if durable {
		label = "writes and a sync each"
	}
	pause(ctx, min(c.Warmup, time.Second))
	before := swarm.PlainTexts()
	w := r.measure(ctx, swarm, pidMeter(child.Pid()), c.length(c.Duration), label)
	texts := swarm.PlainTexts() - before
	if w.partial || w.cpu == nil || texts == 0 {
		return nil, nil
	}
	return report.Some(float64(w.cpu.Nanoseconds()) / 1000 / float64(texts)), nil
}
