// Package storage keeps what must outlive the process: meetings, who was in
// them and when, who did what to whom, ratings, the rooms' chat, and entries: what rooms are like, and who
// may what. Two files: DIR/parley.db, of bbolt, and DIR/parley.journal, which holds
// the latest texts until they are moved there. A third, DIR/parley.reserve, only takes
// up room, see below.
//
//	s, err := storage.Open(dir, storage.Options{})
//	err = s.BeginMeeting(storage.Meeting{ID: id, Room: "demo", Start: now}, done)
//	err = s.Join(id, storage.Joining{Participant: "p1", Name: "Ann", At: now}, done)
//	err = s.AppendChat(storage.ChatRecord{Room: "demo", Key: "k1", Text: "hi"}, chatDone)
//	record, err := s.Meeting(id)
//	revision, err := s.PutEntry(ctx, "rooms", "demo", settings, 0)
//	stop := s.WatchEntries(func(c storage.Change) { … })
//	err = s.Close()
//
// # What done means
//
// A write returns at once. If it returns nil, its done is called exactly once, on
// the writer's goroutine: with nil when the record is on disk (after fdatasync,
// never before), or with the error. If it returns an error, nothing was queued
// and done is not called. Writes take effect in the order they were made. While the
// disk fails done may take minutes, or as long as that lasts. done
// must not block and must not wait for another write. Wait makes a write that
// blocks; done may be nil. PutEntry and DeleteEntry block, as long as a context allows.
//
// # Entries
//
// An entry is a value under a kind and a key. It is read seldom: who asks often
// watches, and has all in memory. Every change of any entry takes the next number of
// one counter, its revision, which is never given again, also when the entry that had
// it is deleted. Who changes an entry names the revision it has seen, and gets
// ErrConflict if somebody else was faster. Watchers hear of a change when it is on
// disk, before its writer does, and in the order of revisions. Each has a goroutine
// of its own; of what it has not kept up with, the last change of each entry is kept
// for it.
//
// # Group commit
//
// One goroutine writes. While a commit syncs, further writes queue; the next
// commit takes all of them. No timer delays anything: a lone write commits at
// once, and under load a commit carries what came in during the one before. The
// queue is bounded (Options.Queue); beyond it a write returns ErrBusy. bbolt's own
// Batch waits up to 10 ms and runs a function twice when its neighbour fails, hence
// not used.
//
// # The journal
//
// A bbolt commit is two fdatasyncs, and the pages of a tree. Texts are the only
// frequent write, so a batch of nothing else is one entry in the journal instead:
// one write and one fdatasync of a file whose blocks are on the disk already, see
// journal.go for its layout. With 1, 8 and 64 writers that is 1.7, 1.4 and 0.9 of
// what two syncs a commit allow; bbolt alone came to 0.8, 0.6 and 0.5 (parley bench
// records). Until they are moved, such texts are kept in memory as
// well, and reads find them there first.
//
// Any other batch, a full journal, a heartbeat, Flush and Close move them: one
// bbolt transaction puts them, applies the batch, and notes a new generation, which
// is what empties the journal. Thus each text is in one of the files at any moment
// and Open, which moves what it finds, can be interrupted and repeated. After Close
// parley.db alone is the whole store. The lock on parley.db protects both.
//
// The journal is frozen: texts are in it, and nothing else goes in. Its entries name no
// kinds, and what is written rarely can wait for bbolt. A second frequent write would
// be a reason to measure again, not to add one here.
//
// parley.db notes which journal is its own and whether it was closed in order. If it
// was not, a journal that is missing, cut off, another store's or damaged in the
// middle is ErrNotAStore: with it texts are gone. An entry that is not whole and the
// last is left out, for nobody was told that it is on disk, unless the disk has
// damaged it since; so that is said, and the journal kept as
// parley.journal.damaged-<time>, the latest eight.
//
// # Damage
//
// Open checks parley.db before bbolt maps it, see pages.go: its size, both roots,
// every page that they reach, and each record's checksum. A damaged page is
// ErrNotAStore, of which no panic and no fault of the mapping is left; damaged
// records are counted and said, and only reads of them fail. Check says all that is
// wrong, Repair brings what can be read into a new file, Backup copies a store that
// is open, and Restore puts a copy back. After the damage of a page an entry can be as
// it was before, or back although it was deleted: Repair says how many it found in such
// places, and that is better than none, for without its entry a room is open. None of them deletes: what was there is kept
// beside, as parley.db.damaged-<time> or parley.db.replaced-<time>.
//
// Not noticed is a block or page that is as it was at an earlier time: a write that
// the disk has confirmed and lost.
//
// # When the disk fails
//
// After a failed write or sync nobody knows what a file holds beyond the last good
// commit, and a second sync of the same file may report success for pages that the
// kernel has already dropped. So nothing of that commit is told to anybody: the
// writer holds it, opens parley.db anew, looks by the generation whether the commit
// is in it, and makes another one that carries it if it is not, with the texts of
// the journal, which are in memory. When that is synced, all is decided and told.
// It tries again after 250 ms and then each second, for as long as the server runs.
// What is on disk by then is on disk once: a try does what the one before it did.
//
//	well     ── a commit fails ──▶ failing
//	failing  ── parley.db is written ──▶ no texts, or well if all is
//	no texts ── the journal and the reserve are there ──▶ well
//	no texts ── a commit fails ──▶ failing
//
// While it fails, and while there are no texts, a text gets ErrReadOnly at once: it
// is not stored and never will be. But one under the key of a text that is held, or
// stored, waits for that one's outcome. Records of meetings wait (16 queues of them,
// then ErrBusy) while it fails, and are written while there are no texts; so do
// entries, for a full disk must let nobody in. Reads go on, of what is open until the file is opened anew. Healthy has the cause,
// Options.Changed hears of it, the log has a line at the beginning and one at the
// end. Only Close ends the wait: then held writes get ErrUnknown, the others
// ErrReadOnly.
//
// The reserve is for the most frequent failure, a full disk. It is some blocks that
// are given up then, so that meetings are recorded while texts are refused; when
// there is room for it again the disk is well.
//
// A file that is replaced or cut off while it is open, or damaged where the writer
// reads, can not get well: the store fails until the server is started again. A
// disk that does not answer at all holds the writer and nobody else: writes are
// queued, then ErrBusy, and Healthy says so after 10 s. A read that meets a damaged
// page, or none, gets ErrNotAStore.
//
// # After a crash
//
// Each commit also notes the latest time of what it carries, and while a meeting
// runs the writer notes the time every Options.Heartbeat. Open ends the meetings
// and attendance intervals that are still open at that time, with ReasonCrashed.
//
// # Schema, version 5
//
// Keys are bytes: id is a meeting's UUID (16, version 7, so it sorts by time),
// room is the room's name after its length (uint16), kind an entry's in the same way,
// seq is a chat id (uint64: Unix milliseconds << 16, plus a counter). Integers are big-endian. Values are JSON
// unless said otherwise. A checksum follows each of them but meta's schema, see
// seal.go; records of before version 3 have none until they are written again.
//
//	parley.db
//	├─ meta
//	│  ├─ schema          version, uint64
//	│  ├─ last            latest known time, Unix milliseconds, uint64
//	│  ├─ chat            last chat id given, uint64
//	│  ├─ journal         generation of the journal's entries, uint64
//	│  ├─ store           what the journal's first block says, 16 random bytes
//	│  ├─ clean           1 while nothing is in the journal, uint64
//	│  ├─ names           rule that the names of rooms follow, uint64, see rename.go
//	│  └─ revision        last revision given to a change of an entry, uint64
//	├─ meetings           id → Meeting
//	├─ running            room → id, the meetings that have not ended
//	├─ rooms              room id → empty, the meetings of a room
//	├─ participants       id participant → Attendance
//	├─ ratings            id participant → Rating
//	├─ chat               room seq → hash, then chatValue
//	├─ entries            kind key → revision, uint64, then the value
//	└─ acts               id number, uint16 from 1 → Act
//
// The hash (16 bytes) is of the author's identity and the text's key; the identity
// itself is a client's secret and not kept. Which keys a room has seen is indexed
// in memory, from the hashes, when the room is first written to. Who takes a text's
// quota is likewise a mark of 16 bits, the first field of chatValue. Attendance.User
// is stored and returned as given.
//
// # Limits
//
// Entries have MaxValue bytes, and a kind has MaxEntries of them; a meeting has MaxActs
// acts.
// The texts of a room, and of one source in it, have a quota in bytes, beyond which
// AppendChat fails (chat_quota.go). Chat is pruned by number when texts come into
// parley.db and by age with the heartbeat, a bounded number of records at a time.
// Meetings are kept for ever; at about 300 bytes per attendance a million of them
// fit in the 1 GiB that is mapped from the start, beyond which a growing file makes
// writers wait for readers now and then. Read transactions are short: every read
// copies what it returns, a page at most, or all entries when somebody begins to watch.
package storage
