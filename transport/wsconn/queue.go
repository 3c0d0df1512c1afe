package wsconn

// queue holds references to bytes that wait for the socket, oldest first.
// Nothing is copied. The zero value is empty and holds no memory.
type queue struct {
	bufs  [][]byte
	head  int // index of the oldest
	off   int // bytes of the oldest already sent
	bytes int // waiting
}

func (q *queue) empty() bool { return q.bytes == 0 }

// push appends b. An empty b is nothing.
func (q *queue) push(b []byte) {
	if len(b) == 0 {
		return
	}
	if q.head > 32 && q.head > len(q.bufs)/2 {
		n := copy(q.bufs, q.bufs[q.head:])
		clear(q.bufs[n:])
		q.bufs, q.head = q.bufs[:n], 0
	}
	q.bufs = append(q.bufs, b)
	q.bytes += len(b)
}

// front appends the oldest entries to dst, which must have capacity for at
// least one, up to its capacity.
func (q *queue) front(dst [][]byte) [][]byte {
	off := q.off
	for i := q.head; i < len(q.bufs) && len(dst) < cap(dst); i++ {
		dst = append(dst, q.bufs[i][off:])
		off = 0
	}
	return dst
}

// drop removes n bytes from the front.
func (q *queue) drop(n int) {
	q.bytes -= n
	for n > 0 {
		left := len(q.bufs[q.head]) - q.off
		if n < left {
			q.off += n
			return
		}
		n -= left
		q.bufs[q.head] = nil
		q.head++
		q.off = 0
	}
	if q.bytes == 0 {
		*q = queue{} // an idle connection holds no memory
	}
}
