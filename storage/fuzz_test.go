package storage

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
)

// FuzzRecords decodes arbitrary bytes as every stored type. What decodes must
// survive being stored and read again, for a record that is read, changed and
// saved would else end the writer.
func FuzzRecords(f *testing.F) {
	for _, seed := range []string{
		``, `null`, `{}`, `[]`, `{"id":1}`,
		`{"id":"0195a3f0-0000-7000-8000-000000000001","room":"demo","creator":"u","start":"2026-03-01T09:00:00Z","peak":2,"present":1,"limit":20}`,
		`{"participant":"p","name":"Ann","intervals":[{"join":"2026-03-01T09:00:00Z","leave":"2026-03-01T09:02:00Z","reason":"left"}]}`,
		`{"participant":"p","name":"Ann","intervals":[{"join":"9999-12-31T23:59:59.999999999-23:59"}]}`,
		`{"participant":"p","stars":5,"comment":"good","at":"0000-01-01T00:00:00+23:59"}`,
		`{"at":"2026-03-01T09:00:00Z","by":"p","what":"mute","whom":"q"}`,
		`{"key":"k","participant":"p","name":"Ann","at":1772355600000,"text":"hi"}`,
		`0123456789abcdef{"key":"k","participant":"p","name":"Ann","at":1772355600000,"text":"hi"}`,
		`{"key":"k","at":-9223372036854775808,"text":"\ud800"}`,
		string(entryKey("rooms", "demo")), string(entryValue(7, []byte(`{"access":"members"}`))),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		roundTrip[Meeting](t, data)
		roundTrip[Attendance](t, data)
		roundTrip[Rating](t, data)
		roundTrip[Act](t, data)
		roundTrip[chatValue](t, data)
		if r, err := decodeChat("demo", 1, data); err == nil {
			if _, err := json.Marshal(r); err != nil {
				t.Errorf("a text that can not be handed out: %v", err)
			}
		}
		var a Attendance
		if decode(fuzzKey, data, &a) == nil {
			a.firstJoin()
			a.lastLeave()
			a.close(moment(a.firstJoin()), "left")
			if a.open() != nil {
				t.Error("open after close")
			}
		}
		_, _, _ = roomOf(data)
		if kind, key, ok := entryOf(data); ok && !bytes.Equal(entryKey(kind, key), data) {
			t.Errorf("an entry's key %x becomes %x", data, entryKey(kind, key))
		}
		if revision, value, err := splitEntry(data); err == nil && !bytes.Equal(entryValue(revision, value), data) {
			t.Errorf("an entry %x becomes %x", data, entryValue(revision, value))
		}
		_, _, _ = decodeEntry(fuzzKey, data)
	})
}

// fuzzKey is what the records of FuzzRecords are stored below.
var fuzzKey = []byte("key")

func roundTrip[T any](t *testing.T, data []byte) {
	var first, second T
	if decode(fuzzKey, data, &first) != nil {
		return
	}
	stored, err := json.Marshal(first)
	if err != nil {
		t.Fatalf("%T can not be stored again: %v", first, err)
	}
	if err := decode(fuzzKey, seal(fuzzKey, stored), &second); err != nil {
		t.Fatalf("%T can not be read again: %v", first, err)
	}
	again, err := json.Marshal(second)
	if err != nil || string(again) != string(stored) {
		t.Errorf("%T changes: %s, then %s", first, stored, again)
	}
	if reflect.TypeFor[T]() == reflect.TypeFor[chatValue]() && len(stored) > 64*len(data)+256 {
		t.Errorf("%d bytes become %d", len(data), len(stored))
	}
}

// FuzzJournal reads arbitrary bytes as a journal, and as the texts of an entry whose
// checksum is right. What is read must be what was written.
func FuzzJournal(f *testing.F) {
	f.Add([]byte(nil))
	whole := testJournal(f)
	f.Add(whole)
	for block := range lastBlock + 1 {
		f.Add(whole[block*blockSize:])
	}
	f.Add(whole[entryHeader:][:textSizeOf("a")])
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, err := readJournal(data, testStore, testGeneration); err != nil && c.texts != nil {
			t.Error("texts of a damaged journal")
		}
		content, whole := unsealBlocks(data)
		if c, err := readEntries(content, whole, testGeneration); err != nil && c.texts != nil {
			t.Error("texts of damaged entries")
		}
		texts, err := appendTexts(nil, data)
		if err != nil {
			return
		}
		var j journal
		for _, text := range texts {
			room, id, ok := roomOf(text.key)
			if !ok || len(id) != 8 {
				t.Fatalf("key %x", text.key)
			}
			j.add(roomKey(room), chatID(uint64Of(id)), text.value)
		}
		if !bytes.Equal(j.entry, data) {
			t.Errorf("%x is read, %x written", data, j.entry)
		}
	})
}
