package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"parley/bench/floor"
	"parley/bench/load"
	"parley/bench/report"
	"parley/storage"
)

// RecordsCmd is the scenario records. It drives package storage in this
// process: what is asked is what the disk allows, not what a network adds.
type RecordsCmd struct {
	Output   `embed:""`
	Dir      string        `type:"existingdir" placeholder:"DIR" help:"Where to write; the disk under it is what is measured (default: the folder for temporary files)."`
	Writers  []int         `default:"1,8,64" help:"How many write at once; each waits for its acknowledgement."`
	Size     int           `default:"100" help:"Bytes of each text."`
	Duration time.Duration `default:"5s" help:"How long, for each number of writers."`
}

// Run runs the scenario and then opens the store again: what was acknowledged
// must be there.
func (c *RecordsCmd) Run(ctx context.Context, out io.Writer) error {
	if c.Size < 1 || c.Size > storage.MaxText || c.Duration <= 0 || len(c.Writers) == 0 {
		return fmt.Errorf("--size must be 1 to %d, --duration longer than 0, and --writers a list", storage.MaxText)
	}
	prog, rep := newProgress(out, c.Quiet), report.New("records", 0)
	rep.Params["size"], rep.Params["writers"] = c.Size, c.Writers
	for _, n := range c.Writers {
		if n < 1 || n > 10000 {
			return errors.New("--writers must be 1 to 10000")
		}
		rec, err := c.step(ctx, n)
		if err != nil {
			return err
		}
		rep.Records = append(rep.Records, *rec)
		rep.DurationS += c.Duration.Seconds()
		prog.step("%d writers: %.0f records/s", n, rec.RecordsPerS)
		if ctx.Err() != nil {
			rep.Partial = true
			break
		}
	}
	return publish(rep, &c.Output, &report.Limits{}, out)
}

// step measures one number of writers in a store of its own.
func (c *RecordsCmd) step(ctx context.Context, writers int) (*report.Record, error) {
	dir, err := os.MkdirTemp(c.Dir, "parley-bench-records-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	disk, err := newYardstick(dir)
	if err != nil {
		return nil, err
	}
	defer disk.file.Close()
	opts := storage.Options{Log: slog.New(slog.DiscardHandler), ChatLimit: 1 << 30, ChatBytes: -1}
	store, err := storage.Open(filepath.Join(dir, "store"), opts)
	if err != nil {
		return nil, err
	}
	run := &recordRun{store: store, text: strings.Repeat("x", c.Size), waits: load.NewDelays()}
	before := store.Figures()
	wall, err := run.inTurns(ctx, writers, c.Duration, disk)
	after := store.Figures()
	if closed := store.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, err
	}
	if run.count == 0 {
		return nil, errNothing
	}
	if err = verify(filepath.Join(dir, "store"), opts, run); err != nil {
		return nil, err
	}
	rec := &report.Record{Writers: writers, RecordsPerS: float64(run.count) / wall.Seconds(), Ack: report.QuantilesOf(run.waits)}
	batch := float64(after.Records-before.Records) / float64(max(after.Commits-before.Commits, 1))
	rec.BatchMean, rec.FdatasyncMS = &batch, report.Some(1000*disk.mean())
	rec.LimitPerS = report.Some(batch / (2 * disk.mean()))
	rec.ShareOfLimit = report.Some(rec.RecordsPerS / *rec.LimitPerS)
	return rec, nil
}

// turns is how often writers and yardstick take turns: what a sync costs
// changes from second to second when others use the disk.
const turns = 10

// inTurns lets n writers append for dur altogether, with the yardstick laid on
// in between, and returns how long they wrote.
func (r *recordRun) inTurns(ctx context.Context, n int, dur time.Duration, disk *yardstick) (wall time.Duration, err error) {
	for turn := range turns {
		took, err := r.write(ctx, n, turn, dur/turns)
		wall += took
		if err == nil {
			err = disk.measure(dur / turns / 4)
		}
		if err != nil || ctx.Err() != nil {
			return wall, err
		}
	}
	return wall, nil
}

