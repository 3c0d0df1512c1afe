package storage

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

var schemaLine = regexp.MustCompile(`^//\t(│  )?[├└]─ (\S+)`)

// documentedSchema reads the tree in the package comment: bucket → its fixed keys.
func documentedSchema(t *testing.T) map[string][]string {
	t.Helper()
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	tree := make(map[string][]string)
	bucket := ""
	for line := range strings.Lines(string(doc)) {
		m := schemaLine.FindStringSubmatch(line)
		switch {
		case m == nil:
		case m[1] == "":
			bucket = m[2]
			tree[bucket] = nil
		default:
			tree[bucket] = append(tree[bucket], m[2])
		}
	}
	return tree
}

// fill writes at least one record into every bucket and returns the meeting's id.
func fill(t *testing.T, s *Store) string {
	t.Helper()
	now := s.o.Now()
	id := begin(t, s, Meeting{Room: "demo", Creator: "ann", Start: now})
	enter(t, s, id, "ann", now)
	wait(t, nil, func(done func(error)) error {
		return s.Rate(id, Rating{Participant: "ann", Stars: 5, Comment: "good", At: now}, done)
	})
	mustSay(t, s, "demo", "ann", "k1", "hello")
	putEntry(t, s, "rooms", "demo", "settings", 0)
	wait(t, nil, func(done func(error)) error {
		return s.AppendAct(id, Act{At: now, By: "ann", What: "mute", Whom: "bob"}, done)
	})
	return id
}

