package storage

import "os"

// ahead writes zeros to the part of the file that will be used next. bbolt makes
// the file longer without writing it; then each sync of a page that was never
// written also has the file system note where that page lies, which takes half
// as long again. Past the last page in use nothing is ever read, so what
// stands there does not matter. It belongs to the writer, between transactions.
type ahead struct {
	file *os.File
	end  int64 // written up to here
}

const (
	aheadStep = 256 << 10 // bytes written at a time
	aheadLeft = 128 << 10 // what a commit may need, else it pays
)

var zeros [64 << 10]byte

// prepare writes the next step if the pages in use come near the end of the last.
// used is where they end. Failures do not matter here: the commit that
// needs the room meets them again.
func (a *ahead) prepare(used int64) {
	if a.file == nil || used+aheadLeft <= a.end {
		return
	}
	info, err := a.file.Stat()
	if err != nil {
		return
	}
	from := max(used, a.end)
	to := min(used+aheadStep, info.Size()) // bbolt alone makes it longer
	for at := from; at < to; at += int64(len(zeros)) {
		if _, err := a.file.WriteAt(zeros[:min(int64(len(zeros)), to-at)], at); err != nil {
			return
		}
	}
	a.end = max(a.end, to)
}
