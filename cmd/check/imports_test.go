package main

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// ban says that packages below from must not import anything below to.
type ban struct{ from, to, why string }

var bans = []ban{
	{"parley/actors", "parley/", "the actor runtime knows no meeting words and could be lifted out"},
	{"parley/engine/wire", "parley/", "the protocol is a leaf that server, bench and tests share"},
	{"parley/engine/access", "parley/", "who may what is decided by what is kept and asked, without a meeting"},
	{"parley/engine", "parley/transport", "the engine decides and must not know how bytes reach it"},
	{"parley/engine", "parley/media", "the engine decides who sees whom; packets never pass through it"},
	{"parley/engine", "parley/storage", "the engine says what is to be kept, not how; cmd/parley joins them"},
	{"parley/engine", "parley/bench", "the load tool is a client"},
	{"parley/transport", "parley/engine", "transports carry messages and know only their types (engine/wire)"},
	{"parley/transport", "parley/media", "signalling and packets meet in cmd/parley only"},
	{"parley/transport", "parley/storage", "transports ask through interfaces they declare"},
	{"parley/media", "parley/engine", "workers forward what they are told and know no rooms"},
	{"parley/media", "parley/transport", "media declares what it needs of sockets and pollers, and cmd/parley joins them"},
	{"parley/media", "parley/storage", "nothing on the packet path may touch the disk"},
	{"parley/media", "parley/actors", "packets never pass through a mailbox"},
	{"parley/media/rtc/path", "parley/media/rtc", "who is where knows nothing of what is sent there"},
	{"parley/media/rtc/nego", "parley/media/rtc", "offers are read without knowing what comes of them"},
	{"parley/media/rtc/forward", "parley/media/rtc", "what forwards packets knows no offer, no session and no server"},
	{"parley/media/rtc/nego", "parley/media/udp", "offers are read without a socket"},
	{"parley/storage", "parley/", "the store knows records, not meetings in progress"},
	{"parley/bench", "parley/engine", "bench is a black box over the public protocol"},
	{"parley/bench", "parley/transport", "bench is a black box over the public protocol"},
	{"parley/bench", "parley/media/rtc", "the load tool must not share the forwarder's code"},
	{"parley/", "parley/media/rtc/rtctest", "what rigs share is for tests"},
	{"parley/", "github.com/pion/webrtc", "the media path is assembled by hand, see media/rtc"},
}

// allowed lists the exceptions: what a banned prefix may reach after all.
var allowed = map[string][]string{
	"parley/engine/wire":   {"parley/engine/wire"},
	"parley/engine/access": {"parley/engine/access", "parley/engine/wire"},
	"parley/transport":     {"parley/engine/wire"},
	"parley/bench":         {"parley/engine/wire"},
	"parley/actors":        {"parley/actors"},
	"parley/storage":       {"parley/storage"},

	"parley/media/rtc/path": {"parley/media/rtc/path"},
	"parley/media/rtc/nego": {"parley/media/rtc/nego"},

	"parley/media/rtc/forward": {"parley/media/rtc/forward", "parley/media/rtc/path"},
}

// leaves may import nothing but the standard library and what is named.
var leaves = map[string][]string{
	"parley/actors":      nil,
	"parley/engine/wire": {"golang.org/x/text"}, // rooms' names
	// The tokens, the passwords, and the form of those.
	"parley/engine/access": {"github.com/golang-jwt/jwt/v5", "golang.org/x/crypto/argon2", "golang.org/x/text/unicode/norm"},
	"parley/cmd/check":     nil,
	"parley/storage":       {"go.etcd.io/bbolt", "github.com/google/uuid"},
}

// shared are the parts that doors are made of, and what of ours each may import.
// Every other folder of transport is a door: it knows these, its own folder and the
// protocol's messages, and no other door.
var shared = map[string][]string{
	"parley/transport/poll":    nil,
	"parley/transport/limit":   nil,
	"parley/transport/portmux": {"parley/transport/poll"}, // and neither a protocol nor a packet
	"parley/transport/wsconn":  {"parley/transport/poll", "parley/transport/limit", "parley/engine/wire"},
}

