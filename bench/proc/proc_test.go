package proc

import (
	"context"
	"fmt"
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
	const rest = " S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 1 0"
	for name, comm := range map[string]string{
		"plain":          "parley",
		"parentheses":    "a) b (c",
		"looks like one": "x) R 1 2 3 4 5 6 7 8 9 10 7 7 7",
		"empty":          "",
		"only closing":   ")))",
		"line break":     "a\nb) S",
		"not UTF-8":      "\xff\xfe\x00",
	} {
		for _, end := range []string{"", "\n", " 18446744073709551615\n"} {
			if ticks, err := parseStat([]byte("42 (" + comm + ")" + rest + end)); err != nil || ticks != 200 {
				t.Errorf("%s: %d, %v", name, ticks, err)
			}
		}
	}
	for name, bad := range map[string]string{
		"nothing":       "",
		"no name":       "42 x" + rest,
		"cut in name":   "42 (par",
		"cut at name":   "42 (parley)",
		"cut early":     "42 (x) S 1 2",
		"cut at user":   "42 (x) S 1 2 3 4 5 6 7 8 9 10 150",
		"negative":      "42 (x) S 1 2 3 4 5 6 7 8 9 10 -150 50",
		"no number":     "42 (x) S 1 2 3 4 5 6 7 8 9 10 150 5o",
		"out of range":  "42 (x) S 1 2 3 4 5 6 7 8 9 10 18446744073709551616 0",
		"sum overflows": "42 (x) S 1 2 3 4 5 6 7 8 9 10 18446744073709551615 5",
	} {
		if ticks, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("%s: accepted as %d", name, ticks)
		}
	}
}

// FuzzParseStat: a process may call itself what it likes.
func FuzzParseStat(f *testing.F) {
	f.Add([]byte("a) b (c"), uint32(150), uint32(50))
	f.Add([]byte(") S 1 2 3 4 5 6 7 8 9 10 7 7 7\n"), uint32(0), uint32(1))
	f.Fuzz(func(t *testing.T, comm []byte, user, system uint32) {
		line := fmt.Appendf([]byte("42 ("), "%s) S 1 2 3 4 5 6 7 8 9 10 %d %d 0 0\n", comm, user, system)
		if ticks, err := parseStat(line); err != nil || ticks != uint64(user)+uint64(system) {
			t.Errorf("%q: %d, %v", line, ticks, err)
		}
	})
}

func TestParseSmaps(t *testing.T) {
	const good = "00400000-7ff 0\nRss:      2000 kB\nPss: 1 kB\nPrivate_Clean:  300 kB\nPrivate_Dirty:  400 kB\n"
	m, err := parseSmaps([]byte(good))
	if err != nil || m.RSS != 2000 || m.Private != 700 {
		t.Errorf("%+v, %v", m, err)
	}
	for name, bad := range map[string]string{
		"nothing":      "nothing",
		"cut at Rss":   "00400000-7ff 0\nRss:      2000",
		"another unit": "Rss: 2000 MB\n",
		"no number":    "Rss: 2o00 kB\n",
		"negative":     "Rss: -5 kB\n",
		"out of range": "Rss: 99999999999999999999 kB\n",
		"only private": "Private_Clean:  300 kB\nPrivate_Dirty:  400 kB\n",
		"long line":    strings.Repeat("x", 1<<17) + "\n" + good,
	} {
		if m, err := parseSmaps([]byte(bad)); err == nil {
			t.Errorf("%s: accepted as %+v", name, m)
		}
	}
}

// TestAMetricThatIsNoNumberIsAbsent: NaN and infinities would spread through
// every sum, and no report could be written with them.
func TestAMetricThatIsNoNumberIsAbsent(t *testing.T) {
	m, err := ParseMetrics(strings.NewReader("a NaN\nb +Inf\nc -Inf\nd{x=\"1\"} NaN\nd{x=\"2\"} 3\ne 1e999\ng\n g 5\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b", "c", "e"} {
		if v, ok := m.Sum(name); ok {
			t.Errorf("%s is %v", name, v)
		}
	}
	if v, _ := m.Sum("d"); v != 3 {
		t.Errorf("the sum beside a NaN is %v, want 3", v)
	}
	if v, _ := m.Sum("g"); v != 5 {
		t.Errorf("g is %v, want 5", v)
	}
}

func TestRise(t *testing.T) {
	before := Metrics{`a{x="1"}`: 3, `a{x="2"}`: 4, "b": 10}
	after := Metrics{`a{x="1"}`: 5, `a{x="2"}`: 3, "b": 9, "c": 1}
	if n, ok := after.Rise(before, "a"); !ok || n != 1 {
		t.Errorf("a rose by %v, %v", n, ok)
	}
	for _, name := range []string{"b", "c", "d"} { // fell, was not there, is not there
		if n, ok := after.Rise(before, name); ok {
			t.Errorf("%s rose by %v", name, n)
		}
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
	const busy = 50 * time.Millisecond
	self := SelfCPU()
	for end := time.Now().Add(10 * time.Second); SelfCPU()-self < busy && time.Now().Before(end); { // others may have the processor
	}
	after, _ := CPUTime(os.Getpid())
	if after-before < busy*9/10 || SelfCPU()-self < busy {
		t.Errorf("busy for at least %v: %v, %v of CPU", busy, after-before, SelfCPU()-self)
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
