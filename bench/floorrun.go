package bench

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"slices"
	"time"

	"parley/bench/client"
	"parley/bench/floor"
	"parley/bench/gcm"
	"parley/bench/proc"
	"parley/bench/report"
)

// Hidden subcommands of the helper processes.
const (
	forwardChild = "forward-child" // the minimal forwarder
	writeChild   = "write-child"   // the plain write loop
)

// childCommand makes the command of a helper process of this binary.
func childCommand(name string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return exec.Command(self, "bench", name), nil
}

// startForwarder starts a minimal forwarder on the server's processors.
func startForwarder(cpus proc.CPUs) (*floor.Child, error) {
	cmd, err := childCommand(forwardChild)
	if err != nil {
		return nil, err
	}
	return floor.Start(cmd, func(c *exec.Cmd) error { return proc.StartOn(c, cpus) })
}

// runFloor measures the minimal forwarder in both forms, in turns: a process
// that was luckier with its memory or its neighbours may cost two thirds of
// another for the same work, so the median of several counts and all are told.
func (f *forwarding) runFloor(ctx context.Context, cfg *client.Config) error {
	var plain, gso []float64
	for range max(1, f.floor.FloorRuns) {
		for _, form := range []struct {
			gso  bool
			runs *[]float64
		}{{false, &plain}, {true, &gso}} {
			us, err := f.forwarder(ctx, cfg, form.gso)
			if err != nil {
				return err
			}
			if us != nil {
				*form.runs = append(*form.runs, *us)
			}
		}
	}
	rep := f.rep
	rep.FloorRuns, rep.FloorGSORuns = plain, gso
	rep.FloorUSPerPacket, rep.FloorGSOUSPerPacket = median(plain), median(gso)
	rep.RatioToFloor = ratio(rep.CPUUSPerPacket, rep.FloorUSPerPacket)
	rep.RatioToGSOFloor = ratio(rep.CPUUSPerPacket, rep.FloorGSOUSPerPacket)
	return nil
}

