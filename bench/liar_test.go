package bench

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/bench/proc"
)

// Lies about packets.

func dropEvery(n int) func(*line, []byte) [][]byte {
	return func(l *line, pkt []byte) [][]byte {
		if l.packets%n == 0 {
			return nil
		}
		return [][]byte{pkt}
	}
}

func repeatEvery(n int) func(*line, []byte) [][]byte {
	return func(l *line, pkt []byte) [][]byte {
		if l.packets%n == 0 {
			return [][]byte{pkt, pkt}
		}
		return [][]byte{pkt}
	}
}

// mute withholds the stream that came first.
func mute(l *line, pkt []byte) [][]byte {
	ssrc := binary.BigEndian.Uint32(pkt[8:])
	if l.ssrc == 0 {
		l.ssrc = ssrc
	}
	if l.ssrc == ssrc {
		return nil
	}
	return [][]byte{pkt}
}

// foreign adds packets of a stream that nobody told of.
func foreign(l *line, pkt []byte) [][]byte {
	if l.packets%20 != 0 {
		return [][]byte{pkt}
	}
	other := bytes.Clone(pkt)
	binary.BigEndian.PutUint32(other[8:], 12345)
	return [][]byte{pkt, other}
}

func forge(l *line, pkt []byte) [][]byte {
	if l.packets%20 == 0 {
		pkt[len(pkt)-1] ^= 1
	}
	return [][]byte{pkt}
}

// Lies about what is said.

// reword replaces all that pattern matches.
func reword(pattern, text string) func(*line, string) []string {
	re := regexp.MustCompile(pattern)
	return func(_ *line, msg string) []string { return []string{re.ReplaceAllString(msg, text)} }
}

// exchange swaps a and b in messages that contain mark.
func exchange(mark, a, b string) func(*line, string) []string {
	r := strings.NewReplacer(a, b, b, a)
	return func(_ *line, msg string) []string {
		if strings.Contains(msg, mark) {
			msg = r.Replace(msg)
		}
		return []string{msg}
	}
}

// withhold leaves out messages of a type.
func withhold(kind string) func(*line, string) []string {
	return func(_ *line, msg string) []string {
		if strings.Contains(msg, `"type":"`+kind+`"`) {
			return nil
		}
		return []string{msg}
	}
}

// chatter changes each third text of the chat.
func chatter(change func(msg string) []string) func(*line, string) []string {
	return func(l *line, msg string) []string {
		if !strings.Contains(msg, "parley-bench:") {
			return []string{msg}
		}
		if l.texts++; l.texts%3 != 0 {
			return []string{msg}
		}
		return change(msg)
	}
}

// stuck makes a metric tell the same all the time.
func stuck(name, value string) func(string) string {
	re := regexp.MustCompile(`(?m)^(` + name + `(?:\{[^}]*\})?) .*$`)
	return func(page string) string { return re.ReplaceAllString(page, "${1} "+value) }
}

const (
	meeting = "meet --size 3 --seats 2 --bitrate 60kbps --fps 10 --warmup 200ms --duration 1100ms --no-floor --stride 1 -q"
	coming  = "school --participants 3 --size 3 --seats 2 --warmup 100ms --back 2s -q"
	talking = "chat --size 4 --rate 6 --warmup 100ms --duration 1s --no-floor -q"
)

