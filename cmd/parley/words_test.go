package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// said runs the command line and returns what it printed.
func said(args ...string) (out, errOut string, code int) {
	var o, e bytes.Buffer
	code = run(args, &o, &e)
	return o.String(), e.String(), code
}

func TestVersionAndHelp(t *testing.T) {
	line, _, _ := said("version")
	if !strings.HasPrefix(line, "parley "+version) {
		t.Fatalf("version says %q", line)
	}
	for _, args := range [][]string{{"--version"}, {"serve", "--version"}} {
		if out, errOut, code := said(args...); out != line || code != 0 {
			t.Errorf("%q: %q %q, code %d; want %q", args, out, errOut, code, line)
		}
	}
	for _, c := range [][2][]string{{{"help"}, {"--help"}}, {{"help", "serve"}, {"serve", "--help"}}, {{"help", "bench", "audience"}, {"bench", "audience", "--help"}}} {
		out, errOut, code := said(c[0]...)
		if want, _, _ := said(c[1]...); out != want || code != 0 || len(out) < 200 {
			t.Errorf("%q: code %d, %q; want what %q says", c[0], code, errOut, c[1])
		}
	}
	if _, errOut, code := said("help", "srve"); code != 2 || !strings.Contains(errOut, "did you mean serve?") {
		t.Errorf("help for what is no command: %q, code %d", errOut, code)
	}
	out, _, _ := said("--help")
	for _, want := range []string{"serving, media, limits and operating", "parley help serve", "help Explain parley"} {
		if !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
			t.Errorf("--help lacks %q:\n%s", want, out)
		}
	}
}

// TestMistakesInPlainWords: no word of the parser's, and where the mistake is.
func TestMistakesInPlainWords(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) string {
		path := filepath.Join(dir, fmt.Sprintf("%d.yaml", len(text)))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		name, file, env string
		args            []string
		want            string // FILE stands for the file
	}{
		{"number", "", "", []string{"--max-rooms=many"}, `--max-rooms takes a whole number, not "many"`},
		{"time", "", "", []string{"--drain=5"}, `--drain takes a time such as 30s, 5m or 1h30m, not "5"`},
		{"switch", "", "", []string{"--log-json=7"}, `--log-json takes true or false, not "7"`},
		{"choice", "", "", []string{"--log-level=loud"}, `--log-level must be one of "error", "warn", "info", "debug", not "loud"`},
		{"nothing", "", "", []string{"--listen"}, `--listen needs a value after it`},
		{"misspelt", "", "", []string{"--max-romos=3"}, `unknown flag --max-romos; did you mean --max-rooms?`},
		{"far from any", "", "", []string{"--foo"}, "unknown flag --foo\n"},
		{"former", "", "", []string{"--joins-per-minute=3"}, `unknown flag --joins-per-minute; it is --limit-joins now`},
		{"command", "", "", []string{"sreve"}, `unexpected argument sreve; did you mean serve?`},
		{"file: empty folder", "data: \"\"\n", "", nil, `FILE:1: data needs the name of a folder`},
		{"short for version", "", "", []string{"-v"}, `unknown flag -v; did you mean --version?`},
		{"variable: choice", "", "PARLEY_LOG_LEVEL=loud", nil, `PARLEY_LOG_LEVEL must be one of "error"`},
		{"file: choice", "log-level: loud\n", "", nil, `FILE:1: log-level must be one of "error"`},
		{"file: another file", "config: other.yaml\n", "", nil, `FILE:1: config names this file`},
		{"variable", "", "PARLEY_MAX_ROOMS=x", nil, `PARLEY_MAX_ROOMS takes a whole number, not "x"`},
		{"variable that the server refuses", "", "PARLEY_LISTEN=nonsense", nil, `PARLEY_LISTEN "nonsense" is not HOST:PORT`},
		{"file: number", "# rooms\nmax-rooms: x\n", "", nil, `FILE:2: max-rooms takes a whole number, not "x"`},
		{"file: refused", "data: x\n\nlisten: nonsense\n", "", nil, `FILE:3: listen "nonsense" is not HOST:PORT`},
		{"file: unknown", "data: x\nlisten: localhost:1\nmax_rooms: 3\n", "", nil, `FILE:3: unknown setting "max_rooms"; did you mean max-rooms?`},
		{"file: former", "joins-per-minute: 3\n", "", nil, `FILE:1: unknown setting "joins-per-minute"; it is limit-joins now`},
		{"file: twice", "listen: localhost:1\nlisten: localhost:2\n", "", nil, `FILE:2: listen is there twice, first in line 1`},
		{"file: below it", "limit:\n  joins: 3\n", "", nil, `FILE:1: limit takes a value or a list, no settings below it`},
		{"file: list in a list", "advertise: [[a]]\n", "", nil, `FILE:1: advertise takes a list of texts`},
		{"file: empty", "listen:\n", "", nil, `FILE:1: listen has no value`},
		{"file: no YAML", "listen: [1\n", "", nil, `FILE:1: did not find`},
		{"file: a list", "- a\n", "", nil, "FILE:1: settings are lines such as"},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := append([]string{"--data", filepath.Join(dir, "data")}, c.args...)
			file := ""
			if c.file != "" {
				file = write(c.file)
				args = []string{"--config", file}
			}
			if name, value, ok := strings.Cut(c.env, "="); ok {
				t.Setenv(name, value)
			}
			_, errOut, code := said(args...)
			want := strings.ReplaceAll(c.want, "FILE", file)
			if code == 0 || !strings.HasPrefix(errOut, "parley: "+want) {
				t.Errorf("code %d, %q; want %q", code, errOut, want)
			}
			if n := strings.Count(strings.TrimSpace(errOut), "\n"); n > 1 {
				t.Errorf("%d lines", n+1)
			}
		})
	}
}

