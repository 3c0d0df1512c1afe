package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/alecthomas/kong"

	"parley/media/rtc"
)

// parse runs the command line as run does, up to the point of serving.
func parse(t *testing.T, args ...string) (serveCmd, error) {
	t.Helper()
	var c cli
	file := &fileResolver{}
	if err := file.load(args); err != nil {
		return c.Serve, err
	}
	parser, err := kong.New(&c, kong.Resolvers(file), kong.Vars{"version": ""}, kong.ExplicitGroups(groups), kong.Exit(func(int) { t.Fatal("exit") }))
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(args)
	return c.Serve, err
}

func TestPrecedence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "parley.yaml")
	if err := os.WriteFile(file, []byte("listen: 127.0.0.1:1\nadvertise: [192.0.2.1, 192.0.2.2]\ngso: false\nmax-rooms: 7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("default", func(t *testing.T) {
		got, err := parse(t)
		if err != nil || got.Listen != "127.0.0.1:8443" || !got.GSO {
			t.Fatalf("got %+v, %v", got, err)
		}
	})
	t.Run("file over default", func(t *testing.T) {
		got, err := parse(t, "--config", file)
		if err != nil || got.Listen != "127.0.0.1:1" || got.GSO || got.MaxRooms != 7 || len(got.Advertise) != 2 {
			t.Fatalf("got %+v, %v", got, err)
		}
	})
	t.Run("environment over file", func(t *testing.T) {
		t.Setenv("PARLEY_LISTEN", "127.0.0.1:2")
		got, err := parse(t, "--config", file)
		if err != nil || got.Listen != "127.0.0.1:2" || got.MaxRooms != 7 {
			t.Fatalf("got %+v, %v", got, err)
		}
	})
	t.Run("flag over environment", func(t *testing.T) {
		t.Setenv("PARLEY_LISTEN", "127.0.0.1:2")
		got, err := parse(t, "--config", file, "--listen", "127.0.0.1:3")
		if err != nil || got.Listen != "127.0.0.1:3" {
			t.Fatalf("got %+v, %v", got, err)
		}
	})
	t.Run("rates", func(t *testing.T) {
		for text, want := range map[string]int64{"": 15e6, "800kbps": 8e5, "0": 0} {
			if text != "" {
				t.Setenv("PARLEY_LIMIT_SOURCE_RATE", text)
			}
			got, err := parse(t)
			if err != nil || int64(got.Limits.SourceRate) != want {
				t.Fatalf("%q: got %v, %v", text, got.Limits.SourceRate, err)
			}
			_ = os.Unsetenv("PARLEY_LIMIT_SOURCE_RATE")
		}
	})
	t.Run("config from the environment", func(t *testing.T) {
		t.Setenv("PARLEY_CONFIG", file)
		got, err := parse(t)
		if err != nil || got.MaxRooms != 7 {
			t.Fatalf("got %+v, %v", got, err)
		}
	})
}

