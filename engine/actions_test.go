package engine

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/engine/access"
	"parley/engine/wire"
)

// change changes a row of actions for the time of a test.
func change(t *testing.T, typ string, to func(a *action)) {
	t.Helper()
	was, ok := actions[typ]
	if !ok {
		t.Fatalf("no row for %s", typ)
	}
	t.Cleanup(func() { actions[typ] = was })
	a := was
	to(&a)
	actions[typ] = a
}

// TestEveryRequestHasAnAction: what the protocol takes and what the engine does
// are the same requests, each row has a limit of its own choice, and one way to be
// handled.
func TestEveryRequestHasAnAction(t *testing.T) {
	if listed, known := slices.Sorted(slices.Values(wire.RequestTypes())), slices.Sorted(maps.Keys(actions)); !slices.Equal(listed, known) {
		t.Errorf("wire has %v, actions %v", listed, known)
	}
	needed := access.NoRight
	for typ, a := range actions {
		if a.limit == 0 || a.limit&limitMessages != 0 && a.limit != limitMessages {
			t.Errorf("%s: limit %b", typ, a.limit)
		}
		if chats, shows := a.limit&limitChats != 0, a.limit&limitShows != 0; chats && shows {
			t.Errorf("%s: a participant takes one limit of its own at most", typ)
		}
		if inside := a.do.participant != nil || a.do.room != nil; inside == (a.do.signal != nil) {
			t.Errorf("%s: handled by the connection and by others, or by nobody", typ)
		}
		if a.do.signal != nil && a.needs != access.NoRight {
			t.Errorf("%s: rights belong to participants", typ)
		}
		needed |= a.needs
	}
	// What has no request says what media does, or waits for its requests.
	const unasked = access.MaySpeak | access.MayShow | access.MayShare | access.MaySubscribe | access.MayData |
		access.MayUpdateMetadata | access.MayKeepOrder | access.MayHost | access.MayBan
	if needed != access.AllRights&^unasked {
		t.Errorf("rights %s, needed are %s", access.AllRights&^unasked, needed)
	}
}

// TestProtocolHasTheMatrix compares PROTOCOL.md's table of requests with the rows
// of actions.
func TestProtocolHasTheMatrix(t *testing.T) {
	text, err := os.ReadFile("wire/PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Order\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var types []string
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.Trim(strings.TrimSpace(cells[i]), "`")
		}
		a := actions[cells[0]]
		want := []string{cells[0], taken(a.when.fresh), taken(a.when.pending), taken(a.when.bound), a.needs.String(), limitWords(a.limit)}
		if !slices.Equal(cells, want) {
			t.Errorf("documented %q, is %q", cells, want)
		}
		types = append(types, cells[0])
	}
	if !slices.Equal(types, wire.RequestTypes()) {
		t.Errorf("documented are %v", types)
	}
}

func taken(code wire.Code) string {
	if code == "" {
		return "yes"
	}
	return string(code)
}

func limitWords(l limit) string {
	var words []string
	for i, word := range []string{"", "joins", "offers", "texts", "shows"} {
		if word != "" && l&(1<<i) != 0 {
			words = append(words, word)
		}
	}
	return strings.Join(words, ", ")
}

// TestWithoutTheRight: a request beyond somebody's rights is refused, changes
// nothing, takes nothing from a limit, and others go on.
func TestWithoutTheRight(t *testing.T) {
	const unheard = access.AllRights + 1
	change(t, wire.TypeReact, func(a *action) { a.needs = unheard })
	run(t, Options{}, func(w *world) {
		ada, bob := w.join("tea", "Ada", 0), w.join("tea", "Bob", 0)
		bob.clear()
		for range 20 {
			ada.refused(&wire.React{Emoji: "👍"}, wire.CodeNotAllowed)
		}
		ada.ok(&wire.Hand{Raised: true})
		if bob.pump(); len(bob.got) != 1 {
			t.Errorf("Bob saw %s", dump(bob.got))
		}
	})
}

// TestRoomEndsWhateverCallsItsHandlers: a request that removes everybody, by the
// handler of what the registry tells, leaves a room that ends as any other.
func TestRoomEndsWhateverCallsItsHandlers(t *testing.T) {
	change(t, wire.TypeHand, func(a *action) {
		a.do = byRoom(func(r *roomState, q asked, _ *wire.Hand) { r.onRemoveFromRoom(q.ctx, "") })
	})
	run(t, Options{Times: Times{EmptyRoom: time.Minute}}, func(w *world) {
		ada, bob := w.join("tea", "Ada", 4), w.join("tea", "Bob", 4)
		ada.send(&wire.Hand{Raised: true})
		w.settle()
		ada.ended(wire.CloseStatus(wire.CodeEnded))
		bob.ended(wire.CloseStatus(wire.CodeEnded))
		w.advance(2 * time.Minute)
		if n := w.engine.Figures().Rooms; n != 0 {
			t.Errorf("%d rooms live for ever", n)
		}
	})
}
