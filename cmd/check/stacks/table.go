package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// printTables writes what was found, a line a stack.
func printTables(out io.Writer, results []*result) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "stack\tversion\tjoined\tup/down\tcheck answered\tchecks lost\tIPv6\tICE restart\trebinding\tDTLS\tSRTP")
	for _, r := range results {
		fmt.Fprintln(w, strings.Join([]string{
			r.Stack, first(r.Version, "?"), yes(r.Plain.Joined), both(r.Plain.Up, r.Plain.Down), answered(r.Plain.Check),
			lost(&r.Lost), reached(&r.IPv6), changed(r.Restart), rebinding(r), dash(r.Plain.Role), dash(r.Plain.Profile)}, "\t"))
	}
	w.Flush()
	fmt.Fprintf(out, "\nAs the server of the DTLS handshake (a=setup:active in the answer), round trip %v:\n", slowTrip)
	fmt.Fprintln(w, "stack\tSRTP\tHelloVerifyRequest\tfirst sound\tas the client\tproblem")
	for _, r := range results {
		fmt.Fprintln(w, strings.Join([]string{r.Stack, dash(r.Server.Profile), yes(r.Server.HelloVerify),
			millis(r.Server.FirstSoundMS), millis(r.Client.FirstSoundMS), r.Server.Problem}, "\t"))
	}
	w.Flush()
	fmt.Fprintln(out)
	for _, r := range results {
		r.printProblems(out)
	}
}

func (r *result) printProblems(out io.Writer) {
	for _, p := range []struct{ of, text string }{
		{"plain", r.Plain.Problem}, {"checks lost", r.Lost.Problem}, {"IPv6", r.IPv6.Problem},
		{"ICE restart", problem(r.Restart)}, {"rebinding", problem(r.Rebound)}, {"ICE restart after rebinding", problem(r.Mended)}, {"as client", r.Client.Problem},
	} {
		if p.text != "" {
			fmt.Fprintf(out, "%s, %s: %s\n", r.Stack, p.of, p.text)
		}
	}
}

func problem(c *change) string {
	if c == nil {
		return ""
	}
	return c.Problem
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func both(up, down bool) string { return yes(up) + "/" + yes(down) }

func dash(s string) string { return first(s, "-") }

func millis(ms float64) string {
	if ms == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f ms", ms)
}

// answered says what became of the checks: "0.4 ms", "never", "error 487".
func answered(a *asked) string {
	if a == nil {
		return "-"
	}
	var b strings.Builder
	if a.Answered {
		fmt.Fprintf(&b, "%.2f ms", a.MS)
	} else {
		b.WriteString("never")
	}
	for _, code := range a.Codes {
		fmt.Fprintf(&b, ", error %d", code)
	}
	if a.Unsound > 0 {
		fmt.Fprintf(&b, ", %d unsound", a.Unsound)
	}
	return b.String()
}

// lost says when the proof and media came although checks were lost.
func lost(t *trial) string {
	if t.Check == nil || !t.Check.Answered {
		return "never"
	}
	text := fmt.Sprintf("proof %.0f ms", t.Check.ProofMS)
	if t.MediaMS == 0 {
		return text + ", no media"
	}
	return text + fmt.Sprintf(", media %.0f", t.MediaMS)
}

func reached(t *trial) string {
	if t.Problem != "" {
		return "failed"
	}
	if !t.Up || !t.Down {
		return "media " + both(t.Up, t.Down)
	}
	return answered(t.Check)
}

func changed(c *change) string {
	switch {
	case c == nil:
		return "-"
	case c.Problem != "":
		return "failed"
	case !c.Up || !c.Down:
		return "media " + both(c.Up, c.Down)
	case c.Check == nil:
		return fmt.Sprintf("%.1f s, no check", c.MediaS)
	case !c.Check.Answered:
		return fmt.Sprintf("%.1f s, check %s", c.MediaS, answered(c.Check))
	}
	return fmt.Sprintf("%.1f s", c.MediaS)
}

func rebinding(r *result) string {
	if r.Mended == nil {
		return changed(r.Rebound)
	}
	return changed(r.Rebound) + "; restarted " + changed(r.Mended)
}