// pure packages compute: what they import reaches no socket, no disk and no other
// goroutine. media/audio (codec and mix of sound) is held to it from its first file.
var pure = []string{"parley/media", "parley/media/dtlsgate", "parley/media/rtc/nego", "parley/media/audio"}

// impure is what they must not import, by itself (net/netip is only types).
var impure = []string{"context", "log/slog", "net", "net/http", "os", "os/signal", "sync", "syscall", "golang.org/x/sys/unix"}

type listed struct {
	ImportPath string
	Imports    []string
	Standard   bool
}

func listPackages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Standard", "parley/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func below(path, prefix string) bool {
	prefix = strings.TrimSuffix(prefix, "/")
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

func excepted(from, path string) bool {
	for _, ok := range allowed[from] {
		if below(path, ok) {
			return true
		}
	}
	return false
}

func TestImportRules(t *testing.T) {
	packages := listPackages(t)
	if len(packages) < 5 {
		t.Fatalf("go list found only %d packages", len(packages))
	}
	for _, p := range packages {
		for _, b := range bans {
			if !below(p.ImportPath, b.from) {
				continue
			}
			if b.from == "parley/engine" && below(p.ImportPath, "parley/engine/wire") {
				continue // has its own, stricter rule
			}
			for _, imp := range p.Imports {
				if below(imp, b.to) && !excepted(b.from, imp) {
					t.Errorf("%s imports %s: %s", p.ImportPath, imp, b.why)
				}
			}
		}
	}
}

// TestDoorsKnowNoOther: a protocol is a folder, and cmd/parley the one place where it
// is named.
func TestDoorsKnowNoOther(t *testing.T) {
	doors := 0
	for _, p := range listPackages(t) {
		rest, ok := strings.CutPrefix(p.ImportPath, "parley/transport/")
		if !ok {
			continue
		}
		name, _, _ := strings.Cut(rest, "/")
		own := "parley/transport/" + name
		may, isShared := shared[own]
		if !isShared {
			doors++
			may = append(slices.Collect(maps.Keys(shared)), "parley/engine/wire")
		}
		for _, imp := range p.Imports {
			known := below(imp, own) || slices.ContainsFunc(may, func(ok string) bool { return below(imp, ok) })
			if below(imp, "parley/") && !known {
				t.Errorf("%s imports %s; of ours it may know %v", p.ImportPath, imp, may)
			}
		}
	}
	if doors == 0 {
		t.Error("no door was found: the rule looks at nothing")
	}
}

func TestPurePackages(t *testing.T) {
	found := 0
	for _, p := range listPackages(t) {
		if !slices.Contains(pure, p.ImportPath) {
			continue
		}
		found++
		for _, imp := range p.Imports {
			if slices.Contains(impure, imp) {
				t.Errorf("%s imports %s: what computes is told the time and what came, and asks for nothing", p.ImportPath, imp)
			}
		}
	}
	if found == 0 {
		t.Error("no pure package was found: the rule looks at nothing")
	}
}

func TestLeavesStaySmall(t *testing.T) {
	for _, p := range listPackages(t) {
		may, isLeaf := leaves[p.ImportPath]
		if !isLeaf {
			continue
		}
		for _, imp := range p.Imports {
			first, _, _ := strings.Cut(imp, "/")
			if !strings.Contains(first, ".") || below(imp, p.ImportPath) {
				continue // the standard library, or the package's own folder
			}
			found := false
			for _, ok := range may {
				found = found || below(imp, ok)
			}
			if !found {
				t.Errorf("%s imports %s; it may use only the standard library and %v", p.ImportPath, imp, may)
			}
		}
	}
}
