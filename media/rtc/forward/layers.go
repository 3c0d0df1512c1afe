package forward

import "parley/media"

// Why a seat carries the layer it does, as told with MediaLayer.
const (
	LayerStarted = "started"   // the seat's first picture of this source
	LayerSize    = "size"      // fits the wanted size better than the one before
	LayerGone    = "available" // the publisher stopped sending the one before
)

// chooseLoop picks the layer that fits what the subscriber wants and asks for
// a key frame until it is there.
func (w *worker) chooseLoop(st *stream, t *track) {
	tx := st.tx
	best := int8(0)
	if len(t.layers) > 1 {
		best = w.bestLayer(st, t)
	}
	if best == noLayer {
		return // nothing is being sent; keep the aim there is
	}
	if tx.target != best {
		tx.reason = LayerSize
		switch {
		case tx.current == noLayer:
			tx.reason = LayerStarted
		case !t.layers[tx.current].alive(w.loop.now):
			tx.reason = LayerGone
		}
	}
	tx.aim(best)
	if t.kind == media.KindVideo && tx.rewriter.Pending() && w.reaches(st) && !tx.undecodable() {
		w.wantKeyframe(t.layers[best])
	}
}

// reaches reports whether packets of a stream go anywhere now, and are wanted.
func (w *worker) reaches(st *stream) bool {
	return !st.idle.Load() && st.exit.wants(w)
}

// bestLayer maps the track's layers to what the choice needs. Clients name
// layers as they like; where sizes are known they are what orders them.
func (w *worker) bestLayer(st *stream, t *track) int8 {
	var states [media.MaxLayers]media.LayerState
	var order [media.MaxLayers]int8
	n := len(t.layers)
	for i := range n {
		order[i] = int8(i)
	}
	for i := 1; i < n; i++ {
		for j := i; j > 0 && bigger(t.layers[order[j-1]], t.layers[order[j]]); j-- {
			order[j-1], order[j] = order[j], order[j-1]
		}
	}
	current := -1
	for i := range n {
		l := t.layers[order[i]]
		states[i] = media.LayerState{Live: l.alive(w.loop.now), Width: l.width, Height: l.height}
		if order[i] == st.tx.current {
			current = i
		}
	}
	height := int(uint32(st.want.Load()))
	i := media.ChooseLayer(states[:n], height, current)
	if i < 0 {
		return noLayer
	}
	return order[i]
}

// bigger reports whether a is known to be bigger than b.
func bigger(a, b *layer) bool { return a.height > 0 && b.height > 0 && a.height > b.height }

// switchedLoop notes that a stream now carries l.
func (w *worker) switchedLoop(st *stream, l *layer) {
	tx := st.tx
	tx.current = int8(l.index)
	tx.reportAt = 0
	st.exit.switchedLoop(w, st, l)
}
