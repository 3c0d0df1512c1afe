package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"parley/storage"
)

// storeCmd are the commands for who looks after a store.
type storeCmd struct {
	Check   storeCheckCmd   `cmd:"" help:"Read every page and record, and say what is damaged. Changes nothing."`
	Repair  storeRepairCmd  `cmd:"" help:"Bring what can be read of a damaged store into a new one; the old files are kept beside it."`
	Backup  storeBackupCmd  `cmd:"" help:"Copy the store into a file, also while the server runs."`
	Restore storeRestoreCmd `cmd:"" help:"Put a backup in the place of the store; the old files are kept beside it."`
}

// storeFlags are those of all of them.
type storeFlags struct {
	Data   string `help:"Folder of meeting records and chat, as the server has it." default:"parley-data" type:"path" env:"PARLEY_DATA"`
	Config string `help:"The server's YAML file, of which only data counts here." type:"path" placeholder:"FILE" env:"PARLEY_CONFIG"`
	JSON   bool   `name:"json" help:"Print the result as JSON."`
}

func (f *storeFlags) print(out io.Writer, result any) error {
	data, err := json.MarshalIndent(result, "", "  ")
	if err != nil {
		panic(err) // our own types
	}
	_, err = fmt.Fprintln(out, string(data))
	return err
}

// explain adds the way out to what storage says.
func (f *storeFlags) explain(err error) error {
	var advised *told
	switch {
	case err == nil, errors.As(err, &advised):
		return err
	case errors.Is(err, storage.ErrLocked):
		return advise(err, "A server uses this folder. Stop it first; `parley backup FILE` works while it runs, and `parley store check FILE` looks at that copy.")
	case errors.Is(err, storage.ErrNewerSchema):
		return advise(err, "Use the newer version.")
	case errors.Is(err, storage.ErrNotAStore):
		return advise(err, "`parley store check` lists what is damaged, `parley store repair` saves what can be read, `parley store restore FILE` puts a backup back.")
	case errors.Is(err, fs.ErrExist):
		return advise(err, "Nothing is overwritten. Choose another name.")
	case errors.Is(err, fs.ErrNotExist):
		return advise(err, "Name the folder with --data (or PARLEY_DATA), or the server's settings with --config (or PARLEY_CONFIG).")
	case errors.Is(err, storage.ErrUnwritable), errors.Is(err, fs.ErrPermission):
		return advise(err, "Run it as the user the server runs as, or mend the permissions.")
	}
	return err
}

// aboutFile advises on a backup that was named: it is not the folder that is to be
// looked at, and the folder is as it was.
func aboutFile(err error, file string) error {
	switch {
	case file == "":
	case errors.Is(err, storage.ErrNotAStore):
		return advise(err, "Nothing was changed. `parley store check FILE` says what is wrong with the backup; try another one.")
	case isMissing(err, file):
		return advise(err, "There is no such backup. Check its path.")
	}
	return err
}

// isMissing reports whether it is this file that is not there.
func isMissing(err error, file string) bool {
	var failed *fs.PathError
	return errors.As(err, &failed) && failed.Path == file && errors.Is(failed, fs.ErrNotExist)
}

type storeCheckCmd struct {
	storeFlags
	File string `arg:"" optional:"" help:"A backup to look at instead of the folder's store." type:"path"`
}

// Run looks, and fails if something is wrong.
func (c *storeCheckCmd) Run(out io.Writer) error {
	path := c.Data
	if c.File != "" {
		path = c.File
	}
	report, err := storage.Check(path)
	if err != nil {
		return c.explain(aboutFile(err, c.File))
	}
	if c.JSON {
		if err := c.print(out, report); err != nil {
			return err
		}
	} else {
		printReport(out, report)
	}
	if n := len(report.Faults); n > 0 && c.File != "" {
		return advise(fmt.Errorf("%s is damaged: %s", report.File, count(n, "fault")), "Restore another backup if you have one. This one can be repaired as parley.db in a folder of its own: `parley store repair --data FOLDER`.")
	} else if n > 0 {
		return advise(fmt.Errorf("%s is damaged: %s", report.File, count(n, "fault")), "`parley store repair` saves what can be read, `parley store restore FILE` puts a backup back.")
	}
	return nil
}

