//go:build linux

package storage

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	bolt "go.etcd.io/bbolt"
)

// faultDisk is a disk under a store that fails by a plan and knows what a power cut
// would leave. Writes go to the real files at once, as to the kernel's memory; what
// has been synced is kept beside. All but the plan is the writer's goroutine's.
//
// bbolt writes through a function of its own, which is replaced; it syncs with the
// system's call, for which its descriptor is made one that fails when it is to. So
// when a sync went well is seen by what comes after: a meta page is written after
// its data was synced, anything else after the meta page was.
type faultDisk struct {
	t     *testing.T
	rng   *rand.Rand
	files map[string]*faultFile // by name
	down  atomic.Int32          // operations that fail from now on
	// event is called where a power cut is tried.
	event func()
	held  chan struct{} // not nil: writes wait until it is closed
	count [faults]int
	trace []string // of the last operations, for who looks into a failed run
}

func (f *faultFile) note(what string, at int64, n int) {
	d := f.disk
	d.trace = append(d.trace[max(0, len(d.trace)-200):], fmt.Sprintf("%s %s %d+%d plan %d", f.name, what, at, n, f.plan))
}

type fault int

const (
	noFault fault = iota
	writeFault
	shortFault
	spaceFault
	syncFault
	metaSyncFault
	growFault
	dropFault // a failed sync, after which the kernel forgets what it could not write
	faults
)

// faultFile is a file of the disk.
type faultFile struct {
	disk    *faultDisk
	name    string
	real    *os.File // for what is written and read here
	bolts   *os.File // bbolt's, if it is parley.db
	durable []byte
	pending []pendingWrite
	meta    bool // the last write was one of a meta page
	bolted  bool // by bbolt, which has synced it then
	plan    fault
}

type pendingWrite struct {
	at   int64
	data []byte
}

func newFaultDisk(t *testing.T, rng *rand.Rand) *faultDisk {
	return &faultDisk{t: t, rng: rng, files: make(map[string]*faultFile), event: func() {}}
}

// options sets a store's.
func (d *faultDisk) options(o Options) Options {
	o.opened = d.openedMain
	o.openFile = func(path string, flag int, mode os.FileMode) (*os.File, error) {
		if f := d.files[filepath.Base(path)]; f != nil && f.name == FileName {
			f.fallen()
		}
		return os.OpenFile(path, flag, mode)
	}
	o.device = func(file *os.File) device {
		f := d.file(file.Name())
		f.adopt(file.Name())
		return f
	}
	return o
}

func (d *faultDisk) file(path string) *faultFile {
	name := filepath.Base(path)
	f := d.files[name]
	if f == nil {
		f = &faultFile{disk: d, name: name}
		d.files[name] = f
		f.adopt(path)
	}
	return f
}

// adopt opens the real file; what it holds and no write has brought there, such as
// zeros that it was made of, counts as synced.
func (f *faultFile) adopt(path string) {
	real, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		f.disk.t.Error(err)
		return
	}
	if f.real != nil {
		was, _ := f.real.Stat()
		is, _ := real.Stat()
		if os.SameFile(was, is) {
			real.Close()
			return
		}
		f.real.Close()
	}
	f.note("another file", 0, 0)
	f.real, f.pending = real, nil
	f.durable = f.content()
}

func (f *faultFile) content() []byte {
	info, err := f.real.Stat()
	if err != nil {
		f.disk.t.Error(err)
		return nil
	}
	data := make([]byte, info.Size())
	n, err := f.real.ReadAt(data, 0)
	if err != nil && err != io.EOF {
		f.disk.t.Error(err)
	}
	return data[:n]
}

// openedMain puts the disk under bbolt.
func (d *faultDisk) openedMain(db *bolt.DB, file *os.File) {
	f := d.file(file.Name())
	f.bolts, f.meta, f.plan = file, true, noFault
	f.note("opened", 0, 0)
	db.AllocSize = blockSize // it grows often, and is small
	ops := reflect.ValueOf(db).Elem().FieldByName("ops").FieldByName("writeAt")
	hook := func(data []byte, at int64) (int, error) { return f.boltWrite(db, data, at) }
	*(*func([]byte, int64) (int, error))(unsafe.Pointer(ops.UnsafeAddr())) = hook
}

// boltWrite is bbolt's writeAt.
func (f *faultFile) boltWrite(db *bolt.DB, data []byte, at int64) (int, error) {
	meta := at < int64(2*db.Info().PageSize)
	switch {
	case f.meta && !meta: // a transaction begins
		f.flush()
		f.plan = f.disk.draw(noFault, writeFault, shortFault, spaceFault, syncFault, metaSyncFault, dropFault)
		if f.plan == syncFault || f.plan == dropFault && f.disk.rng.IntN(2) == 0 {
			f.breakFile("/dev/null", os.O_RDWR)
		}
	case meta: // its pages were synced
		f.flush()
		if f.plan == metaSyncFault || f.plan == dropFault {
			f.breakFile("/dev/null", os.O_RDWR)
		} else if f.plan = f.disk.draw(noFault, growFault, writeFault); f.plan == growFault {
			f.breakFile(f.real.Name(), os.O_RDONLY) // it can be synced, and not be truncated
		}
	}
	f.meta = meta
	n, err := f.write(data, at, f.plan)
	f.bolted = meta && err == nil
	return n, err
}