// TestMistakesInCommands: the words of the command that was begun, and its help.
func TestMistakesInCommands(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"store chek", "unexpected argument chek; did you mean check?\n`parley help store` explains it."},
		{"help store chek", "unexpected argument chek; did you mean check?\n`parley help store` explains it."},
		{"store", "store needs a command after it: backup, check, repair, restore\n`parley help store` explains it."},
		{"backup", "backup needs <file> after it\n`parley help backup` explains it."},
		{"store restore x --jsn", "unknown flag --jsn; did you mean --json?\n`parley help store restore` explains it."},
		{"store check " + filepath.Join(t.TempDir(), "none"), "There is no such backup."},
		{"store restore " + filepath.Join(t.TempDir(), "none"), "There is no such backup."},
	} {
		_, errOut, code := said(strings.Fields(c.args)...)
		if got := strings.ReplaceAll(errOut, "\n        ", "\n"); code == 0 || !strings.Contains(got, c.want) {
			t.Errorf("%q: code %d, %q", c.args, code, got)
		}
	}
}

func TestVariablesThatAreNoSettings(t *testing.T) {
	var c cli
	parser, err := kong.New(&c, kong.ExplicitGroups(groups), kong.Vars{"version": ""})
	if err != nil {
		t.Fatal(err)
	}
	environ := []string{"PATH=/bin", "PARLEY_LISTEN=x", "PARLEY_LIMIT_JOINS=3", "PARLEY_LISTN=x", "PARLEY_JOINS_PER_MINUTE=5", "PARLEY_BIN=/x", "XPARLEY_LISTEN=1", "PARLEY_max_rooms=3"}
	var log bytes.Buffer
	warnOfStrangers(slog.New(slog.NewTextHandler(&log, nil)), strangers(parser.Model, environ))
	for _, want := range []string{
		`no effect; did you mean PARLEY_LISTEN?" variable=PARLEY_LISTN`,
		`no effect; it is PARLEY_LIMIT_JOINS now" variable=PARLEY_JOINS_PER_MINUTE`,
		`no effect" variable=PARLEY_BIN`,
		`no effect; did you mean PARLEY_MAX_ROOMS?" variable=PARLEY_max_rooms`,
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s:\n%s", want, log.String())
		}
	}
	if n := strings.Count(log.String(), "\n"); n != 4 {
		t.Errorf("%d lines:\n%s", n, log.String())
	}
	if strings.Contains(log.String(), "/x") {
		t.Error("a value is in the log")
	}
	log.Reset()
	warnOfStrangers(slog.New(slog.NewTextHandler(&log, nil)), make([]stranger, 500))
	if n := strings.Count(log.String(), "\n"); n != mostStrangers+1 {
		t.Errorf("%d lines for 500 variables", n)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"listen", "lisen", 1}, {"sreve", "serve", 1}, {"abc", "abd", 1}, {"rooms", "romos", 1}, {"data", "drain", 3}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("%q to %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// TestBoxShowsOtherAddresses: whoever reads the box on the server's screen can tell
// others where to go.
func TestBoxShowsOtherAddresses(t *testing.T) {
	at := func(addrs ...string) (all []netip.AddrPort) {
		for _, a := range addrs {
			all = append(all, netip.AddrPortFrom(netip.MustParseAddr(a), 8443))
		}
		return all
	}
	got := fmt.Sprint(elsewhere(at("127.0.0.1", "192.168.1.5", "::1", "fe80::1", "2001:db8::7", "192.168.1.5"), "https", 8443))
	if want := "[[ https://192.168.1.5:8443] [ https://[2001:db8::7]:8443]]"; got != want {
		t.Errorf("rows %s, want %s", got, want)
	}
	got = fmt.Sprint(elsewhere(at("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"), "http", 80))
	if !strings.HasSuffix(got, "[ http://10.0.0.4:80] [ and at 2 more addresses]]") {
		t.Errorf("many addresses: %s", got)
	}
	if rows := elsewhere(at("127.0.0.1"), "http", 80); rows != nil {
		t.Errorf("only loopback: %q", rows)
	}
}