func printReport(out io.Writer, r *storage.Report) {
	state := "a server has not closed it in order"
	if r.Clean {
		state = "closed in order"
	}
	fmt.Fprintf(out, "%s: %s, %s in use, schema %d, %s\n", r.File, size(r.Bytes), count(r.Pages, "page"), r.Schema, state)
	fmt.Fprintf(out, "readable: %s", counts(r.Records))
	if r.Texts > 0 {
		fmt.Fprintf(out, ", and %d texts in the journal", r.Texts)
	}
	if r.Unsealed > 0 {
		fmt.Fprintf(out, "; %d of them from before records had checksums", r.Unsealed)
	}
	fmt.Fprintln(out)
	for i, fault := range r.Faults {
		if i == 20 {
			fmt.Fprintf(out, "  and %d more, at least: --json lists them\n", len(r.Faults)-i)
			break
		}
		fmt.Fprintf(out, "  %s\n", fault)
	}
	if len(r.Faults) == 0 {
		fmt.Fprintln(out, "nothing is damaged")
	}
}

type storeRepairCmd struct{ storeFlags }

// Run repairs, and says what it did.
func (c *storeRepairCmd) Run(out io.Writer) error {
	if err := c.noServer(); err != nil {
		return err
	}
	done, err := storage.Repair(c.Data)
	if err != nil {
		return c.explain(err)
	}
	if c.JSON {
		return c.print(out, done)
	}
	if len(done.Kept) == 0 {
		fmt.Fprintf(out, "%s: nothing is damaged, nothing was changed\n", done.File)
		return nil
	}
	fmt.Fprintf(out, "%s is a new store with %s\n", done.File, counts(done.Records))
	if len(done.Found) > 0 {
		fmt.Fprintf(out, "  %s of them were on pages that nothing led to: what was deleted can be among them\n", counts(done.Found))
	}
	if done.JournalTexts > 0 {
		fmt.Fprintf(out, "  %s came from the journal\n", count(done.JournalTexts, "text"))
	}
	fmt.Fprintf(out, "lost: %s\n", lost(done))
	fmt.Fprintf(out, "the old files are kept as %s\n", strings.Join(done.Kept, " and "))
	return nil
}

// lost says what could not be saved.
func lost(done *storage.Repaired) string {
	var parts []string
	if done.StoreGone {
		parts = append(parts, "all that was only in "+storage.FileName+", which was missing or empty")
	}
	if done.JournalGone {
		parts = append(parts, "texts that were only in "+storage.JournalName+", which was missing or empty")
	}
	if len(done.Lost) > 0 {
		parts = append(parts, counts(done.Lost)+" that could not be read")
	}
	if done.LostMeetings > 0 {
		parts = append(parts, count(done.LostMeetings, "meeting")+" of which only people, ratings or acts are left")
	}
	if done.Pages > 0 {
		parts = append(parts, "whatever was only on "+count(done.Pages, "unreadable page"))
	}
	if done.JournalBlocks > 0 {
		parts = append(parts, "what was in "+count(done.JournalBlocks, "unreadable block")+" of the journal")
	}
	if len(parts) == 0 {
		return "nothing that is known of; it was damaged: " + strings.Join(done.Faults[:min(3, len(done.Faults))], "; ")
	}
	return strings.Join(parts, ", ")
}

// noServer fails if a server answers for the folder, also when its file is gone.
func (f *storeFlags) noServer() error {
	if !controlAnswers(f.Data) {
		return nil
	}
	return f.explain(fmt.Errorf("%s: %w", f.Data, storage.ErrLocked))
}

type storeBackupCmd struct {
	storeFlags
	File string `arg:"" help:"File to write, which must not exist yet; - for standard output."`
}

