package storage

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

// journalMagic begins a journal; storeIDSize bytes of its store's id follow.
const (
	journalMagic = "parley journal 3"
	storeIDSize  = 16
)

// journalText is a text in the journal: a key and a value of bucket chat.
type journalText struct{ key, value []byte }

// journalContent is what a journal holds.
type journalContent struct {
	texts []journalText // in the order they were stored
	last  int64         // latest time known
	// torn is how many blocks behind the last whole entry are not as they were
	// written. A power cut leaves that of a write that nobody was told of; an
	// entry that the disk has damaged since looks the same.
	torn int
}

// read returns the file's content, as much as a journal can be.
func (j *journal) read() ([]byte, error) {
	info, err := j.file.Stat()
	if err != nil {
		return nil, err
	}
	data := make([]byte, min(info.Size(), journalSize))
	n, err := j.file.ReadAt(data, 0)
	if err == io.EOF || n == len(data) {
		err = nil
	}
	return data[:n], err
}

// readJournalFile returns what of a file can be a journal, of any version.
func readJournalFile(path string) ([]byte, error) {
	if err := regular(path); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, max(journalSize, oldJournalSize)))
}

// journalFit returns why raw is not the whole journal of a store, nil if it is.
func journalFit(raw, store []byte) error {
	switch {
	case len(raw) == 0:
		return fmt.Errorf("%w: it is missing or empty", ErrNotAStore)
	case !bytes.HasPrefix(raw, []byte(journalMagic)):
		return fmt.Errorf("%w: it does not begin as a journal does", ErrNotAStore)
	case len(raw) < journalSize:
		return fmt.Errorf("%w: it ends at %d of %d bytes", ErrNotAStore, len(raw), journalSize)
	case !bytes.Equal(raw[len(journalMagic):][:storeIDSize], store):
		return fmt.Errorf("%w: it belongs to another store", ErrNotAStore)
	}
	return nil
}

// readJournal returns what a store's journal holds of a generation.
func readJournal(raw, store []byte, generation uint64) (journalContent, error) {
	if err := journalFit(raw, store); err != nil {
		return journalContent{}, err
	}
	content, whole := unsealBlocks(raw)
	return readEntries(content[blockText:], whole[1:], generation)
}

// unsealBlocks takes the checksums out, and tells of each block whether it is whole.
// A part of a block at the end is left out.
func unsealBlocks(raw []byte) (content []byte, whole []bool) {
	content = make([]byte, 0, len(raw))
	for ; len(raw) >= blockSize; raw = raw[blockSize:] {
		block, sum := raw[:blockText], binary.BigEndian.Uint32(raw[blockText:])
		content = append(content, block...)
		whole = append(whole, crc32.Checksum(block, castagnoli) == sum)
	}
	return content, whole
}

// readEntries returns the texts of a generation. An entry that is not whole ends
// them, for it may never have been acknowledged, unless a whole one follows: that
// was written when this one was on the disk, so this one is damaged.
func readEntries(content []byte, whole []bool, generation uint64) (c journalContent, err error) {
	at := 0
	for at < len(content) {
		entry := wholeEntry(content[at:], generation)
		if entry == nil {
			break
		}
		c.last = max(c.last, int64(binary.BigEndian.Uint64(entry[16:])))
		if c.texts, err = appendTexts(c.texts, entry[entryHeader:]); err != nil {
			return journalContent{}, fmt.Errorf("%w in entry at block %d", err, at/blockText+1)
		}
		at += (len(entry) + blockText - 1) / blockText * blockText
	}
	if next := nextWhole(content, at, generation); next > 0 {
		return journalContent{}, fmt.Errorf("%w: block %d is damaged, a whole entry follows in block %d", ErrNotAStore, at/blockText+1, next/blockText+1)
	}
	if rest := content[min(at, len(content)):]; len(rest) >= entryHeader && binary.BigEndian.Uint64(rest[8:]) == generation {
		c.torn = 1
	}
	broken := 0
	for i := at / blockText; i < len(whole); i++ {
		if !whole[i] {
			broken++
		}
	}
	c.torn = max(c.torn, broken)
	return c, nil
}

// wholeEntry returns the entry of a generation that data begins with, without the
// zeros; nil if there is none, or only a part.
func wholeEntry(data []byte, generation uint64) []byte {
	if len(data) < entryHeader || binary.BigEndian.Uint64(data[8:]) != generation {
		return nil
	}
	return anyEntry(data)
}

// anyEntry is wholeEntry of any generation.
func anyEntry(data []byte) []byte {
	if len(data) < entryHeader {
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

// nextWhole finds an entry after the place at, 0 if there is none.
func nextWhole(content []byte, at int, generation uint64) int {
	for next := at + blockText; next < len(content); next += blockText {
		if wholeEntry(content[next:], generation) != nil {
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

// oldJournalSize is that of a journal of version 2, which had neither a first block
// nor checksums of blocks.
const oldJournalSize = 512 << 10

// readOldJournal returns what a journal of version 2 holds of a generation.
func readOldJournal(path string, generation uint64) (c journalContent, err error) {
	data, err := readJournalFile(path)
	if err != nil {
		return c, err
	}
	data = data[:min(len(data), oldJournalSize)]
	for at := 0; at < len(data); {
		entry := wholeEntry(data[at:], generation)
		if entry == nil {
			for next := at + blockSize; next < len(data); next += blockSize {
				if wholeEntry(data[next:], generation) != nil {
					return journalContent{}, fmt.Errorf("%w: an entry at byte %d follows a broken one at %d", ErrNotAStore, next, at)
				}
			}
			return c, nil
		}
		c.last = max(c.last, int64(binary.BigEndian.Uint64(entry[16:])))
		if c.texts, err = appendTexts(c.texts, entry[entryHeader:]); err != nil {
			return journalContent{}, err
		}
		at += (len(entry) + blockSize - 1) / blockSize * blockSize
	}
	return c, nil
}
