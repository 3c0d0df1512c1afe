package storage

import (
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// update is bbolt's Update with another way out of a panic over a damaged page.
// bbolt's own looks for the free pages anew, through the whole file and in a
// goroutine of its own, where the same page would end the process.
func update(db *bolt.DB, change func(*bolt.Tx) error) (err error) {
	tx, err := db.Begin(true)
	if err != nil {
		return err
	}
	defer func() {
		if v := recover(); v != nil {
			_ = tx.Rollback()
			err = fmt.Errorf("%w: %v", ErrNotAStore, v)
		}
	}()
	if err := change(tx); err != nil {
		_ = tx.Rollback()
		return err
	}
	return tx.Commit()
}
