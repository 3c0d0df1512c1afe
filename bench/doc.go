// Package bench is the load tool, "parley bench": light clients over the
// public protocol, scenarios, floor programs, reports.
//
// It is a black box: it knows the server by its WebSocket protocol, its
// /metrics page and its process, never by its code. Without --url it starts
// the server itself as a child process of the same binary, so that CPU and
// memory are the server's alone.
//
// Mounting it in a program with kong:
//
//	var cli struct {
//		Bench bench.Command `cmd:"" help:"Measure a server."`
//	}
//	k := kong.Parse(&cli, kong.ExplicitGroups(bench.Groups()))
//	k.BindTo(ctx, (*context.Context)(nil)) // ends at the first Ctrl-C: partial report
//	k.BindTo(os.Stdout, (*io.Writer)(nil))
//	err := k.Run()
//
// An error is one line to print before exit status 1; errors.Is(err,
// bench.ErrLimits) means that the run itself was fine and its report is
// printed, but a limit was not kept.
//
// The packages below: gcm (SRTP of our own), load (what is sent, how it is
// judged; pure), netloop (sockets), client (a participant), floor (the
// yardsticks), proc (processes), report (what comes out; pure). README.md says
// how to read a report.
package bench
