package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// FileName is the store's main file in its folder.
const FileName = "parley.db"

// openFile opens dir's store, making folder and file if need be. The file is locked,
// then checked, then mapped.
func openFile(dir string, o Options) (db *bolt.DB, found findings, err error) {
	path := filepath.Join(dir, FileName)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, found, fmt.Errorf("make folder %s: %w: %w", dir, ErrUnwritable, err)
	}
	for _, name := range []string{path, filepath.Join(dir, JournalName)} {
		if err := regular(name); err != nil {
			return nil, found, err
		}
	}
	traces, err := tracesOf(dir) // before the file is looked for: who makes both makes it first
	if err != nil {
		return nil, found, fmt.Errorf("read folder %s: %w", dir, friendly(err))
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if traces != "" {
			return nil, found, fmt.Errorf("open %s: %w: it is missing, and %s says that a store was here", path, ErrNotAStore, traces)
		}
		if err := createFile(dir, path); err != nil {
			return nil, found, fmt.Errorf("create %s: %w: %w", path, ErrUnwritable, err)
		}
	}
	options := boltOptions(o)
	options.OpenFile = checkedOpen(o, &found)
	db, err = openBolt(path, options)
	if err != nil {
		return nil, found, fmt.Errorf("open %s: %w", path, friendly(err))
	}
	private(path)
	return db, found, nil
}

// regular refuses what is no file, which to open may wait for ever. What is not
// there, or can not be looked at, opening says better.
func regular(path string) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s: %w: it is no file", path, ErrNotAStore)
	}
	return nil
}

// tracesOf returns the name of a file that only a store leaves in its folder, beside
// parley.db.
func tracesOf(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		name := e.Name()
		if name == JournalName || strings.HasPrefix(name, FileName+damagedSuffix) || strings.HasPrefix(name, FileName+replacedSuffix) {
			return name, nil
		}
	}
	return "", nil
}

// private keeps others from reading a file that was made readable to them. Best
// effort: the folder may be shared on purpose.
func private(path string) {
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
		_ = os.Chmod(path, 0o600)
	}
}

// createFile makes an empty store under another name first: a power cut while
// bbolt writes its first pages would leave a file that it refuses ever after.
// The link fails if another process was quicker, whose file then stays.
func createFile(dir, path string) error {
	tmp, err := os.CreateTemp(dir, FileName+".new-*")
	if err != nil {
		return err
	}
	name := tmp.Name()
	defer os.Remove(name)
	if err := tmp.Close(); err != nil {
		return err
	}
	db, err := openBolt(name, besideOptions())
	if err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	if err := os.Link(name, path); err != nil && !errors.Is(err, fs.ErrExist) {
		if err := os.Rename(name, path); err != nil { // no hard links here
			return err
		}
	}
	return syncDir(dir)
}

// syncDir makes the file's name durable.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // a folder can not be synced there
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// openBolt opens a file and turns bbolt's panics over damage into errors.
func openBolt(path string, o *bolt.Options) (db *bolt.DB, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if v := recover(); v != nil {
			db, err = nil, fmt.Errorf("%w: %v", ErrNotAStore, v)
		}
	}()
	return bolt.Open(path, 0o600, o)
}

func boltOptions(o Options) *bolt.Options {
	return &bolt.Options{
		Timeout: o.LockWait,
		// The list of free pages would be rewritten whole with each commit;
		// without it Open scans the file once.
		NoFreelistSync:  true,
		FreelistType:    bolt.FreelistMapType,
		InitialMmapSize: initialMap(),
		NoStatistics:    true,
	}
}

// besideOptions are for a file that is no store yet.
func besideOptions() *bolt.Options {
	return &bolt.Options{Timeout: time.Second, NoFreelistSync: true, FreelistType: bolt.FreelistMapType}
}

// initialMap is how much address space is mapped from the start, in bytes. Within
// it writers never wait for readers to let go of an old mapping. On Windows the
// file itself would get that size.
func initialMap() int {
	switch {
	case runtime.GOOS == "windows":
		return 0
	case strconv.IntSize == 32:
		return 64 << 20
	default:
		return 1 << 30
	}
}

// friendly maps what bbolt and the system say to the errors of Open.
func friendly(err error) error {
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return ErrLocked
	case errors.Is(err, fs.ErrPermission), errors.Is(err, errReadOnlyDisk):
		return fmt.Errorf("%w: %w", ErrUnwritable, err)
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch):
		return fmt.Errorf("%w: %w", ErrNotAStore, err)
	}
	return err
}