// TestSchemaIsDocumented: what is in a file is what the package comment says, name
// by name, and each key and value has the shape given there.
func TestSchemaIsDocumented(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	defer s.Close()
	fill(t, s)
	if err := s.Flush(); err != nil { // moves the text out of the journal
		t.Fatal(err)
	}
	want := documentedSchema(t)
	err := s.view(func(tx *bolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bolt.Bucket) error {
			keys, documented := want[string(name)]
			if !documented {
				t.Errorf("bucket %s is not in the package comment", name)
			}
			delete(want, string(name))
			records := 0
			err := b.ForEach(func(k, v []byte) error {
				records++
				if string(name) == "meta" && !slices.Contains(keys, string(k)) {
					t.Errorf("key %s of meta is not in the package comment", k)
				}
				checkShape(t, string(name), k, v)
				return nil
			})
			if records == 0 || string(name) == "meta" && records != len(keys) {
				t.Errorf("bucket %s has %d records", name, records)
			}
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range want {
		t.Errorf("bucket %s is documented and does not exist", name)
	}
}

// checkShape checks a record against the line in the package comment.
func checkShape(t *testing.T, bucket string, k, v []byte) {
	t.Helper()
	room := roomKey("demo")
	ok := false
	switch bucket {
	case "meta":
		plain, err := unseal(k, v, plainLength(bucket, k))
		ok = err == nil && len(plain) == plainLength(bucket, k) && (len(v) > len(plain)) == (string(k) != "schema")
	case "meetings":
		ok = len(k) == 16 && decode(k, v, new(Meeting)) == nil
	case "running":
		ok = slices.Equal(k, room) && len(v) == 16+sealSize
	case "rooms":
		name, rest, split := roomOf(k)
		ok = split && name == "demo" && len(rest) == 16 && len(v) == sealSize
	case "participants":
		ok = string(k[16:]) == "ann" && decode(k, v, new(Attendance)) == nil
	case "ratings":
		ok = string(k[16:]) == "ann" && decode(k, v, new(Rating)) == nil
	case "chat":
		_, rest, split := roomOf(k)
		_, err := decodeChat("demo", chatID(uint64Of(rest)), v)
		ok = split && len(rest) == 8 && hashOf(v) == keyHash("ann", "k1") && err == nil
	case "acts":
		ok = len(k) == 18 && k[16] == 0 && k[17] == 1 && decode(k, v, new(Act)) == nil
	case "entries":
		kind, key, split := entryOf(k)
		revision, value, err := decodeEntry(k, v)
		ok = split && kind == "rooms" && key == "demo" && revision == 1 && string(value) == "settings" && err == nil
	}
	if _, err := unseal(k, v, plainLength(bucket, k)); err != nil || string(k) != "schema" && !isSealed(v, plainLength(bucket, k)) {
		ok = false
	}
	if !ok {
		t.Errorf("%s: %x → %q is not as documented", bucket, k, v)
	}
}

// migrationTests has one entry per migration: it makes a store of the version
// before, and checks what became of it.
var migrationTests = []struct {
	before func(*bolt.Tx) error
	check  func(*testing.T, *bolt.Tx)
}{
	{
		before: func(*bolt.Tx) error { return nil },
		check: func(t *testing.T, tx *bolt.Tx) {
			for _, name := range []string{"meta", "meetings", "running", "rooms", "participants", "ratings", "chat"} {
				if tx.Bucket([]byte(name)) == nil {
					t.Errorf("no bucket %s", name)
				}
			}
		},
	},
	{
		before: func(tx *bolt.Tx) error { return putFirstText(tx) },
		check: func(t *testing.T, tx *bolt.Tx) {
			if got := tx.Bucket(bucketMeta).Get(keyJournal); len(got) != 8 {
				t.Errorf("the journal's generation is %x", got)
			}
			key := join(roomKey("demo"), firstText.key())
			if got := tx.Bucket(bucketChat).Get(key); hashOf(got) != keyHash("ann", "k1") {
				t.Errorf("the text has become %q", got)
			}
		},
	},
	{
		before: func(tx *bolt.Tx) error { return putFirstText(tx) },
		check: func(t *testing.T, tx *bolt.Tx) {
			meta := tx.Bucket(bucketMeta)
			if id, err := unseal(keyStore, meta.Get(keyStore), storeIDSize); err != nil || len(id) != storeIDSize {
				t.Errorf("the store's id is %x, %v", id, err)
			}
			if uint64Of(meta.Get(keyClean)) != 1 {
				t.Error("the journal would have to be there")
			}
			if r, err := decodeChat("demo", firstText, tx.Bucket(bucketChat).Get(join(roomKey("demo"), firstText.key()))); err != nil || r.Text != "hello" {
				t.Errorf("the text has become %+v, %v", r, err)
			}
		},
	},
	{
		before: func(tx *bolt.Tx) error { return putFirstText(tx) },
		check: func(t *testing.T, tx *bolt.Tx) {
			if got, err := unseal(keyNames, tx.Bucket(bucketMeta).Get(keyNames), 8); err != nil || uint64Of(got) != 0 {
				t.Errorf("the rule of names is %x, %v, and none was applied", got, err)
			}
			if tx.Bucket(bucketChat).Get(join(roomKey("demo"), firstText.key())) == nil {
				t.Error("the text is gone")
			}
		},
	},
	{
		before: func(tx *bolt.Tx) error { return putFirstText(tx) },
		check: func(t *testing.T, tx *bolt.Tx) {
			for name := range documentedSchema(t) {
				if tx.Bucket([]byte(name)) == nil {
					t.Errorf("no bucket %s", name)
				}
			}
			if got, err := unseal(keyRevision, tx.Bucket(bucketMeta).Get(keyRevision), 8); err != nil || uint64Of(got) != 0 {
				t.Errorf("the last revision is %x, %v, and none was given", got, err)
			}
			if tx.Bucket(bucketChat).Get(join(roomKey("demo"), firstText.key())) == nil {
				t.Error("the text is gone")
			}
		},
	},
}

// firstText is the id of the text of putFirstText: 1 March 2026, 09:00.
const firstText = chatID(1772355600000 << 16)

// putFirstText puts a text as version 1 did.
func putFirstText(tx *bolt.Tx) error {
	if err := tx.Bucket(bucketMeta).Put(keyChat, firstText.key()); err != nil {
		return err
	}
	hash := keyHash("ann", "k1")
	value := `{"key":"k1","participant":"p","name":"Ann","at":1772355600000,"text":"hello"}`
	return tx.Bucket(bucketChat).Put(join(roomKey("demo"), firstText.key()), join(hash[:], []byte(value)))
}

// TestStoreOfBefore: a store of version 1 opens, with what it holds, and cannot be
// opened by its old program again, which would not see the journal.
func TestStoreOfBefore(t *testing.T) {
	dir := t.TempDir()
	db, err := bolt.Open(filepath.Join(dir, FileName), 0o600, &bolt.Options{Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := migrate(db, migrations[:1]); err != nil {
		t.Fatal(err)
	}
	if err := db.Update(putFirstText); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir, Options{Now: newClock().now})
	if again := mustSay(t, s, "demo", "ann", "k1", "again"); again.Text != "hello" {
		t.Errorf("second text under a key: %+v", again)
	}
	mustSay(t, s, "demo", "ann", "k2", "new")
	if got := history(t, s, "demo"); !slices.Equal(got, []string{"hello", "new"}) {
		t.Errorf("history %q", got)
	}
	if _, err := migrate(s.db, migrations[:1]); !errors.Is(err, ErrNewerSchema) {
		t.Errorf("the old program: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestMigrations(t *testing.T) {
	if len(migrationTests) != len(migrations) {
		t.Fatalf("%d migrations have %d tests", len(migrations), len(migrationTests))
	}
	for i, c := range migrationTests {
		t.Run(migrations[i].what, func(t *testing.T) {
			db := emptyDB(t)
			if _, err := migrate(db, migrations[:i]); err != nil {
				t.Fatal(err)
			}
			if err := db.Update(c.before); err != nil {
				t.Fatal(err)
			}
			from, err := migrate(db, migrations[:i+1])
			if err != nil || from != i {
				t.Fatalf("from %d, %v", from, err)
			}
			_ = db.View(func(tx *bolt.Tx) error { c.check(t, tx); return nil })
		})
	}
}

// TestMigrateMechanism: steps run once and in order, a failing one leaves the file
// as it was, and a store from the future is not touched.
func TestMigrateMechanism(t *testing.T) {
	var ran []string
	step := func(name string, fail error) migration {
		return migration{name, func(tx *bolt.Tx) error {
			ran = append(ran, name)
			if err := tx.Bucket(bucketMeta).Put([]byte(name), []byte{1}); err != nil {
				return err
			}
			return fail
		}}
	}
	bad := errors.New("bad")
	first := migrations[0]
	cases := []struct {
		name    string
		steps   []migration
		err     error
		ran     []string
		version uint64
	}{
		{"fresh to 2", []migration{first, step("b", nil)}, nil, []string{"b"}, 2},
		{"again", []migration{first, step("b", nil)}, nil, nil, 2},
		{"failing", []migration{first, step("b", nil), step("c", nil), step("d", bad)}, bad, []string{"c", "d"}, 2},
		{"mended", []migration{first, step("b", nil), step("c", nil), step("d", nil)}, nil, []string{"c", "d"}, 4},
		{"older program", []migration{first}, ErrNewerSchema, nil, 4},
	}
	db := emptyDB(t)
	for _, c := range cases {
		ran = nil
		if _, err := migrate(db, c.steps); !errors.Is(err, c.err) {
			t.Fatalf("%s: got %v, want %v", c.name, err, c.err)
		}
		if !slices.Equal(ran, c.ran) {
			t.Errorf("%s: ran %v, want %v", c.name, ran, c.ran)
		}
		_ = db.View(func(tx *bolt.Tx) error {
			if got := uint64Of(tx.Bucket(bucketMeta).Get(keySchema)); got != c.version {
				t.Errorf("%s: version %d, want %d", c.name, got, c.version)
			}
			if hasC := tx.Bucket(bucketMeta).Get([]byte("c")) != nil; hasC != (c.version == 4) {
				t.Errorf("%s: half a migration is in the file", c.name)
			}
			return nil
		})
	}
}

// TestSchemaVersionIsStored: a second Open finds the version in the file.
func TestSchemaVersionIsStored(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, Options{}).Close()
	s := open(t, dir, Options{})
	defer s.Close()
	_ = s.view(func(tx *bolt.Tx) error {
		got := tx.Bucket(bucketMeta).Get(keySchema)
		if want := binary.BigEndian.AppendUint64(nil, uint64(len(migrations))); !slices.Equal(got, want) {
			t.Errorf("version %x, want %x", got, want)
		}
		return nil
	})
}

func emptyDB(t *testing.T) *bolt.DB {
	t.Helper()
	db, err := bolt.Open(filepath.Join(t.TempDir(), FileName), 0o600, &bolt.Options{Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}
