package media

// LayerState is a simulcast layer as far as choosing it goes.
type LayerState struct {
	Live bool // packets came lately
	// Width and Height are those of its last key frame, 0 if unknown.
	Width, Height int
}

// Shares of the wanted height, in percent. A layer is good enough from
// layerEnough on. The current one stays while it is not far below that, and
// a smaller one replaces it only if it is clearly enough, so that a tile that
// changes by some pixels does not make pictures jump.
const (
	layerEnough    = 75
	layerStillGood = 65
	layerClearly   = 85
)

// ChooseLayer picks the layer to forward for a picture height pixels high:
// the smallest live one that is good enough, else the biggest live one. layers
// are in rising order of size; current is the one in use, -1 for none. The
// result is -1 if none is live.
func ChooseLayer(layers []LayerState, height, current int) int {
	enough := layerEnough
	keep := current >= 0 && current < len(layers) && layers[current].Live
	if keep && layerHeight(layers, current)*100 >= height*layerStillGood {
		enough = layerClearly
	}
	best := -1
	for i, l := range layers {
		if !l.Live {
			continue
		}
		best = i
		if keep && i == current && layerHeight(layers, i)*100 >= height*layerStillGood {
			return i
		}
		if layerHeight(layers, i)*100 >= height*enough {
			return i
		}
	}
	return best
}

// layerHeight returns the height of layer i; an unknown one is guessed from
// its neighbours, each layer being twice as high as the one below, or from
// 720 lines at the top.
func layerHeight(layers []LayerState, i int) int {
	if h := layers[i].Height; h > 0 {
		return h
	}
	for d := 1; d < len(layers); d++ {
		if j := i + d; j < len(layers) && layers[j].Height > 0 {
			return layers[j].Height >> d
		}
		if j := i - d; j >= 0 && layers[j].Height > 0 {
			return layers[j].Height << d
		}
	}
	return 720 >> (len(layers) - 1 - i)
}
