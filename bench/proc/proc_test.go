package proc

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestParseCPUs(t *testing.T) {
	for text, want := range map[string]string{"": "", "0": "0", "3,1-2,1": "1,2,3", "0-1": "0,1"} {
		if got, err := ParseCPUs(text); err != nil || got.String() != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"x", "1-", "-1", "3-1", "9999", "1,,2"} {
		if _, err := ParseCPUs(text); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

func TestParseStat(t *testing.T) {
	line := "42 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 1 0"
	if ticks, err := parseStat([]byte(line)); err != nil || ticks != 200 {
		t.Errorf("%d, %v", ticks, err)
	}
	for _, bad := range []string{"", "42 (x) S 1 2", "no"} {
		if _, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestParseSmaps(t *testing.T) {
	m, err := parseSmaps([]byte("00400000-7ff 0\nRss:      2000 kB\nPss: 1 kB\nPrivate_Clean:  300 kB\nPrivate_Dirty:  400 kB\n"))
	if err != nil || m.RSS != 2000 || m.Private != 700 {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err = parseSmaps([]byte("nothing")); err == nil {
		t.Error("nothing was accepted")
	}
}

func TestMetrics(t *testing.T) {
	page := "# HELP x\na 1\nb{r=\"x y\",w=\"0\"} 2\nb{r=\"z}\",w=\"1\"} 3 1700000000\nbad\nbb 100\n"
	m, err := ParseMetrics(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := m.Sum("b"); !ok || v != 5 {
		t.Errorf("sum %v, %v", v, ok)
	}
	if _, ok := m.Sum("c"); ok {
		t.Error("a metric that is not there was summed")
	}
	if by := m.Label("b", "r"); by["x y"] != 2 || by["z}"] != 3 {
		t.Errorf("%v", by)
	}
	if d := m.Since(Metrics{"a": 0.5}); d["a"] != 0.5 || d["bb"] != 100 {
		t.Errorf("%v", d)
	}
}

func FuzzParseMetrics(f *testing.F) {
	f.Add("a{b=\"c\"} 1\n} 2\n{ 3")
	f.Fuzz(func(t *testing.T, page string) {
		m, err := ParseMetrics(strings.NewReader(page))
		if err == nil {
			m.Sum("a")
			m.Label("a", "b")
		}
	})
}

func TestOwnUsage(t *testing.T) {
	if runtime.GOOS != "linux" {
		return // there is no /proc to read
	}
	before, err := CPUTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	self := SelfCPU()
	for end := time.Now().Add(150 * time.Millisecond); time.Now().Before(end); {
	}
	after, _ := CPUTime(os.Getpid())
	if after-before < 30*time.Millisecond || SelfCPU()-self < 30*time.Millisecond {
		t.Errorf("busy for 150 ms: %v, %v of CPU", after-before, SelfCPU()-self)
	}
	if data, err := os.ReadFile("/proc/self/stat"); err == nil {
		ticks, _ := parseStat(data)
		if d := after - time.Duration(ticks)*10*time.Millisecond; d < -50*time.Millisecond || d > 50*time.Millisecond {
			t.Errorf("the clock tells %v, stat %d ticks", after, ticks)
		}
	}
	if m, err := MemoryOf(os.Getpid()); err != nil || m.RSS < 1000 {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := CPUTime(1 << 30); err == nil {
		t.Error("a process that is not there has CPU time")
	}
}

func TestStartOnPinsTheChild(t *testing.T) {
	all := Allowed()
	if runtime.GOOS != "linux" || len(all) == 0 {
		return // pinning needs Linux
	}
	last := all[len(all)-1:]
	cmd := exec.Command("grep", "Cpus_allowed_list", "/proc/self/status")
	var out strings.Builder
	cmd.Stdout = &out
	if err := StartOn(cmd, last); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || strings.Fields(out.String())[1] != last.String() {
		t.Errorf("child may use %q, want %v; %v", out.String(), last, err)
	}
	if after := Allowed(); after.String() != all.String() {
		t.Errorf("this process moved from %v to %v", all, after)
	}
}

func TestAServerThatEndsAtOnceIsTold(t *testing.T) {
	_, err := StartServer(context.Background(), &ServerSpec{Program: "/bin/sh", Env: nil, Args: nil})
	if err == nil || !strings.Contains(err.Error(), "ended at once") {
		t.Errorf("%v", err)
	}
}

func TestTailKeepsTheEnd(t *testing.T) {
	var log tail
	log.Write([]byte(strings.Repeat("x", 5000)))
	log.Write([]byte("\nlast words\n\n"))
	if log.last() != "last words" || len(log.text) > tailMax {
		t.Errorf("%q of %d bytes", log.last(), len(log.text))
	}
}
