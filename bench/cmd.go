package bench

import (
	"context"
	"io"
	"os"

	"github.com/alecthomas/kong"

	"parley/bench/floor"
	"parley/bench/report"
)

// Command is "bench" with its scenarios, for kong.
type Command struct {
	Meet     MeetCmd     `cmd:"" help:"Rooms of N who all send and all watch each other."`
	Audience AudienceCmd `cmd:"" help:"One or few who send, many who watch."`
	Voice    VoiceCmd    `cmd:"" help:"Many small rooms, sound only."`
	Idle     IdleCmd     `cmd:"" help:"N who have joined and send nothing: memory and CPU each."`
	Sockets  SocketsCmd  `cmd:"" help:"N WebSockets that have joined nothing: memory each."`
	Chat     ChatCmd     `cmd:"" help:"Texts to everyone in rooms of N."`
	Join     JoinCmd     `cmd:"" help:"Joins and leaves at a rate."`
	School   SchoolCmd   `cmd:"" help:"Many from one address who join, are cut off at one moment and come back."`
	Records  RecordsCmd  `cmd:"" help:"Durable records by 1, 8 and 64 writers, in this process."`
	Floor    FloorCmd    `cmd:"" help:"What kernel and cipher cost on this machine; no server."`
	Compare  CompareCmd  `cmd:"" help:"Compare two reports."`

	ForwardChild forwardChildCmd `cmd:"" hidden:""`
	WriteChild   writeChildCmd   `cmd:"" hidden:""`
}

// Groups are the groups of flags that Command refers to, for
// kong.ExplicitGroups.
func Groups() []kong.Group {
	return []kong.Group{{Key: "impairment", Title: "A bad network between clients and server"}}
}

// Spell turns the other spelling of a comparison, "bench --compare A B", into
// the command.
func Spell(args []string) []string {
	if len(args) < 2 || args[0] != "bench" || args[1] != "--compare" {
		return args
	}
	return append([]string{"bench", "compare"}, args[2:]...)
}

// forwardChildCmd is the process of the minimal forwarder.
type forwardChildCmd struct{}

// Run forwards until standard input ends.
func (*forwardChildCmd) Run() error { return floor.ServeForward(os.Stdin, os.Stdout) }

// writeChildCmd is the process of the plain write loop.
type writeChildCmd struct{}

// Run writes until standard input ends.
func (*writeChildCmd) Run() error { return floor.ServeWrites(os.Stdin, os.Stdout) }

// MeetCmd is the scenario meet.
type MeetCmd struct {
	Common     `embed:""`
	VideoFlags `embed:""`
	FloorFlags `embed:""`
	Rooms      int  `default:"1" help:"Rooms."`
	Size       int  `short:"n" default:"10" help:"Participants in each."`
	Seats      int  `default:"9" help:"How many others each one watches."`
	Audio      bool `default:"true" negatable:"" help:"Send sound."`
	Saturate   bool `help:"Raise the load until loss is over 0.5 % or p99 over 50 ms."`
}

// Run runs the scenario.
func (c *MeetCmd) Run(ctx context.Context, out io.Writer) error {
	return c.run(ctx, out, &mediaRun{name: "meet", video: &c.VideoFlags, floor: &c.FloorFlags, climb: c.Saturate, rooms: &roomSpec{
		rooms: c.Rooms, size: c.Size, publishers: c.Size, seats: c.Seats, tile: c.Tile,
		publish: publishing(c.Audio, &c.VideoFlags),
	}})
}

func publishing(audio bool, v *VideoFlags) (p clientPublish) {
	p.Audio = audio
	if v != nil {
		p.Bitrate, p.FPS = int64(v.Bitrate), v.FPS
	}
	return p
}

// AudienceCmd is the scenario audience.
type AudienceCmd struct {
	Common     `embed:""`
	VideoFlags `embed:""`
	FloorFlags `embed:""`
	Publishers int  `default:"1" help:"Who send."`
	Watchers   int  `default:"50" help:"Who only watch."`
	Audio      bool `help:"Send sound, too."`
	Saturate   bool `help:"Raise the load until loss is over 0.5 % or p99 over 50 ms."`
}

// Run runs the scenario.
func (c *AudienceCmd) Run(ctx context.Context, out io.Writer) error {
	return c.run(ctx, out, &mediaRun{name: "audience", video: &c.VideoFlags, floor: &c.FloorFlags, climb: c.Saturate, rooms: &roomSpec{
		rooms: 1, size: c.Publishers + c.Watchers, publishers: c.Publishers, seats: c.Publishers, tile: c.Tile,
		publish: publishing(c.Audio, &c.VideoFlags),
	}})
}

// VoiceCmd is the scenario voice.
type VoiceCmd struct {
	Common     `embed:""`
	FloorFlags `embed:""`
	Rooms      int  `default:"25" help:"Rooms."`
	Size       int  `short:"n" default:"4" help:"Participants in each, all speaking."`
	Seats      int  `default:"9" help:"How many others each one hears."`
	Saturate   bool `help:"Raise the load until loss is over 0.5 % or p99 over 50 ms."`
}

// Run runs the scenario.
func (c *VoiceCmd) Run(ctx context.Context, out io.Writer) error {
	return c.run(ctx, out, &mediaRun{name: "voice", video: nil, floor: &c.FloorFlags, climb: c.Saturate, rooms: &roomSpec{
		rooms: c.Rooms, size: c.Size, publishers: c.Size, seats: c.Seats, publish: publishing(true, nil),
	}})
}

// FloorCmd is the scenario floor.
type FloorCmd struct {
	Output       `embed:""`
	Destinations []int  `default:"1,10,50,200" help:"Numbers of destinations to send to."`
	CPUs         string `name:"cpus" placeholder:"LIST" help:"Processors to run on (default: the first)."`
}

// CompareCmd compares two reports.
type CompareCmd struct {
	A string `arg:"" type:"existingfile" help:"Report before."`
	B string `arg:"" type:"existingfile" help:"Report after."`
}

// Run prints the comparison.
func (c *CompareCmd) Run(out io.Writer) error {
	a, err := report.Read(c.A)
	if err != nil {
		return err
	}
	b, err := report.Read(c.B)
	if err != nil {
		return err
	}
	return report.Compare(out, a, b)
}
