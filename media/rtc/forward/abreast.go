package forward

// maxAbreast is how many layers are gone through together. Few batches have more,
// and the packets of so many fill a run for each exit.
const maxAbreast = 16

// noExit is behind all exits.
const noExit = ^uint64(0)

// abreast goes through the tables of some layers together, in the order of
// exits that they all have.
type abreast struct {
	heads [maxAbreast]uint64    // exit of the first of rest, noExit at the end
	rest  [maxAbreast][]*stream // what is left of a layer's table
	n     int
}

// begin loads the table of each layer.
func (a *abreast) begin(layers []*layer) {
	a.n = len(layers)
	for i, l := range layers {
		a.rest[i] = l.track.table.Load().streams
		a.settle(i)
	}
}

// first returns the first exit that something is left for.
func (a *abreast) first() uint64 {
	to := uint64(noExit)
	for _, head := range a.heads[:a.n] {
		to = min(to, head)
	}
	return to
}

// next takes the first stream of what is left of table i.
func (a *abreast) next(i int) *stream {
	st := a.rest[i][0]
	a.rest[i] = a.rest[i][1:]
	a.settle(i)
	return st
}

func (a *abreast) settle(i int) {
	if len(a.rest[i]) == 0 {
		a.heads[i], a.rest[i] = noExit, nil // whoever had the table may go
		return
	}
	a.heads[i] = a.rest[i][0].order
}
