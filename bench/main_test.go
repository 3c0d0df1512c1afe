package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"testing"

	"github.com/alecthomas/kong"
	"go.uber.org/goleak"
)

// TestMain lets the test binary stand in for the program where it starts
// itself as a helper process: "bench forward-child".
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "bench" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		if err := runCommand(ctx, os.Stdout, os.Args[2:]...); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if built != "" {
			os.RemoveAll(built)
		}
		os.Exit(code)
	}))
}

// built is the folder of the program under test, empty until a test needs it.
var built string

// program builds the whole program once and returns its file.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "parley-bench-test-")
	if err != nil {
		return "", err
	}
	built = dir
	file := filepath.Join(dir, "parley")
	if out, err := exec.Command("go", "build", "-o", file, "parley/cmd/parley").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the server: %w\n%s", err, out)
	}
	return file, nil
})

// realServer is the file of the program under test.
func realServer(t *testing.T) string {
	t.Helper()
	file, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// runCommand runs a command line as cmd/parley does.
func runCommand(ctx context.Context, out io.Writer, args ...string) error {
	var cmd Command
	k, err := kong.New(&cmd, kong.Name("bench"), kong.ExplicitGroups(Groups()), kong.Exit(func(int) {}))
	if err != nil {
		return err
	}
	k.Stdout = out
	parsed, err := k.Parse(args)
	if err != nil {
		return err
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	parsed.BindTo(out, (*io.Writer)(nil))
	return parsed.Run()
}
