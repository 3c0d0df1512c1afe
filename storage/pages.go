package storage

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"slices"
)

// The pages of a bbolt file, read by ourselves before bbolt sees them. bbolt maps
// the file and trusts it: what is damaged makes it panic, in goroutines of its own
// as well, and what is missing ends the process. Here every byte comes from ReadAt,
// every number is looked at before it is used, and no page is read twice, so that
// any file costs at most what its size says.
//
//	page     0 id uint64 · 8 flags uint16 · 10 count uint16 · 12 overflow uint32 · 16 …
//	meta    16 magic, version, page size, flags uint32 · 32 root, sequence, free list,
//	           high-water mark, transaction uint64 · 72 checksum uint64, FNV-1a
//	leaf    16 count elements: flags, pos, key size, value size uint32
//	branch  16 count elements: pos, key size uint32, page uint64
//	bucket   a leaf's value: root, sequence uint64; root 0: a page follows
//
// pos counts from the element. Numbers are in the machine's own byte order.
const (
	pageHeader  = 16
	elementSize = 16
	bucketSize  = 16
	metaEnd     = pageHeader + 64

	flagBranch   = 0x01
	flagLeaf     = 0x02
	flagFreelist = 0x10

	metaMagic   = 0xED0CDAED
	metaVersion = 2
	noFreelist  = ^uint64(0)

	// maxPage bounds a page with its overflow. bbolt puts up to four records on
	// one, of which ours have at most some 200 KB each.
	maxPage = 4 << 20
	// maxFreelist bounds the list of free pages: that of 64 GiB.
	maxFreelist = 128 << 20
)

var native = binary.NativeEndian

// pageMeta is one of a file's two roots. The one with the later transaction counts.
type pageMeta struct {
	pageSize                   int
	root, free, high, sequence uint64
	transaction                uint64
}

// parseMeta reads a page that holds a root.
func parseMeta(page []byte) (m pageMeta, err error) {
	if len(page) < metaEnd {
		return m, fmt.Errorf("%d bytes are no page", len(page))
	}
	b := page[pageHeader:]
	sum := fnv.New64a()
	sum.Write(b[:56])
	size := native.Uint32(b[8:])
	switch {
	case native.Uint32(b) != metaMagic:
		return m, fmt.Errorf("it does not begin as a store does")
	case native.Uint32(b[4:]) != metaVersion:
		return m, fmt.Errorf("unknown file version %d", native.Uint32(b[4:]))
	case native.Uint64(b[56:]) != sum.Sum64():
		return m, fmt.Errorf("wrong checksum")
	case size < 1<<10 || size > 64<<10 || size&(size-1) != 0:
		return m, fmt.Errorf("page size %d", size)
	}
	return pageMeta{
		pageSize: int(size), root: native.Uint64(b[16:]), sequence: native.Uint64(b[24:]),
		free: native.Uint64(b[32:]), high: native.Uint64(b[40:]), transaction: native.Uint64(b[48:]),
	}, nil
}

// pageFault is something wrong with a page.
type pageFault struct {
	Page uint64 `json:"page"`
	What string `json:"what"`
	err  error  // what the system said, if it was the reading
}

func (f *pageFault) Error() string { return fmt.Sprintf("page %d: %s", f.Page, f.What) }
func (f *pageFault) Unwrap() error { return f.err }

