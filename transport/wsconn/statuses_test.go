package wsconn

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestStatusesAreDocumented: whatever a connection of ours is closed with stands in
// the protocol, where clients look it up.
func TestStatusesAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../engine/wire/PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## Close statuses\n")
	section, _, _ = strings.Cut(section, "\n## ")
	source, err := os.ReadFile("errors.go")
	if err != nil {
		t.Fatal(err)
	}
	statuses := regexp.MustCompile(`\tstatus\w+ += (\d+)\n`).FindAllSubmatch(source, -1)
	if len(statuses) == 0 {
		t.Fatal("no statuses found")
	}
	for _, s := range statuses {
		if !strings.Contains(section, string(s[1])) {
			t.Errorf("%s is in no word of the protocol", s[1])
		}
	}
}
