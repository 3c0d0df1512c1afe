package storage

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// mendJournal opens the journal anew after a failure, and writes to it: it is empty,
// for the checkpoint that ended the failure has moved all that was in it. A journal
// that went away meanwhile, or lost a part, begins anew.
func (s *Store) mendJournal() error {
	j := &s.journal
	if !j.doubted {
		return nil
	}
	if err := j.close(); err != nil {
		s.o.Log.Debug("journal closed with an error", "error", err.Error())
	}
	note, err := s.noteOf()
	if err != nil {
		return err
	}
	if j.broken {
		if err := remakeJournal(s.dir, note.store, s.o); err != nil && !outOfSpace(err) {
			return err
		}
	}
	file, err := openJournal(s.dir, s.o)
	if err != nil {
		return err
	}
	j.use(file, s.o)
	if raw, err := j.read(); err != nil || journalFit(raw, note.store) != nil {
		if err := j.format(note.store); err != nil {
			return err
		}
	}
	j.begin()
	if err := j.commit(s.writer.last); err != nil {
		return err
	}
	j.doubted, j.broken = false, false
	return nil
}

// remakeJournal puts a new file in the journal's place: it may be blocks of the old
// one that fail, and they would again.
func remakeJournal(dir string, store []byte, o Options) error {
	path := filepath.Join(dir, JournalName)
	file, err := o.opener()(path+".new", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	fresh := journal{file: file, device: plainFile{file}}
	if err = errors.Join(fresh.format(store), file.Close()); err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(path+".new"))
	}
	return syncDir(dir)
}

// close closes the file; a second time does nothing.
func (j *journal) close() error {
	err := j.file.Close()
	if errors.Is(err, fs.ErrClosed) {
		return nil
	}
	return err
}