// median is nil for no values.
func median(values []float64) *float64 {
	if len(values) == 0 {
		return nil
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return report.Some((sorted[(n-1)/2] + sorted[n/2]) / 2)
}

func ratio(a, b *float64) *float64 {
	if a == nil || b == nil || *b == 0 {
		return nil
	}
	return report.Some(*a / *b)
}

// forwarder measures one form of the minimal forwarder with the scenario's
// load and returns its cost per packet, nil if it was interrupted.
func (f *forwarding) forwarder(ctx context.Context, cfg *client.Config, gso bool) (*float64, error) {
	child, err := startForwarder(f.serverCPUs)
	if err != nil {
		return nil, err
	}
	defer child.Stop()
	wiredCfg := *cfg
	wiredCfg.TWCC = false
	swarm, err := client.NewSwarm(&wiredCfg, f.loops(), f.flags.Seed)
	if err != nil {
		return nil, err
	}
	defer swarm.Close()
	if err = wire(swarm, child, f.topo, f.video, gso); err != nil {
		return nil, err
	}
	label := "minimal forwarder"
	if gso {
		label += " with GSO"
	}
	pause(ctx, min(f.flags.Warmup, time.Second))
	w := f.measure(ctx, swarm, pidMeter(child.Pid()), f.floor.length(f.flags.Duration), label)
	if w.partial || w.cpu == nil {
		return nil, nil
	}
	if w.stats.Packets == 0 {
		return nil, fmt.Errorf("the %s forwarded nothing", label)
	}
	us := float64(w.cpu.Nanoseconds()) / 1000 / float64(w.stats.Packets)
	f.prog.step("%s: %.3f µs per packet at %.0f packets/s", label, us, float64(w.stats.Packets)/w.wall.Seconds())
	f.rep.Notes = append(f.rep.Notes, yardstickDoubts(label, w)...)
	return &us, nil
}

// yardstickDoubts tells why a run of the minimal forwarder is no measure: what it
// lost makes the rest dearer, and the server look better than it is.
func yardstickDoubts(label string, w *window) (notes []string) {
	switch pct, ok := w.stats.LossPct(); {
	case !ok:
		notes = append(notes, label+": what it was to forward is not known: no yardstick")
	case pct > holdLoss:
		notes = append(notes, fmt.Sprintf("%s: %.1f %% of its packets did not arrive: too much for a yardstick", label, pct))
	}
	if len(w.limited) > 0 {
		notes = append(notes, fmt.Sprintf("%s: bench limited: %v", label, w.limited))
	}
	return notes
}

// wire builds the same rooms around a minimal forwarder: sockets and keys by
// hand, then the plan.
func wire(swarm *client.Swarm, child *floor.Child, topo *topology, video *VideoFlags, gso bool) error {
	w := newWiring(topo, video)
	if err := w.dial(child.Port); err != nil {
		return err
	}
	if err := child.Load(w.plan(gso)); err != nil {
		return err
	}
	return w.enter(swarm)
}

// wiring is a topology with sockets, keys and SSRCs.
type wiring struct {
	rng     *rand.Rand
	topo    *topology
	layers  int
	clients []client.Wire
}

func newWiring(topo *topology, video *VideoFlags) *wiring {
	w := &wiring{rng: rand.New(rand.NewPCG(1, 2)), topo: topo, layers: 1}
	if video != nil && video.Simulcast {
		w.layers = 3
	}
	return w
}

// enter hands the clients to their loops.
func (w *wiring) enter(swarm *client.Swarm) error {
	for i := range w.clients {
		if err := swarm.Wire(&w.clients[i]); err != nil {
			return err
		}
	}
	return nil
}

// dial opens a socket for every client and gives out keys and SSRCs. Each
// client's own streams and seats have SSRCs of their own.
func (w *wiring) dial(port int) error {
	for i, spec := range w.topo.specs {
		conn, err := net.DialUDP("udp4", nil, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
		if err != nil {
			return fmt.Errorf("socket for the minimal forwarder: %w", plainError("", err))
		}
		own := uint32(i+1) << 16
		c := client.Wire{Spec: *spec, Conn: conn, Write: w.keys(), Read: w.keys(), Mic: own | 1, Camera: own | 2}
		for seat, j := range w.topo.watches[i] {
			p := w.topo.specs[j].Publish
			ws := client.WireSeat{Sender: w.topo.specs[j].Sender}
			if p.Audio {
				ws.Audio = own | 0x8000 | uint32(2*seat)
			}
			if p.Bitrate > 0 {
				ws.Video = own | 0x8000 | uint32(2*seat+1)
			}
			c.Seats = append(c.Seats, ws)
		}
		w.clients = append(w.clients, c)
	}
	return nil
}

func (w *wiring) keys() (k gcm.Keys) {
	binary.BigEndian.PutUint64(k.Key[:], w.rng.Uint64())
	binary.BigEndian.PutUint64(k.Key[8:], w.rng.Uint64())
	binary.BigEndian.PutUint64(k.Salt[:], w.rng.Uint64())
	return k
}

// plan tells the forwarder who sends and where it goes.
func (w *wiring) plan(gso bool) *floor.Plan {
	plan := &floor.Plan{GSO: gso}
	audio, video := make(map[uint32][]floor.Hop), make(map[uint32][]floor.Hop)
	for i := range w.clients {
		c := &w.clients[i]
		port := uint16(c.Conn.LocalAddr().(*net.UDPAddr).Port)
		plan.Dests = append(plan.Dests, floor.Dest{Port: port, Keys: c.Read})
		for _, s := range c.Seats {
			if s.Audio != 0 {
				audio[s.Sender] = append(audio[s.Sender], floor.Hop{Dest: i, SSRC: s.Audio})
			}
			if s.Video != 0 {
				video[s.Sender] = append(video[s.Sender], floor.Hop{Dest: i, SSRC: s.Video})
			}
		}
	}
	for i := range w.clients {
		c := &w.clients[i]
		if !c.Spec.Publish.Audio && c.Spec.Publish.Bitrate == 0 {
			continue
		}
		p := floor.Publisher{Port: plan.Dests[i].Port, Keys: c.Write}
		p.Streams = append(p.Streams, floor.Stream{SSRC: c.Mic, To: audio[c.Spec.Sender]})
		for l := range w.layers {
			s := floor.Stream{SSRC: c.Camera + uint32(2*l)}
			if l == w.topo.layer {
				s.To = video[c.Spec.Sender]
			}
			p.Streams = append(p.Streams, s)
		}
		plan.Publishers = append(plan.Publishers, p)
	}
	return plan
}
