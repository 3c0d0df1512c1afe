package media

// replayWindowSize is how many indexes below the newest are told apart.
// RFC 3711 §3.3.2 asks for at least 64. It is this large because a peer
// without RTX repairs losses with the original number, up to a second late.
const replayWindowSize = 1024

// replayWindow remembers which packet indexes have been seen. The zero value
// has seen none. Bit i%size of the ring stands for index i.
type replayWindow struct {
	top  uint64 // one above the highest index seen; 0: none
	bits [replayWindowSize / 64]uint64
}

// fresh reports whether index is neither seen nor too old to know.
func (w *replayWindow) fresh(index uint64) bool {
	if index >= w.top {
		return true
	}
	if w.top-index > replayWindowSize {
		return false
	}
	return w.bits[index/64%uint64(len(w.bits))]&(1<<(index%64)) == 0
}

// fill makes a window that has seen all indexes below top.
func (w *replayWindow) fill(top uint64) {
	w.top = top
	for i := range w.bits {
		w.bits[i] = ^uint64(0)
	}
}

// mark records index. Indexes skipped on the way up are unseen.
func (w *replayWindow) mark(index uint64) {
	if index >= w.top {
		if index-w.top >= replayWindowSize {
			clear(w.bits[:])
		} else {
			for i := w.top; i < index; i++ {
				w.bits[i/64%uint64(len(w.bits))] &^= 1 << (i % 64)
			}
		}
		w.top = index + 1
	} else if w.top-index > replayWindowSize {
		return
	}
	w.bits[index/64%uint64(len(w.bits))] |= 1 << (index % 64)
}