// readMetas reads both roots. faults has one for each that can not be used; meta is
// the one that counts among the others, with page size 0 if there is none.
func readMetas(r io.ReaderAt, size int64) (meta pageMeta, faults []*pageFault) {
	at := func(offset int64) (pageMeta, error) {
		page := make([]byte, metaEnd)
		if n, err := r.ReadAt(page, offset); n < len(page) {
			if err == io.EOF {
				return pageMeta{}, fmt.Errorf("the file ends before it")
			}
			return pageMeta{}, err
		}
		return parseMeta(page)
	}
	first, err0 := at(0)
	second, err1 := pageMeta{}, error(nil)
	if err0 == nil {
		second, err1 = at(int64(first.pageSize))
	} else {
		for pageSize := int64(1 << 10); pageSize <= 64<<10; pageSize <<= 1 {
			if second, err1 = at(pageSize); err1 == nil && int64(second.pageSize) == pageSize {
				break
			}
			second = pageMeta{}
		}
	}
	if err0 != nil {
		faults = append(faults, &pageFault{Page: 0, What: err0.Error(), err: err0})
	}
	if err1 == nil && err0 == nil && second.pageSize != first.pageSize {
		second, err1 = pageMeta{}, fmt.Errorf("another page size than page 0")
	}
	if err1 != nil {
		faults = append(faults, &pageFault{Page: 1, What: err1.Error(), err: err1})
	}
	meta = first
	if second.pageSize != 0 && (first.pageSize == 0 || second.transaction > first.transaction) {
		meta = second
	}
	return meta, faults
}

// pageWalk goes through all pages that a root reaches.
type pageWalk struct {
	r    io.ReaderAt
	meta pageMeta
	// visit gets each record once, in the order of keys within a bucket. The
	// bytes are valid until it returns.
	visit func(bucket string, key, value []byte)
	// most is how many faults are gathered before the walk ends.
	most   int
	faults []*pageFault
	seen   []uint64 // a bit per page
	pages  int      // reached
	todo   []pageStep
	buffer []byte // of the leaf looked at
}

// pageStep is a page to look at: its keys are at least low, and less than high
// unless that is nil. The file's root has no bucket.
type pageStep struct {
	id        uint64
	low, high []byte
	bucket    string
	inBucket  bool
}

// walkPages checks a file of a size from its roots down and returns what is wrong,
// at most that much, and the root that counts.
func walkPages(r io.ReaderAt, size int64, most int, visit func(bucket string, key, value []byte)) (*pageWalk, []*pageFault) {
	meta, faults := readMetas(r, size)
	w := &pageWalk{r: r, meta: meta, visit: visit, most: most, faults: faults}
	if meta.pageSize == 0 || len(faults) >= most {
		return w, w.faults
	}
	pages := uint64(size) / uint64(meta.pageSize)
	if meta.high > pages {
		w.fault(meta.high-1, "the file has %d bytes and ends before it", size)
		if len(w.faults) >= most {
			return w, w.faults
		}
		w.meta.high = pages
	}
	if w.meta.high < 4 || meta.root < 2 || meta.root >= w.meta.high {
		w.fault(meta.root, "no such page for the root")
		return w, w.faults
	}
	w.seen = make([]uint64, (w.meta.high+63)/64)
	w.mark(0)
	w.mark(1)
	w.todo = append(w.todo, pageStep{id: meta.root})
	for len(w.todo) > 0 && len(w.faults) < most {
		step := w.todo[len(w.todo)-1]
		w.todo = w.todo[:len(w.todo)-1]
		w.look(step)
	}
	if meta.free != noFreelist && len(w.faults) < most {
		w.freelist(meta.free)
	}
	return w, w.faults
}

func (w *pageWalk) fault(page uint64, format string, args ...any) {
	if len(w.faults) < w.most {
		w.faults = append(w.faults, &pageFault{Page: page, What: fmt.Sprintf(format, args...)})
	}
}

// mark notes that a page is reached and reports whether it was before.
func (w *pageWalk) mark(id uint64) (before bool) {
	bit := uint64(1) << (id % 64)
	before = w.seen[id/64]&bit != 0
	w.seen[id/64] |= bit
	w.pages++
	return before
}