// TestMistakesGetOneLineAndAdvice runs the real command line: every mistake
// ends with code 1 or 2, says what is wrong and how to go on.
func TestMistakesGetOneLineAndAdvice(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	cases := []struct {
		name string
		args []string
		want string
		code int
	}{
		{"unknown flag", []string{"--lisen", "x"}, "unknown flag --lisen", 2},
		{"unknown command", []string{"sreve"}, "unexpected argument sreve", 2},
		{"listen without port", []string{"--listen", "127.0.0.1"}, "is not HOST:PORT", 2},
		{"listen with a bad port", []string{"--listen", "127.0.0.1:http"}, "the port must be a number", 2},
		{"listen on a name", []string{"--listen", "example.org:1"}, "is not an IP address or localhost", 2},
		{"advertise a name", []string{"--advertise", "example.org"}, "is not an IP address", 2},
		{"certificate without key", []string{"--tls-cert", "x.pem"}, "go together", 2},
		{"bad level", []string{"--log-level", "loud"}, "must be one of", 2},
		{"no such file", []string{"--config", filepath.Join(dir, "none.yaml")}, "no such file", 1},
		{"unknown key", []string{"--config", write("a.yaml", "lisen: x\n")}, `unknown setting "lisen"`, 2},
		{"not a mapping", []string{"--config", write("b.yaml", "- a\n- b\n")}, "settings are lines such as", 1},
		{"zero rooms", []string{"--max-rooms", "0"}, "must be at least 1", 2},
		{"origin with a path", []string{"--allow-origin", "https://a.example/x"}, "--allow-origin: origin", 2},
		{"host with a port", []string{"--allow-host", "meet.example:443"}, "--allow-host: host", 2},
		{"proxy that is a name", []string{"--trusted-proxies", "loopback,proxy.example"}, "--trusted-proxies: proxy", 2},
		{"proxy that is everybody", []string{"--trusted-proxies", "0.0.0.0/0"}, "is everybody", 2},
		{"no certificate", []string{"--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "d1"), "--tls-cert", filepath.Join(dir, "none.pem"), "--tls-key", filepath.Join(dir, "none.pem")}, "--tls-cert takes a file", 1},
		{"port in use", []string{"--listen", busy(t), "--data", filepath.Join(dir, "d2")}, "is in use", 1},
		{"unwritable folder", []string{"--listen", "127.0.0.1:0", "--data", "/proc/parley"}, "Choose a folder you may write to", 1},
		{"foreign address", []string{"--listen", "192.0.2.1:0", "--data", filepath.Join(dir, "d3")}, "No interface of this machine", 1},
		{"joins below none", []string{"--limit-joins=-1"}, "--limit-joins must be from 0", 2},
		{"muting from fewer than none", []string{"--mute-from=-1"}, "must be at least 0", 2},
		{"fewer offers than none", []string{"--limit-offers=-1"}, "must be from 0", 2},
		{"fewer rooms than none", []string{"--limit-rooms=-1"}, "must be from 0", 2},
		{"more chat than counts", []string{"--limit-chat=1000001"}, "from 0, which is no limit, to 1000000", 2},
		{"less chat than none", []string{"--limit-chat=-1"}, "must be from 0", 2},
		{"interfaces and one address", []string{"--listen", "192.0.2.1:1", "--interfaces", "eth0"}, "has chosen one address already", 2},
		{"an interface that is none", []string{"--listen", "0.0.0.0:0", "--data", filepath.Join(dir, "d4"), "--interfaces", "nosuch0"}, "there is no interface nosuch0", 1},
		{"a rate that is none", []string{"--limit-source-rate", "fast"}, "is not a bitrate", 2},
		{"a rate that is not a number", []string{"--limit-source-rate", "nan"}, "is not a bitrate", 2},
		{"a rate that can not be kept", []string{"--limit-source-rate", "2Gbps"}, "to 1000Mbps, or 0", 2},
		{"a rate without its unit", []string{"--limit-source-rate", "15"}, "must be from 8kbps", 2},
		{"reports that are none", []string{"bench", "--compare", write("a.json", "{}"), write("b.json", "")}, "a.json", 1},
		{"data is a file", []string{"--listen", "127.0.0.1:0", "--data", write("file", "")}, "data folder", 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var out, errOut bytes.Buffer
			code := run(c.args, &out, &errOut)
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			if !strings.Contains(errOut.String(), c.want) {
				t.Errorf("stderr %q lacks %q", errOut.String(), c.want)
			}
			if n := strings.Count(strings.TrimSpace(errOut.String()), "\n"); n > 1 {
				t.Errorf("%d lines on stderr, want at most 2:\n%s", n+1, errOut.String())
			}
		})
	}
}

// busy returns the address of a port that is taken until the test's end.
func busy(t *testing.T) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return ln.Addr().String()
}

func TestHelpNamesEverySetting(t *testing.T) {
	var out, errOut bytes.Buffer
	if code := run([]string{"serve", "--help"}, &out, &errOut); code != 0 {
		t.Fatalf("exit code %d: %s", code, errOut.String())
	}
	for _, want := range []string{"--listen", "--data", "--advertise", "--tls-cert", "PARLEY_LISTEN", "127.0.0.1:8443"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("help lacks %s:\n%s", want, out.String())
		}
	}
}

// TestPortErrorsSayWhatIsTheMatter: the advice fits the fault.
func TestPortErrorsSayWhatIsTheMatter(t *testing.T) {
	at := func(addr string) endpoint {
		a := netip.MustParseAddrPort(addr)
		return endpoint{"listen", a.Addr().String(), a}
	}
	for _, c := range []struct {
		at   endpoint
		err  error
		want string
	}{
		{at("192.0.2.1:8443"), syscall.EADDRNOTAVAIL, "No interface of this machine"},
		{at("127.0.0.1:8443"), syscall.EADDRNOTAVAIL, "An interface has that address"},
		{at("0.0.0.0:8443"), fmt.Errorf("%w: %w", rtc.ErrNoAddress, syscall.EADDRNOTAVAIL), "Bring up an interface"},
		{at("0.0.0.0:8443"), fmt.Errorf("x: %w", syscall.EMFILE), "open files"},
		{at("0.0.0.0:8443"), fmt.Errorf("x: %w", syscall.EADDRINUSE), "is in use"},
	} {
		var told *told
		err := portError(c.at, c.err)
		if !errors.As(err, &told) || !strings.Contains(told.Error()+" "+told.mend, c.want) {
			t.Errorf("%v on %v: %v lacks %q", c.err, c.at, err, c.want)
		}
	}
}
