package storage

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// A record is stored with a checksum behind it, of its key and itself, so that a
// byte that the disk has changed is noticed although it still reads as JSON: when
// the record is read, and of all records when the store is opened.
//
//	value       as the schema says
//	checksum    uint32, CRC-32C of the key, then the value
//	sealMark    one byte
//
// Records that versions before 3 wrote have none until they are written again. JSON
// ends with a brace and so is told from a sealed record by its last byte, the
// others by their length.
const (
	sealSize = 5
	sealMark = 0x01
)

// What stands for the plain length of records whose length says nothing.
const (
	asJSON       = -1
	alwaysSealed = -2 // there were checksums before there were such records
)

// seal returns a new slice: the value, and its checksum below a key.
func seal(key, value []byte) []byte {
	sealed := make([]byte, 0, len(value)+sealSize)
	return appendSum(append(sealed, value...), sealSum(key, value))
}

// sealText appends to a text's value, which has capacity for it, its checksum below
// the key that it is stored under. Texts are many: nothing is allocated.
func sealText(room []byte, id chatID, value []byte) []byte {
	var seq [8]byte
	binary.BigEndian.PutUint64(seq[:], uint64(id))
	sum := crc32.Update(crc32.Checksum(room, castagnoli), castagnoli, seq[:])
	return appendSum(value, crc32.Update(sum, castagnoli, value))
}

func appendSum(value []byte, sum uint32) []byte {
	return append(binary.BigEndian.AppendUint32(value, sum), sealMark)
}

func sealSum(key, value []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, value)
}

// unseal returns the value without its checksum. plain is the length of a value
// that has none, asJSON or alwaysSealed.
func unseal(key, stored []byte, plain int) ([]byte, error) {
	if !isSealed(stored, plain) {
		if plain != asJSON && len(stored) != plain || plain == asJSON && (len(stored) == 0 || stored[len(stored)-1] != '}') {
			return nil, fmt.Errorf("%w: a record of %d bytes without a checksum", ErrNotAStore, len(stored))
		}
		return stored, nil
	}
	end := len(stored) - sealSize
	if stored[len(stored)-1] != sealMark || binary.BigEndian.Uint32(stored[end:]) != sealSum(key, stored[:end]) {
		return nil, fmt.Errorf("%w: a record has a wrong checksum", ErrNotAStore)
	}
	return stored[:end], nil
}

func isSealed(stored []byte, plain int) bool {
	if plain < 0 {
		return len(stored) > sealSize && stored[len(stored)-1] == sealMark
	}
	return len(stored) == plain+sealSize
}

// reseal gives a record that moves to another key the checksum it has there.
func reseal(from, to, stored []byte, plain int) ([]byte, error) {
	value, err := unseal(from, stored, plain)
	if err != nil {
		return nil, err
	}
	return seal(to, value), nil
}

// plainLength is that of a bucket's records, asJSON for those that are JSON and
// alwaysSealed for those that may be anything.
func plainLength(bucket string, key []byte) int {
	switch bucket {
	case string(bucketMeta):
		if string(key) == string(keyStore) {
			return storeIDSize
		}
		return 8
	case string(bucketRunning):
		return 16
	case string(bucketRooms):
		return 0
	case string(bucketEntries):
		return alwaysSealed
	}
	return asJSON
}