// read reads a page with its overflow. The buffer, if given, may be used for it.
func (w *pageWalk) read(id uint64, buffer []byte, most int) []byte {
	size := w.meta.pageSize
	if cap(buffer) < size {
		buffer = make([]byte, size)
	}
	page := buffer[:size]
	if !w.readAt(page, id, 0) {
		return nil
	}
	if got := native.Uint64(page); got != id {
		w.fault(id, "it says it is page %d", got)
		return nil
	}
	overflow := uint64(native.Uint32(page[12:]))
	switch {
	case overflow >= w.meta.high-id:
		w.fault(id, "it goes on beyond the end of the file, for %d pages", overflow)
		return nil
	case (overflow+1)*uint64(size) > uint64(most):
		w.fault(id, "it goes on for %d pages", overflow)
		return nil
	}
	for more := range overflow + 1 {
		if w.mark(id + more) {
			w.fault(id+more, "it belongs to two places")
			return nil
		}
	}
	if overflow == 0 {
		return page
	}
	whole := make([]byte, (overflow+1)*uint64(size))
	copy(whole, page)
	if !w.readAt(whole[size:], id, int64(size)) {
		return nil
	}
	return whole
}

func (w *pageWalk) readAt(to []byte, id uint64, offset int64) bool {
	n, err := w.r.ReadAt(to, int64(id)*int64(w.meta.pageSize)+offset)
	if n == len(to) {
		return true
	}
	if len(w.faults) < w.most {
		w.faults = append(w.faults, &pageFault{Page: id, What: fmt.Sprintf("it can not be read: %v", err), err: err})
	}
	return false
}

// look checks a page of a tree and notes what is below it.
func (w *pageWalk) look(step pageStep) {
	page := w.read(step.id, w.buffer, maxPage)
	if page == nil {
		return
	}
	switch flags := native.Uint16(page[8:]); flags {
	case flagLeaf:
		w.buffer = page
		w.leaf(step, page)
	case flagBranch:
		w.buffer = nil // the steps below point into it
		w.branch(step, page)
	default:
		w.fault(step.id, "flags %#x where a leaf or a branch is expected", flags)
	}
}

// element is what a leaf or branch says of one of its keys.
type element struct {
	key, value []byte
	child      uint64 // of a branch
	bucket     bool   // of a leaf
}

// leafElement reads element i, and false if it does not lie in the page.
func leafElement(page []byte, i, count int) (e element, ok bool) {
	at := pageHeader + i*elementSize
	flags, pos := native.Uint32(page[at:]), uint64(native.Uint32(page[at+4:]))
	keySize, valueSize := uint64(native.Uint32(page[at+8:])), uint64(native.Uint32(page[at+12:]))
	begin := uint64(at) + pos
	if flags > 1 || begin < uint64(pageHeader+count*elementSize) || begin+keySize+valueSize > uint64(len(page)) || keySize == 0 {
		return e, false
	}
	key, end := page[begin:begin+keySize:begin+keySize], begin+keySize+valueSize
	return element{key: key, value: page[begin+keySize : end : end], bucket: flags == 1}, true
}

func branchElement(page []byte, i, count int) (e element, ok bool) {
	at := pageHeader + i*elementSize
	begin, keySize := uint64(at)+uint64(native.Uint32(page[at:])), uint64(native.Uint32(page[at+4:]))
	if begin < uint64(pageHeader+count*elementSize) || begin+keySize > uint64(len(page)) {
		return e, false
	}
	return element{key: page[begin : begin+keySize : begin+keySize], child: native.Uint64(page[at+8:])}, true
}

// countOf is how many elements a page says it has, and whether they fit.
func countOf(page []byte) (int, bool) {
	count := int(native.Uint16(page[10:]))
	return count, pageHeader+count*elementSize <= len(page)
}

// inOrder checks a key against the one before it, or the least that the page may
// have.
func inOrder(step pageStep, i int, before, key []byte) bool {
	if i == 0 {
		return bytes.Compare(step.low, key) <= 0 && (step.high == nil || bytes.Compare(key, step.high) < 0)
	}
	return bytes.Compare(before, key) < 0 && (step.high == nil || bytes.Compare(key, step.high) < 0)
}

