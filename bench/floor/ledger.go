package floor

import (
	"fmt"
	"os"
)

// ledgerSize is the length of the ledger's file. All of it is there from the
// start, so that a sync has only what was written to put on disk.
const ledgerSize = 1 << 20

// ledger is a file that entries are written to one after the other, each
// synced; at the end it begins again.
type ledger struct {
	file *os.File
	at   int64
	sync func(*os.File) error // DataSync
}

// newLedger makes one in the folder for temporary files, where a server that
// is measured has its data as well. Its name is gone at once, so nothing is
// left however this process ends.
func newLedger() (*ledger, error) {
	f, err := os.CreateTemp("", "parley-bench-ledger-")
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	_ = os.Remove(f.Name()) // on systems that can; elsewhere a megabyte stays
	if _, err = f.Write(make([]byte, ledgerSize)); err == nil {
		err = f.Sync()
	}
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	return &ledger{file: f, sync: DataSync}, nil
}

// append writes one entry and returns when it is on disk.
func (l *ledger) append(entry []byte) error {
	if l.at+int64(len(entry)) > ledgerSize {
		l.at = 0
	}
	if _, err := l.file.WriteAt(entry, l.at); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	l.at += int64(len(entry))
	return l.sync(l.file)
}
