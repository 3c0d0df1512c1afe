package storage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// JournalName is the file in the store's folder that texts go to first.
const JournalName = "parley.journal"

// The journal is a file of fixed size, a sequence of blocks. An entry begins at
// the beginning of a block, carries the texts of one commit, and is followed by
// the next, so that no write touches a block with texts that are nowhere else:
//
//	 0  checksum    uint32, CRC-32C of the rest, to the end of the last text
//	 4  length      uint32, bytes of all texts
//	 8  generation  uint64
//	16  last        latest known time, Unix milliseconds, uint64
//	24  texts       each: room, seq, uint32 length of the value, value; as in
//	                bucket chat
//	                zeros to the end of the block
//
// Only entries of the generation noted in parley.db count. The transaction that
// moves the texts to parley.db notes a new one, and that empties the journal: the
// next entry goes to the beginning, over what is there. Generations are random, so
// that neither what earlier ones left behind nor a parley.db put back from a backup
// can make an old entry count again, and no text can be made to look like one.
const (
	// A full journal is some 1,500 short texts, which take 2 ms to move; writers
	// wait for that. A bigger one spares little and makes them wait for longer.
	journalSize = 512 << 10
	blockSize   = 4 << 10
	entryHeader = 24
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// journal is the writing side. It belongs to the writer's goroutine.
type journal struct {
	file       *os.File
	device     device
	generation uint64
	end        int    // where the next entry goes
	entry      []byte // the one being built

	// Set when a commit failed: the file is to be opened anew, and if it was the
	// journal itself that failed, made anew.
	doubted, broken bool
}

// use takes a file that was opened, or opened anew.
func (j *journal) use(file *os.File, o Options) { j.file, j.device = file, o.deviceOf(file) }

// openJournal opens dir's journal, making it if need be. The caller has parley.db
// open, whose lock keeps other processes away from both.
func openJournal(dir string, o Options) (file *os.File, err error) {
	path := filepath.Join(dir, JournalName)
	open := o.openFile
	if open == nil {
		open = os.OpenFile
	}
	file, err = open(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		private(path)
		if err = allocate(file, dir); err != nil {
			err = errors.Join(err, file.Close())
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, friendly(err))
	}
	return file, nil
}

// allocate gives the journal its size. The zeros are written, not only promised:
// else each sync would have to bring the file's new extents to the disk as well.
func allocate(file *os.File, dir string) error {
	info, err := file.Stat()
	if err != nil || info.Size() >= journalSize {
		return err
	}
	if _, err := file.WriteAt(make([]byte, journalSize-info.Size()), info.Size()); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	return syncDir(dir)
}

// newGeneration draws a generation that no block of the journal belongs to.
func newGeneration() uint64 { return rand.Uint64() }

// restart empties the journal; parley.db has noted the generation.
func (j *journal) restart(generation uint64) { j.generation, j.end = generation, 0 }

// empty reports whether all is in parley.db.
func (j *journal) empty() bool { return j.end == 0 }

// fits reports whether an entry with so many bytes of texts has a place.
func (j *journal) fits(texts int) bool { return j.end+entryHeader+texts <= journalSize }

// textSize is what a text takes of an entry.
func textSize(room string, value []byte) int { return 2 + len(room) + 8 + 4 + len(value) }

// begin begins an entry.
func (j *journal) begin() { j.entry = append(j.entry[:0], make([]byte, entryHeader)...) }

// add adds a text to the entry. room is a roomKey.
func (j *journal) add(room []byte, id chatID, value []byte) {
	e := append(j.entry, room...)
	e = binary.BigEndian.AppendUint64(e, uint64(id))
	e = binary.BigEndian.AppendUint32(e, uint32(len(value)))
	j.entry = append(e, value...)
}

// commit brings the entry to the disk. After an error nobody knows what is there.
func (j *journal) commit(last int64) error {
	e := j.entry
	binary.BigEndian.PutUint32(e[4:], uint32(len(e)-entryHeader))
	binary.BigEndian.PutUint64(e[8:], j.generation)
	binary.BigEndian.PutUint64(e[16:], uint64(last))
	binary.BigEndian.PutUint32(e, crc32.Checksum(e[4:], castagnoli))
	e = append(e, make([]byte, blocks(len(e))-len(e))...)
	j.entry = e
	device := j.device
	if device == nil {
		device = plainFile{j.file}
	}
	if _, err := device.WriteAt(e, int64(j.end)); err != nil {
		return err
	}
	if err := device.Datasync(); err != nil {
		return fmt.Errorf("sync %s: %w", j.file.Name(), err)
	}
	j.end += len(e)
	return nil
}

// blocks rounds up to whole blocks.
func blocks(n int) int { return (n + blockSize - 1) / blockSize * blockSize }

// read returns the file's content.
func (j *journal) read() ([]byte, error) { return os.ReadFile(j.file.Name()) }

// journalText is a text in the journal: a key and a value of bucket chat.
type journalText struct{ key, value []byte }

// readJournal returns the texts of a generation in the order they were stored, and
// the latest time known. An entry that is not whole ends them, for it was never
// acknowledged, unless a whole one follows: that was written when this one was on
// the disk, so this one is damaged.
func readJournal(data []byte, generation uint64) (texts []journalText, last int64, err error) {
	for at := 0; at < len(data); {
		entry := wholeEntry(data[at:], generation)
		if entry == nil {
			if next := nextWhole(data, at, generation); next > 0 {
				return nil, 0, fmt.Errorf("%w: an entry at byte %d follows a broken one at %d", ErrNotAStore, next, at)
			}
			break
		}
		last = max(last, int64(binary.BigEndian.Uint64(entry[16:])))
		if texts, err = appendTexts(texts, entry[entryHeader:]); err != nil {
			return nil, 0, fmt.Errorf("%w: byte %d", err, at)
		}
		at += blocks(len(entry))
	}
	return texts, last, nil
}

// wholeEntry returns the entry of a generation that data begins with, without the
// zeros; nil if there is none, or only a part.
func wholeEntry(data []byte, generation uint64) []byte {
	if len(data) < entryHeader || binary.BigEndian.Uint64(data[8:]) != generation {
		return nil
	}
	length := binary.BigEndian.Uint32(data[4:])
	if uint64(length) > uint64(len(data)-entryHeader) {
		return nil
	}
	entry := data[:entryHeader+int(length)]
	if crc32.Checksum(entry[4:], castagnoli) != binary.BigEndian.Uint32(entry) {
		return nil
	}
	return entry
}

// nextWhole finds an entry after the broken one at at, 0 if there is none.
func nextWhole(data []byte, at int, generation uint64) int {
	for next := at + blockSize; next < len(data); next += blockSize {
		if wholeEntry(data[next:], generation) != nil {
			return next
		}
	}
	return 0
}

// appendTexts appends an entry's texts. Its checksum was right, so that an error is
// the writer's fault and not the disk's.
func appendTexts(texts []journalText, data []byte) ([]journalText, error) {
	for len(data) > 0 {
		_, rest, ok := roomOf(data)
		if !ok || len(rest) < 12 {
			return nil, fmt.Errorf("%w: a text without a key", ErrNotAStore)
		}
		key, length, rest := data[:len(data)-len(rest)+8], binary.BigEndian.Uint32(rest[8:]), rest[12:]
		if uint64(length) > uint64(len(rest)) {
			return nil, fmt.Errorf("%w: a text without an end", ErrNotAStore)
		}
		texts = append(texts, journalText{key, rest[:length]})
		data = rest[length:]
	}
	return texts, nil
}
