package engine

import (
	"parley/actors"
	"parley/engine/wire"
)

// onMoveRoom ends everybody because the room belongs to another node. They come
// back by themselves.
func (r *roomState) onMoveRoom(ctx *actors.Context[roomMsg]) {
	for _, n := range r.j.joining {
		r.giveUp(ctx, n, errMoved)
	}
	r.endAll(ctx, wire.CodeMoved, wire.ReasonMoved, errMoved.message)
	ctx.Stop(nil)
}
