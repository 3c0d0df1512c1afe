package storage

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// JournalName is the file in the store's folder that texts go to first.
const JournalName = "parley.journal"

// The journal is a file of fixed size, a sequence of blocks. Each ends with the
// CRC-32C of the rest of it, used or not, so that a damaged one is noticed wherever
// it is. The first says whose journal it is:
//
//	 0  magic       16 bytes, journalMagic
//	16  store       16 bytes, as noted in parley.db
//	                zeros to the checksum
//
// An entry begins at the beginning of a block, carries the texts of one commit, and
// is followed by the next, so that no write touches a block with texts that are
// nowhere else. Without the blocks' checksums it is:
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
	journalSize = 512<<10 + blockSize
	blockSize   = 4 << 10
	blockText   = blockSize - 4 // without its checksum
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
	sealed     []byte // its blocks, as written

	// Set when a commit failed: the file is to be opened anew, and if it was the
	// journal itself that failed, made anew.
	doubted, broken bool
}

// use takes a file that was opened, or opened anew.
func (j *journal) use(file *os.File, o Options) { j.file, j.device = file, o.deviceOf(file) }

// openJournal opens dir's journal, making it if need be: recovery gives it its size.
// The caller has parley.db open, whose lock keeps other processes away from both.
func openJournal(dir string, o Options) (file *os.File, err error) {
	path := filepath.Join(dir, JournalName)
	file, err = o.opener()(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, friendly(err))
	}
	private(path)
	return file, nil
}

// format makes the file a store's journal that holds nothing. All of it is written,
// not only promised: else each sync would have to bring the file's new extents to
// the disk as well.
func (j *journal) format(store []byte) error {
	head := append([]byte(journalMagic), store...)
	content := make([]byte, journalSize/blockSize*blockText)
	copy(content, head)
	if info, err := j.file.Stat(); err == nil && info.Size() > journalSize {
		if err := j.file.Truncate(journalSize); err != nil {
			return err
		}
	}
	if _, err := j.device.WriteAt(sealBlocks(nil, content), 0); err != nil {
		return err
	}
	if err := j.device.Datasync(); err != nil {
		return err
	}
	return syncDir(filepath.Dir(j.file.Name()))
}

// newGeneration draws a generation that no block of the journal belongs to.
func newGeneration() uint64 { return rand.Uint64() }

// restart empties the journal; parley.db has noted the generation.
func (j *journal) restart(generation uint64) { j.generation, j.end = generation, blockSize }

// empty reports whether all is in parley.db.
func (j *journal) empty() bool { return j.end == blockSize }

// fits reports whether an entry with so many bytes of texts has a place.
func (j *journal) fits(texts int) bool { return j.end+blocks(entryHeader+texts) <= journalSize }

// textSize is what a text takes of an entry.
func textSize(room string, value []byte) int { return 2 + len(room) + 8 + 4 + len(value) + sealSize }

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
	j.entry = e
	j.sealed = sealBlocks(j.sealed[:0], e)
	if _, err := j.device.WriteAt(j.sealed, int64(j.end)); err != nil {
		return err
	}
	if err := j.device.Datasync(); err != nil {
		return fmt.Errorf("sync %s: %w", j.file.Name(), err)
	}
	j.end += len(j.sealed)
	return nil
}

// blocks is what an entry of n bytes takes of the file.
func blocks(n int) int { return (n + blockText - 1) / blockText * blockSize }

// sealBlocks appends content to dst in blocks, the last one filled with zeros.
func sealBlocks(dst, content []byte) []byte {
	for len(content) > 0 {
		n := min(len(content), blockText)
		begin := len(dst)
		dst = append(dst, content[:n]...)
		dst = append(dst, make([]byte, blockText-n)...)
		dst = binary.BigEndian.AppendUint32(dst, crc32.Checksum(dst[begin:], castagnoli))
		content = content[n:]
	}
	return dst
}
