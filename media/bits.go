package media

import "math/bits"

// bitReader reads fields of whole bits, the highest bit first. What is not
// there reads as 0 and sets failed.
type bitReader struct {
	data   []byte
	at     int // in bits
	failed bool
}

// bits returns the next n ≤ 32 bits.
func (r *bitReader) bits(n int) uint32 {
	if !r.has(n) {
		return 0
	}
	var v uint32
	for ; n > 0; n-- {
		v = v<<1 | uint32(r.data[r.at>>3]>>(7-r.at&7))&1
		r.at++
	}
	return v
}

// flag returns the next bit.
func (r *bitReader) flag() bool { return r.bits(1) != 0 }

// skip leaves n bits out.
func (r *bitReader) skip(n int) {
	if r.has(n) {
		r.at += n
	}
}

// has reports whether there are n more bits, and fails for good if not.
func (r *bitReader) has(n int) bool {
	r.failed = r.failed || n > 8*len(r.data)-r.at
	return !r.failed
}

// choice returns a number below n > 0. The lower ones take a bit less than the
// others if n is no power of two: ns(n) of the AV1 bitstream, §4.10.7.
func (r *bitReader) choice(n uint32) uint32 {
	w := bits.Len32(n)
	few := uint32(1)<<w - n
	v := r.bits(w - 1)
	if v < few {
		return v
	}
	return v<<1 - few + r.bits(1)
}

// uvlc returns a number with as many zeros in front as it has bits behind its
// first one (AV1 bitstream §4.10.3). Those above 32 bits fail.
func (r *bitReader) uvlc() uint32 {
	zeros := 0
	for !r.flag() {
		if zeros++; zeros >= 32 || r.failed {
			r.failed = true
			return 0
		}
	}
	return 1<<zeros - 1 + r.bits(zeros)
}