// lies are all that a relay does, and what the bench has to say of each.
var lies = map[string]struct {
	lie
	args string
	want string // "": nothing to find fault with
}{
	"none":              {lie{}, meeting + " --max-loss 0% --max-allocs 100000 --max-cpu 100000 --min-run-share 0", ""},
	"none, coming back": {lie{}, coming + " --max-back 2s", ""},
	"none, in chat":     {lie{}, talking, ""},

	"loses":                  {lie{packet: dropEvery(10)}, meeting + " --max-loss 5%", "FAIL loss_pct: "},
	"duplicates":             {lie{packet: repeatEvery(10)}, meeting, "FAIL duplicates: "},
	"forwards nothing":       {lie{packet: dropEvery(1)}, meeting, "FAIL forwarded_packets: 0"},
	"withholds a stream":     {lie{packet: mute}, meeting, "FAIL silent_streams: "},
	"sends foreign packets":  {lie{packet: foreign}, meeting, "FAIL strangers: "},
	"sends forged packets":   {lie{packet: forge}, meeting, "FAIL undecryptable: "},
	"swaps seats":            {lie{say: exchange(`"type":"seated"`, `"seat":0`, `"seat":1`)}, meeting, "FAIL crosstalk: "},
	"seats who is not there": {lie{say: reword(`("type":"seated".*"participant":")[^"]*`, "${1}nobody")}, meeting, "FAIL silent_streams: "},
	"tells of no seat":       {lie{say: withhold("seated")}, meeting, "FAIL silent_streams: "},
	"hangs up":               {lie{hangUp: time.Second}, meeting, "FAIL lost_clients: "},

	"answers without a section": {lie{say: reword(`a=mid:7\b`, "a=mid:77")}, meeting, "answer lacks a section"},
	"answers for another":       {lie{say: reword(`a=fingerprint:sha-256 ..:..`, "a=fingerprint:sha-256 00:00")}, meeting, "fingerprint"},
	"answers without a path":    {lie{say: reword(`a=candidate:`, "a=x:")}, meeting, "answer without a UDP candidate"},
	"answers nothing":           {lie{say: reword(`"answer":"[^"]*"`, `"answer":""`)}, meeting, "answer without ice-ufrag"},
	"answers other streams":     {lie{say: reword(`(a=ssrc:)\d`, "${1}99")}, meeting, "FAIL strangers: "},
	"answers sections swapped":  {lie{say: exchange(`"answer":`, `a=mid:4\r`, `a=mid:6\r`)}, meeting, "FAIL crosstalk: "},

	"counts no allocations": {lie{page: stuck("go_memstats_mallocs_total", "5")}, meeting + " --max-allocs 100000", "FAIL allocs_per_packet: not measured"},
	"uses no numbers":       {lie{page: stuck("process_cpu_seconds_total", "NaN")}, meeting + " --max-cpu 100000", "FAIL cpu_us: not measured"},
	"counts no packets":     {lie{page: stuck("parley_rtp_forwarded_total", "1")}, meeting + " --min-run-share 0", "FAIL run_share: not measured"},
	"has no metrics":        {lie{page: func(string) string { return "" }}, meeting + " --max-allocs 100000", "FAIL allocs_per_packet: not measured"},

	"forgets who comes back": {lie{say: reword(`"type":"resumed"`, `"type":"error","code":"resume_gone","message":"x"`)}, coming, "FAIL return.failures: 3"},
	"says yes to anything":   {lie{say: reword(`"type":"resumed".*`, `"type":"ok","id":1}`)}, coming, "FAIL return.failures: 3"},
	"loses texts":            {lie{say: chatter(func(string) []string { return nil })}, talking, "FAIL chat.lost: "},
	"repeats texts":          {lie{say: chatter(func(m string) []string { return []string{m, m} })}, talking, "FAIL chat.repeated: "},
	"leaks texts": {lie{say: chatter(func(m string) []string {
		return []string{m, strings.ReplaceAll(m, ":chat-1:", ":chat-2:")}
	})}, talking, "FAIL crosstalk: "},
}

// TestALyingServerIsFoundOut: whatever a server does that it may not, a run ends
// with an error and says what it was; an honest one's run does not. Many run at
// once, for most of their time they wait.
func TestALyingServerIsFoundOut(t *testing.T) {
	server, err := proc.StartServer(t.Context(), &proc.ServerSpec{Program: realServer(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	type outcome struct {
		out strings.Builder
		err error
	}
	outcomes := make(map[string]*outcome)
	var all sync.WaitGroup
	places := make(chan struct{}, 12) // more at once, and joins starve each other on a busy machine
	for name, c := range lies {
		o := new(outcome)
		outcomes[name] = o
		r := newRelay(t, server.URL, strings.Map(letters, name), c.lie)
		all.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			o.err = runCommand(ctx, &o.out, append(strings.Fields(c.args), "--url", r.http.URL, "--loops", "1")...)
		})
	}
	all.Wait()
	for name, c := range lies {
		t.Run(name, func(t *testing.T) {
			o := outcomes[name]
			said := o.out.String()
			switch failed := strings.HasPrefix(c.want, "FAIL "); {
			case c.want == "":
				if o.err != nil {
					t.Errorf("%v\n%s", o.err, said)
				}
			case failed && (!errors.Is(o.err, ErrLimits) || !strings.Contains(said, c.want)), !failed && (o.err == nil || !strings.Contains(o.err.Error(), c.want)):
				t.Errorf("%q is not told: %v\n%s", c.want, o.err, said)
			}
		})
	}
}

// letters leaves only those.
func letters(r rune) rune {
	if r < 'a' || r > 'z' {
		return -1
	}
	return r
}
