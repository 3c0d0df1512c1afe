package main

import "time"

// result is a stack's line of the table.
type result struct {
	Stack   string `json:"stack"`
	Version string `json:"version"`

	Plain   trial   `json:"plain"`
	Restart *change `json:"ice_restart,omitempty"`
	Rebound *change `json:"rebinding,omitempty"`
	Mended  *change `json:"ice_restart_after_rebinding,omitempty"`
	Lost    trial   `json:"lost_checks"`
	IPv6    trial   `json:"ipv6"`

	// Client and Server are the stack in the one and the other part of the
	// DTLS handshake, over a path with a round trip of slowTrip.
	Client trial `json:"as_dtls_client"`
	Server trial `json:"as_dtls_server"`
}

// trial is what one session showed.
type trial struct {
	Problem string `json:"problem,omitempty"`
	Joined  bool   `json:"joined"`
	Up      bool   `json:"up"`   // the company got the stack's media
	Down    bool   `json:"down"` // the stack opened the company's media
	// MediaMS is from the answer given to the stack to media both ways.
	MediaMS float64 `json:"media_ms,omitempty"`
	// FirstSoundMS is from the stack's first binding request to its first
	// SRTP packet.
	FirstSoundMS float64 `json:"first_sound_ms,omitempty"`
	Check        *asked  `json:"check,omitempty"`
	Role         string  `json:"dtls_role,omitempty"`
	Profile      string  `json:"srtp_profile,omitempty"`
	HelloVerify  bool    `json:"hello_verify_request,omitempty"`
}

// asked is what became of the server's checks in a session.
type asked struct {
	ByServer bool    `json:"by_server"` // not by the relay in its place
	Answered bool    `json:"answered"`  // with a success that proves the address
	MS       float64 `json:"ms"`        // from the sending that was answered
	// ProofMS is from the stack's first binding request to the proof.
	ProofMS   float64 `json:"proof_ms"`
	Sendings  int     `json:"sendings"`
	Codes     []int   `json:"codes,omitempty"` // of error responses; -1: not told
	Unsound   int     `json:"unsound"`         // successes with a wrong integrity
	Silent    int     `json:"silent"`          // checks that were never answered
	EarlyDTLS int     `json:"early_dtls"`      // datagrams before the proof
}

// change is what came of an event in a running session.
type change struct {
	Problem string `json:"problem,omitempty"`
	// Check says what became of checks with the new credentials or from the
	// server to the new address.
	Check *asked `json:"check,omitempty"`
	Up    bool   `json:"up"`
	Down  bool   `json:"down"`
	// MediaS is until media flowed both ways again, in seconds.
	MediaS float64 `json:"media_s,omitempty"`
}

// passed reports whether the stack did what it must.
func (r *result) passed() bool {
	p := &r.Plain
	return p.Joined && p.Up && p.Down && p.Check != nil && p.Check.Answered
}

// facts sums up the checks from the n-th on.
func (w *watch) facts(n int) *asked {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := &asked{ByServer: w.own, EarlyDTLS: w.held}
	for _, c := range w.checks[min(n, len(w.checks)):] {
		a.Sendings += c.sendings
		switch {
		case c.answered.IsZero():
			a.Silent++
		case c.code != 0:
			a.Codes = append(a.Codes, c.code)
		case !c.sound:
			a.Unsound++
		case !a.Answered:
			a.Answered = true
			a.MS = ms(c.answered.Sub(c.sent))
			a.ProofMS = ms(c.answered.Sub(w.asked))
		}
	}
	if a.Sendings == 0 {
		return nil
	}
	return a
}

// made is how many checks there have been.
func (w *watch) made() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.checks)
}

// describe fills in what was seen of handshake and first packet.
func (w *watch) describe(t *trial) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t.Role, t.Profile, t.HelloVerify = w.dtls.role(), w.dtls.profile, w.dtls.verifies > 0
	if !w.up.IsZero() {
		t.FirstSoundMS = ms(w.up.Sub(w.asked))
	}
}

func ms(d time.Duration) float64 {
	return float64(d.Round(10*time.Microsecond)) / float64(time.Millisecond)
}
