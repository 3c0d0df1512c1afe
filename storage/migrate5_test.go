package storage

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// asVersion4 makes of a store without entries and acts what version 4 would have left: all
// else is the same.
func asVersion4(t *testing.T, dir string) {
	t.Helper()
	db, err := bolt.Open(filepath.Join(dir, FileName), 0o600, &bolt.Options{Timeout: time.Second, NoFreelistSync: true})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		meta := tx.Bucket(bucketMeta)
		return errors.Join(tx.DeleteBucket(bucketEntries), tx.DeleteBucket(bucketActs), meta.Delete(keyRevision), meta.Put(keySchema, chatID(4).key()))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestStoreBeforeEntries: a store of version 4, closed in order or as a crash left it,
// opens with what it holds, takes entries, and is refused by its old program, which
// would let in who is banned. A backup of that version can be restored.
func TestStoreBeforeEntries(t *testing.T) {
	o := Options{Now: newClock().now, Heartbeat: time.Hour}
	for name, crashed := range map[string]bool{"closed": false, "crashed": true} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir, o)
			id := begin(t, s, Meeting{Room: "demo", Creator: "ann", Start: o.Now()})
			enter(t, s, id, "ann", o.Now())
			mustSay(t, s, "demo", "ann", "k1", "hello")
			if crashed {
				dir = crash(t, s)
			}
			s.Close()
			asVersion4(t, dir)
			report, err := Check(dir)
			if err != nil || len(report.Faults) > 0 || report.Schema != 4 {
				t.Errorf("check: %+v, %v", report, err)
			}
			if !crashed {
				restored := t.TempDir()
				if _, err := Restore(filepath.Join(dir, FileName), restored); err != nil {
					t.Fatal(err)
				}
				checkBeforeEntries(t, restored, id, o)
			}
			checkBeforeEntries(t, dir, id, o)
		})
	}
}

func checkBeforeEntries(t *testing.T, dir, id string, o Options) {
	t.Helper()
	s := open(t, dir, o)
	if m := meeting(t, s, id); m.End.IsZero() || len(m.Participants) != 1 || m.Participants[0].Name != "name of ann" {
		t.Errorf("the meeting has become %+v", m)
	}
	wait(t, nil, func(done func(error)) error { return s.AppendAct(id, Act{At: o.Now(), What: "end"}, done) })
	if m := meeting(t, s, id); len(m.Acts) != 1 {
		t.Errorf("acts %+v", m.Acts)
	}
	if got := history(t, s, "demo"); !slices.Equal(got, []string{"hello"}) {
		t.Errorf("history %q", got)
	}
	if got := entriesOf(t, s); len(got) > 0 {
		t.Errorf("entries of nobody's: %q", got)
	}
	if got := putEntry(t, s, "rooms", "demo", "v", 0); got != 1 {
		t.Errorf("the first revision is %d", got)
	}
	s.Close()
	s = open(t, dir, o)
	defer s.Close()
	if got := entriesOf(t, s); !slices.Equal(got, []string{"rooms demo v 1"}) {
		t.Errorf("opened again: %q", got)
	}
	if _, err := migrate(s.db, migrations[:4]); !errors.Is(err, ErrNewerSchema) {
		t.Errorf("the old program: %v", err)
	}
}