// recordRun is the writers of one step.
type recordRun struct {
	store *storage.Store
	text  string

	mu    sync.Mutex // guards count, waits, err
	count int
	waits *hdrhistogram.Histogram
	err   error
}

// write lets n writers append until dur is over and returns how long it took.
func (r *recordRun) write(ctx context.Context, n, turn int, dur time.Duration) (time.Duration, error) {
	start := time.Now()
	var group sync.WaitGroup
	for w := range n {
		group.Go(func() {
			for i := 0; time.Since(start) < dur && ctx.Err() == nil; i++ {
				if err := r.append(fmt.Sprintf("%d-%d-%d", turn, w, i)); err != nil {
					r.mu.Lock()
					r.err = err
					r.mu.Unlock()
					return
				}
			}
		})
	}
	group.Wait()
	return time.Since(start), r.err
}

// append writes one record and waits for its acknowledgement.
func (r *recordRun) append(key string) error {
	done := make(chan error, 1)
	start := time.Now()
	err := r.store.AppendChat(storage.ChatRecord{Room: "bench", Key: key, Participant: "p", Name: "Bench", At: start, Text: r.text},
		func(_ storage.ChatRecord, err error) { done <- err })
	if err == nil {
		err = <-done
	}
	if err != nil {
		return err
	}
	wait := time.Since(start)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count++
	return r.waits.RecordValue(min(max(wait.Microseconds(), 1), load.MaxDelay))
}

// verify opens the store again and looks whether all is there.
func verify(dir string, opts storage.Options, run *recordRun) error {
	store, err := storage.Open(dir, opts)
	if err != nil {
		return err
	}
	defer store.Close()
	history, err := store.ChatHistory("bench", run.count+1)
	if err != nil {
		return err
	}
	return run.check(history)
}

// check compares what is stored with what was acknowledged: each record once, with
// its text. Of one too many nobody was told.
func (r *recordRun) check(history []storage.ChatRecord) error {
	keys := make(map[string]bool)
	for i := range history {
		if history[i].Text != r.text {
			return fmt.Errorf("record %s was stored with another text", history[i].Key)
		}
		keys[history[i].Key] = true
	}
	if len(keys) != r.count || len(history) != r.count {
		return fmt.Errorf("%d records were acknowledged, %d are there, %d of them different", r.count, len(history), len(keys))
	}
	return nil
}

// yardstick measures what one fdatasync takes after a page was written.
type yardstick struct {
	file  *os.File
	syncs int
	took  time.Duration // all of them
}

// yardPages is the length of the yardstick's file in pages. All are on disk
// from the start, so that a sync has a page to write and nothing else.
const yardPages = 64

func newYardstick(dir string) (*yardstick, error) {
	f, err := os.Create(filepath.Join(dir, "sync"))
	if err != nil {
		return nil, err
	}
	if _, err = f.Write(make([]byte, yardPages*os.Getpagesize())); err == nil {
		err = f.Sync()
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &yardstick{file: f}, nil
}

// measure syncs for about dur, at least once.
func (y *yardstick) measure(dur time.Duration) error {
	page := make([]byte, os.Getpagesize())
	for begun := time.Now(); ; {
		start := time.Now()
		if _, err := y.file.WriteAt(page, int64(y.syncs%yardPages*len(page))); err != nil {
			return err
		}
		if err := floor.DataSync(y.file); err != nil {
			return err
		}
		y.took += time.Since(start)
		y.syncs++
		if time.Since(begun) >= dur {
			return nil
		}
	}
}

// mean is the seconds of one sync. It is not the median, because commits have to
// wait for the slow ones too.
func (y *yardstick) mean() float64 { return y.took.Seconds() / float64(y.syncs) }
