package rtc

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestServerUsesNoRigs: what package forward has for the rigs of others (rigs.go), the
// server does not call. One of it takes a peer as connected that has proven nothing.
func TestServerUsesNoRigs(t *testing.T) {
	rigs := regexp.MustCompile(`\.(Assume|Idle|Flows|State)\(`)
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	used := 0
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") {
			continue
		}
		text, err := os.ReadFile(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		call := rigs.Find(text)
		switch {
		case call == nil:
		case strings.HasSuffix(e.Name(), "_test.go"):
			used++
		default:
			t.Errorf("%s calls %s)", e.Name(), call)
		}
	}
	if used < 2 {
		t.Errorf("only %d files of tests use them: has one another name now?", used)
	}
}