// Run copies the store: from the server if one runs, else by itself.
func (c *storeBackupCmd) Run(ctx context.Context, out io.Writer) error {
	if c.File == "-" && isTerminal(out) {
		return advise(errors.New("standard output is a terminal, which a backup would confuse"), "Name a file, or add > FILE.")
	}
	copyStore, end, err := c.source(ctx)
	if err != nil {
		return c.explain(err)
	}
	if c.File == "-" {
		return c.explain(errors.Join(copyStore(out), end()))
	}
	bytes, err := storage.SaveBackup(c.File, copyStore)
	if err = errors.Join(err, end()); err != nil {
		if dir := filepath.Dir(c.File); gone(dir) {
			return advise(err, "There is no folder %s to write the backup to.", dir)
		}
		return c.explain(fmt.Errorf("backup of %s: %w", c.Data, err))
	}
	if c.JSON {
		return c.print(out, map[string]any{"file": c.File, "bytes": bytes})
	}
	fmt.Fprintf(out, "%s: %s, checked. `parley store restore` takes it.\n", c.File, size(bytes))
	return nil
}

// isTerminal reports whether somebody sees what is written to out.
func isTerminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

// source returns what copies the store, and what ends that.
func (c *storeBackupCmd) source(ctx context.Context) (copyStore func(io.Writer) error, end func() error, err error) {
	if controlAnswers(c.Data) {
		return func(w io.Writer) error { return fetchBackup(ctx, c.Data, w) }, func() error { return nil }, nil
	}
	if _, err := os.Stat(filepath.Join(c.Data, storage.FileName)); err != nil {
		return nil, nil, err // Open would make one
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	store, err := storage.Open(c.Data, storage.Options{Log: log, Reserve: -1}) // a full disk can be copied to another
	if errors.Is(err, storage.ErrLocked) {
		return nil, nil, advise(err, "A server uses this folder and has no %s: its log says why. Stop it for the backup.", controlName)
	}
	if err != nil {
		return nil, nil, err
	}
	return func(w io.Writer) error { return store.Backup(ctx, w, func(int64) {}) }, store.Close, nil
}

type storeRestoreCmd struct {
	storeFlags
	File string `arg:"" help:"The backup." type:"path"`
}

// Run puts a backup in the store's place.
func (c *storeRestoreCmd) Run(out io.Writer) error {
	if err := c.noServer(); err != nil {
		return err
	}
	done, err := storage.Restore(c.File, c.Data)
	if err != nil {
		return c.explain(aboutFile(err, c.File))
	}
	if c.JSON {
		return c.print(out, done)
	}
	fmt.Fprintf(out, "%s is the backup now, with %s\n", done.File, counts(done.Records))
	if len(done.Kept) > 0 {
		fmt.Fprintf(out, "what was there is kept as %s\n", strings.Join(done.Kept, " and "))
	}
	return nil
}

func gone(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// counts lists records by kind.
func counts(records map[string]int) string {
	var parts []string
	for _, kind := range slices.Sorted(maps.Keys(records)) {
		if kind == storage.KindIndex || kind == storage.KindNote {
			continue
		}
		what := strings.TrimSuffix(kind, "s")
		if kind == storage.KindEntry {
			what = "entry"
		}
		parts = append(parts, count(records[kind], what))
	}
	if len(parts) == 0 {
		return "no records"
	}
	return strings.Join(parts, ", ")
}

// size is a number of bytes for people: a small store is not 0.0 MiB.
func size(bytes int64) string {
	if bytes < 1<<10 {
		return count(int(bytes), "byte")
	}
	if bytes < 1<<20 {
		return fmt.Sprintf("%.1f KiB", float64(bytes)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	if stem, ok := strings.CutSuffix(what, "y"); ok {
		return fmt.Sprintf("%d %sies", n, stem)
	}
	return fmt.Sprintf("%d %ss", n, what)
}
