package bench

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parley/bench/proc"
	"parley/bench/report"
)

// TestErrorsAreOneClearLine: what can not be measured is refused with one
// line, and no report is written.
func TestErrorsAreOneClearLine(t *testing.T) {
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + ln.Addr().String()
	ln.Close()
	for name, c := range map[string]struct{ args, want string }{
		"unreachable":      {"audience --url " + nobody, "nothing answers at"},
		"wrong server":     {"meet --url " + other.URL, "is not a Parley server"},
		"no address":       {"idle --url 127.0.0.1:8443", "is not an address like"},
		"too short":        {"audience --duration 1s --warmup 2s", "shorter than its warm-up"},
		"no duration":      {"voice --duration 0s", "longer than 0"},
		"too many clients": {"audience --watchers 900000", "open files are needed"},
		"room of one":      {"meet --size 1", "at least two"},
		"too many seats":   {"meet --seats 41", "1 to 40 seats"},
		"bad bitrate":      {"audience --bitrate 1", "--bitrate must be at least"},
		"sockets too long": {"sockets --duration 70s", "must stay below"},
		"chat too fast":    {"chat --size 2 --rate 100", "--rate must be"},
		"join too fast":    {"join --rate 5000", "--rate must be"},
		"bad processors":   {"meet --server-cpus 5-2", "--server-cpus"},
		"no such binary":   {"meet --server /nonexistent/parley", "start server"},
		"no report":        {"compare /dev/null /dev/null", "/dev/null"},
		"bad share":        {"meet --net-loss 200%", "not a share"},
		"records, no size": {"records --size 0", "--size must be"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "r.json")
			args := strings.Fields(c.args)
			if args[0] != "compare" {
				args = append(args, "--json", file)
			}
			var out strings.Builder
			err := runCommand(t.Context(), &out, args...)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v", err)
			}
			if _, err := os.Stat(file); err == nil {
				t.Error("a report was written")
			}
		})
	}
}

func TestRecordsIsMeasuredAndVerified(t *testing.T) {
	file := filepath.Join(t.TempDir(), "r.json")
	var out strings.Builder
	if err := runCommand(t.Context(), &out, "records", "--writers", "1,8", "--duration", "300ms", "--json", file, "--dir", t.TempDir()); err != nil {
		t.Fatal(err)
	}
	rep, err := report.Read(file)
	if err != nil || len(rep.Records) != 2 {
		t.Fatalf("%+v, %v", rep, err)
	}
	for _, r := range rep.Records {
		if r.RecordsPerS <= 0 || r.Ack == nil || *r.BatchMean < 1 || *r.BatchMean > float64(r.Writers)+1 || *r.FdatasyncMS <= 0 {
			t.Errorf("%+v", r)
		}
	}
}

func TestInterruptedFloorIsPartial(t *testing.T) {
	all := proc.Allowed()
	defer proc.PinSelf(all) // the scenario moves this process to one processor
	ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	file := filepath.Join(t.TempDir(), "r.json")
	var out strings.Builder
	if err := runCommand(ctx, &out, "floor", "--destinations", "1,2,3", "--cpus", "", "--json", file); err != nil {
		t.Fatal(err)
	}
	rep, err := report.Read(file)
	if err != nil || !rep.Partial || len(rep.Floor) == 0 {
		t.Errorf("%+v, %v", rep, err)
	}
}

func TestLimitsMakeTheExitStatus(t *testing.T) {
	rep := report.New("meet", 1)
	var out strings.Builder
	if err := publish(rep, &Output{}, &report.Limits{Ratio: report.Some(1.3)}, &out); !errors.Is(err, ErrLimits) {
		t.Errorf("a limit on what was not measured: %v", err)
	}
	if !strings.Contains(out.String(), "not measured") {
		t.Error(out.String())
	}
}

func TestValues(t *testing.T) {
	for text, want := range map[string]Bits{"1Mbps": 1e6, "64kbps": 64000, "64000": 64000, "2.5 mbit/s": 2_500_000, "1g": 1e9} {
		var b Bits
		if err := b.UnmarshalText([]byte(text)); err != nil || b != want {
			t.Errorf("%q: %v, %v", text, b, err)
		}
		var again Bits
		if err := again.UnmarshalText([]byte(b.String())); err != nil || again != b {
			t.Errorf("%v is written %q and read %v, %v", int64(b), b.String(), int64(again), err)
		}
	}
	var b Bits
	for _, text := range []string{"", "x", "-1", "1e99"} {
		if b.UnmarshalText([]byte(text)) == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

func TestTopology(t *testing.T) {
	video := &VideoFlags{Bitrate: 1e6, FPS: 30}
	topo := (&roomSpec{rooms: 2, size: 4, publishers: 4, seats: 2, publish: publishing(true, video)}).build("x")
	watched := make(map[int]int)
	for i, list := range topo.watches {
		if len(list) != 2 {
			t.Errorf("%d watches %v", i, list)
		}
		for _, j := range list {
			watched[j]++
			if j == i || j/4 != i/4 {
				t.Errorf("%d watches %d", i, j)
			}
		}
	}
	for j := range 8 {
		if watched[j] != 2 {
			t.Errorf("%d is watched by %d", j, watched[j])
		}
	}
	audience := (&roomSpec{rooms: 1, size: 5, publishers: 1, seats: 1, publish: publishing(false, video)}).build("x")
	if got := audience.forwardedPPS(120); got != 480 {
		t.Errorf("%v packets a second", got)
	}
	if order := audience.joinOrder(); order[0].Publish.Bitrate == 0 {
		t.Error("a watcher joins first")
	}
}