func (w *pageWalk) leaf(step pageStep, page []byte) {
	count, ok := countOf(page)
	if !ok {
		w.fault(step.id, "%d elements do not fit", count)
		return
	}
	var before []byte
	total := 0 // elements that lie on each other would be read again and again
	for i := range count {
		e, ok := leafElement(page, i, count)
		switch total += len(e.key) + len(e.value); {
		case !ok || total > len(page):
			w.fault(step.id, "element %d of %d does not lie in it", i, count)
			return
		case !inOrder(step, i, before, e.key):
			w.fault(step.id, "key %d of %d is not in order", i, count)
			return
		case e.bucket == step.inBucket:
			w.fault(step.id, "element %d of %d is a bucket where a record is expected, or the reverse", i, count)
			return
		}
		before = e.key
		if e.bucket {
			w.bucket(step.id, string(e.key), e.value)
		} else if w.visit != nil {
			w.visit(step.bucket, e.key, e.value)
		}
	}
}

// bucket checks a bucket's root, which is a page or is in the value.
func (w *pageWalk) bucket(page uint64, name string, value []byte) {
	if len(value) < bucketSize {
		w.fault(page, "bucket %q has no root", name)
		return
	}
	if root := native.Uint64(value); root != 0 {
		w.push(page, pageStep{id: root, bucket: name, inBucket: true})
		return
	}
	inline := value[bucketSize:]
	if len(inline) < pageHeader || native.Uint16(inline[8:]) != flagLeaf || native.Uint64(inline) != 0 || native.Uint32(inline[12:]) != 0 {
		w.fault(page, "bucket %q has no page", name)
		return
	}
	w.leaf(pageStep{id: page, bucket: name, inBucket: true}, inline)
}

func (w *pageWalk) branch(step pageStep, page []byte) {
	count, ok := countOf(page)
	if !ok || count == 0 {
		w.fault(step.id, "%d elements of a branch", count)
		return
	}
	begin := len(w.todo)
	defer func() { slices.Reverse(w.todo[begin:]) }() // the first is looked at first
	var before element
	total := 0
	for i := range count {
		e, ok := branchElement(page, i, count)
		switch total += len(e.key); {
		case !ok || total > len(page):
			w.fault(step.id, "element %d of %d does not lie in it", i, count)
			return
		case !inOrder(step, i, before.key, e.key):
			w.fault(step.id, "key %d of %d is not in order", i, count)
			return
		}
		if i > 0 {
			w.push(step.id, pageStep{before.child, before.key, e.key, step.bucket, step.inBucket})
		}
		before = e
	}
	w.push(step.id, pageStep{before.child, before.key, step.high, step.bucket, step.inBucket})
}

// push notes a page to look at.
func (w *pageWalk) push(from uint64, step pageStep) {
	if step.id < 2 || step.id >= w.meta.high {
		w.fault(from, "it points to page %d of %d", step.id, w.meta.high)
		return
	}
	w.todo = append(w.todo, step)
}

// freelist checks the list of free pages, where a file has one: no page of it may
// be in use.
func (w *pageWalk) freelist(id uint64) {
	if id < 2 || id >= w.meta.high {
		w.fault(id, "no such page for the list of free pages")
		return
	}
	page := w.read(id, nil, maxFreelist)
	if page == nil {
		return
	}
	count, at := uint64(native.Uint16(page[10:])), pageHeader
	if count == 0xffff {
		count, at = native.Uint64(page[at:]), at+8
	}
	if native.Uint16(page[8:]) != flagFreelist || count > uint64(len(page)-at)/8 {
		w.fault(id, "no list of free pages")
		return
	}
	for i := range count {
		free := native.Uint64(page[at+int(i)*8:])
		if free < 2 || free >= w.meta.high || w.mark(free) {
			w.fault(id, "page %d is said to be free", free)
			return
		}
	}
}
