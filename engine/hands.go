package engine

import "slices"

// hands holds who has raised a hand, longest raised first.
type hands []string

// set raises or lowers a hand. It reports whether that changed anything.
func (h *hands) set(id string, raised bool) bool {
	at := slices.Index(*h, id)
	switch {
	case raised && at < 0:
		*h = append(*h, id)
	case !raised && at >= 0:
		*h = slices.Delete(*h, at, at+1)
	default:
		return false
	}
	return true
}
