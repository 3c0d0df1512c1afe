package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"parley/bench"
)

// cli is the whole command line. Flags win over PARLEY_* variables, those
// over the YAML file, that over the defaults.
type cli struct {
	Serve   serveCmd       `cmd:"" default:"withargs" help:"Serve meetings. This is what parley does when no command is given."`
	Bench   bench.Command  `cmd:"" help:"Measure a server with light clients; starts one of its own unless told which."`
	Store   storeCmd       `cmd:"" help:"Look after the meeting records and chat: check, repair, backup, restore."`
	Backup  storeBackupCmd `cmd:"" help:"Same as store backup: copy the store into a file, also while the server runs."`
	Version versionCmd     `cmd:"" help:"Print the version and exit."`
	Help    helpCmd        `cmd:"" help:"Explain parley, or one of its commands."`
	Impair  impairCmd      `cmd:"" hidden:"" help:"Put a bad network in front of a server's media port, for tests."`

	ShowVersion kong.VersionFlag `name:"version" help:"Print the version and exit."`
}

const description = `Parley is a self-hosted meeting server: video, voice, chat and meeting records in one binary.

Examples:
  parley                                   meetings on http://localhost:8443
  parley --listen 0.0.0.0:443 --tls-cert cert.pem --tls-key key.pem --advertise 203.0.113.7
  parley --config /etc/parley.yaml         settings from a file (keys are the long flag names)
  parley backup parley-backup.db           a copy of records and chat, while the server runs
  parley bench audience --watchers 50      how much a server can do, and what it costs

A flag wins over its PARLEY_* variable, that over the file, that over the default.
"parley help serve" lists the settings of a server: %s.`

// describe is what --help begins with.
func describe() string {
	var titles []string
	for _, g := range groups {
		titles = append(titles, strings.ToLower(g.Title))
	}
	last := len(titles) - 1
	return fmt.Sprintf(description, strings.Join(titles[:last], ", ")+" and "+titles[last])
}

// helpCmd is --help for who writes help.
type helpCmd struct {
	Command []string `arg:"" optional:"" help:"The command to explain."`
}

// Run prints the help and ends, as --help does.
func (h *helpCmd) Run(k *kong.Kong) error {
	_, err := k.Parse(append(h.Command, "--help"))
	return usageErrorOf(commandOf(k.Model, h.Command), err)
}

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// exitPanic carries kong's wish to exit (after --help) out of Parse.
type exitPanic int

// run is main with its edges as parameters. It returns the exit code: 0 fine,
// 1 the command failed, 2 the command line was wrong.
func run(args []string, stdout, stderr io.Writer) (code int) {
	defer func() {
		if p := recover(); p != nil {
			exit, ok := p.(exitPanic)
			if !ok {
				panic(p)
			}
			code = int(exit)
		}
	}()
	args = bench.Spell(args)
	var c cli
	file := &fileResolver{}
	parser, err := kong.New(&c,
		kong.Name("parley"),
		kong.Description(describe()),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.ExplicitGroups(append(groups, bench.Groups()...)),
		kong.Resolvers(file),
		kong.Vars{"version": versionLine()},
		kong.Writers(stdout, stderr),
		kong.Exit(func(n int) { panic(exitPanic(n)) }),
		kong.BindTo(stdout, (*io.Writer)(nil)),
	)
	if err != nil {
		panic(err) // a mistake in the struct tags above
	}
	if err := file.load(args); err != nil {
		return report(stderr, err)
	}
	kctx, err := parser.Parse(args)
	if err != nil {
		return report(stderr, usageErrorOf(commandOf(parser.Model, args), explain(err, parser.Model, file, args)))
	}
	c.Serve.strangers = strangers(parser.Model, os.Environ())
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if kctx.Command() == "serve" {
		signals = signals[:1] // SIGTERM drains, see serveCmd.Run
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	defer stop()
	kctx.BindTo(ctx, (*context.Context)(nil))
	return report(stderr, explainRun(kctx.Run(parser), parser.Model, file, args))
}

// report prints an error as one line, and one more on how to mend it.
func report(stderr io.Writer, err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintln(stderr, "parley:", err)
	var told *told
	if errors.As(err, &told) {
		if told.mend != "" {
			fmt.Fprintln(stderr, "       ", told.mend)
		}
		return told.code
	}
	return 1
}

// told is an error with advice.
type told struct {
	err  error
	mend string
	code int
}

func (t *told) Error() string { return t.err.Error() }
func (t *told) Unwrap() error { return t.err }

// advise wraps err with what the person at the keyboard can do about it.
func advise(err error, format string, args ...any) error {
	return &told{err: err, mend: fmt.Sprintf(format, args...), code: 1}
}

// usageCode is the exit code for a command line, or settings, that make no sense.
const usageCode = 2

// usageErrorOf is usageError that points to the help of the command that was given.
func usageErrorOf(node *kong.Node, err error) error {
	if err == nil || node.Type != kong.CommandNode || node.Name == "serve" {
		return usageError(err)
	}
	return &told{err: err, mend: fmt.Sprintf("`parley help %s` explains it.", strings.TrimPrefix(node.Path(), "parley ")), code: usageCode}
}

func usageError(err error) error {
	return &told{err: err, mend: "`parley --help` lists the commands, `parley help serve` the settings.", code: usageCode}
}
