package bench

import (
	"context"
	"errors"
	"fmt"
	"io"

	"parley/bench/client"
)

// clientPublish shortens the commands.
type clientPublish = client.Publish

// mediaRun is a scenario that forwards media.
type mediaRun struct {
	name  string
	rooms *roomSpec
	video *VideoFlags // nil: sound only
	floor *FloorFlags
	climb bool
}

// run checks a scenario that forwards media and runs it.
func (c *Common) run(ctx context.Context, out io.Writer, m *mediaRun) error {
	rooms, video := m.rooms, m.video
	if rooms.rooms < 1 || rooms.size < 2 || rooms.publishers < 1 || rooms.publishers > rooms.size {
		return errors.New("a room needs at least two participants, and one who sends")
	}
	if rooms.seats < 1 || rooms.seats > client.MaxSeats {
		return fmt.Errorf("there can be 1 to %d seats", client.MaxSeats)
	}
	if video != nil {
		if err := video.check(); err != nil {
			return err
		}
	}
	if err := checkFiles(rooms.rooms * rooms.size * filesPerClient); err != nil {
		return err
	}
	rooms.seats = min(rooms.seats, rooms.size-1)
	topo := rooms.build(m.name)
	r, err := c.open(ctx, m.name, out, needs{clients: len(topo.specs)})
	if err != nil {
		return err
	}
	defer r.close()
	p := r.rep.Params
	p["rooms"], p["size"], p["publishers"], p["seats"] = rooms.rooms, rooms.size, rooms.publishers, rooms.seats
	p["audio"], p["video"], p["saturate"] = rooms.publish.Audio, video != nil, m.climb
	return (&forwarding{runner: r, topo: topo, video: video, floor: m.floor, climb: m.climb}).run(ctx, out)
}