// breakFile makes bbolt's descriptor another file's.
func (f *faultFile) breakFile(path string, flag int) {
	other, err := os.OpenFile(path, flag, 0)
	if err != nil {
		f.disk.t.Error(err)
		return
	}
	defer other.Close()
	_ = syscall.Flock(int(f.bolts.Fd()), syscall.LOCK_UN) // else the map keeps it
	if err := syscall.Dup3(int(other.Fd()), int(f.bolts.Fd()), syscall.O_CLOEXEC); err != nil {
		f.disk.t.Error(err)
	}
}

// fallen settles what the latest syncs left, before the file is opened anew: of one
// that went well nothing has told if bbolt failed before it wrote again.
func (f *faultFile) fallen() {
	switch f.plan {
	case syncFault, metaSyncFault, dropFault:
		f.lose(f.plan == dropFault)
	default:
		if f.bolted {
			f.flush()
		}
	}
	f.bolted = false
}

// WriteAt and Datasync are what the journal, and the store for meta pages, use.
func (f *faultFile) WriteAt(data []byte, at int64) (int, error) {
	if main := f.disk.files[FileName]; main != nil && main != f {
		main.flush() // the journal is not written to before that is synced
	}
	f.plan = f.disk.draw(noFault, writeFault, shortFault, spaceFault, syncFault, dropFault)
	return f.write(data, at, f.plan)
}

func (f *faultFile) Datasync() error {
	f.note("sync", 0, 0)
	f.disk.event()
	if f.plan == syncFault || f.plan == dropFault {
		f.lose(f.plan == dropFault)
		f.plan = noFault
		return syscall.EIO
	}
	f.flush()
	f.disk.event()
	return nil
}

// draw chooses a fault, mostly none unless the disk is down.
func (d *faultDisk) draw(none fault, some ...fault) fault {
	if d.down.Load() <= 0 {
		return none
	}
	d.down.Add(-1)
	plan := some[d.rng.IntN(len(some))]
	d.count[plan]++
	return plan
}

var errInjected = map[fault]error{writeFault: syscall.EIO, shortFault: io.ErrShortWrite, spaceFault: syscall.ENOSPC}

// write writes, or a part, or nothing.
func (f *faultFile) write(data []byte, at int64, plan fault) (int, error) {
	if held := f.disk.held; held != nil {
		<-held
	}
	if f.disk.rng.IntN(40) == 0 { // a slow one
		time.Sleep(300 * time.Microsecond)
	}
	f.disk.event()
	err := errInjected[plan]
	if err != nil && f.disk.rng.IntN(3) > 0 {
		err = nil // another one of this transaction
	}
	if err != nil {
		if plan != shortFault {
			return 0, err
		}
		data = data[:f.disk.rng.IntN(len(data))]
	}
	f.note("write", at, len(data))
	n, realErr := f.real.WriteAt(data, at)
	f.pending = append(f.pending, pendingWrite{at, append([]byte(nil), data...)})
	return n, errors.Join(err, realErr)
}

// flush is what a sync that went well does.
func (f *faultFile) flush() {
	for _, w := range f.pending {
		f.durable = w.onto(f.durable)
	}
	f.pending = nil
}

// lose is what one that failed does: some writes have reached the disk and the
// others never will, for the kernel takes them for written. Some kernels also forget
// them.
func (f *faultFile) lose(forget bool) {
	lost := f.pending
	f.durable = f.disk.some(f.durable, f.pending)
	f.pending = nil
	if !forget {
		return
	}
	for _, w := range lost {
		old := make([]byte, len(w.data))
		if w.at < int64(len(f.durable)) {
			copy(old, f.durable[w.at:])
		}
		if _, err := f.real.WriteAt(old, w.at); err != nil {
			f.disk.t.Error(err)
		}
	}
}

// some returns data with a part of the writes.
func (d *faultDisk) some(data []byte, writes []pendingWrite) []byte {
	data = append([]byte(nil), data...)
	for _, w := range writes {
		switch d.rng.IntN(4) {
		case 0: // not this one
		case 1: // some sectors
			const sector = 512
			for at := 0; at < len(w.data); at += sector {
				if d.rng.IntN(2) == 0 {
					part := w.data[at:min(at+sector, len(w.data))]
					data = pendingWrite{w.at + int64(at), part}.onto(data)
				}
			}
		default:
			data = w.onto(data)
		}
	}
	return data
}

func (w pendingWrite) onto(data []byte) []byte {
	if missing := int(w.at) + len(w.data) - len(data); missing > 0 {
		data = append(data, make([]byte, missing)...)
	}
	copy(data[w.at:], w.data)
	return data
}

// cut writes to a folder what a power cut would leave now.
func (d *faultDisk) cut(dir string) {
	for name, f := range d.files {
		data := d.some(f.durable, f.pending)
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			d.t.Error(err)
		}
		if info, err := f.real.Stat(); err == nil { // sizes are not what is tried here
			_ = os.Truncate(filepath.Join(dir, name), info.Size())
		}
	}
}

// TestFaultDiskKeepsWhatWasSynced has bbolt fail right after a commit that went well,
// before it writes again, and then the next sync of the file.
func TestFaultDiskKeepsWhatWasSynced(t *testing.T) {
	o := faultOptions
	o.Heartbeat = time.Hour
	for seed := range uint64(20) {
		d := newFaultDisk(t, rand.New(rand.NewPCG(seed, 3)))
		s := open(t, shm(t), d.options(o))
		if err := s.Flush(); err != nil {
			t.Fatal(err)
		}
		f := d.files[FileName]
		want := f.content()
		f.plan = growFault
		f.fallen()
		f.lose(true)
		if !bytes.Equal(f.content(), want) {
			t.Errorf("seed %d: what was synced is lost", seed)
		}
		s.Close()
	}
}
