package engine

import (
	"os"
	"regexp"
	"strings"
	"sync"

	"parley/engine/wire"
)

var codeWord = regexp.MustCompile("`([a-z_]+)`")

// documentedCodes reads from PROTOCOL.md which codes may refuse which request;
// "" holds those of every request.
var documentedCodes = sync.OnceValue(func() map[string]map[string]bool {
	text, err := os.ReadFile("wire/PROTOCOL.md")
	if err != nil {
		panic(err)
	}
	_, requests, _ := strings.Cut(string(text), "\n## Requests\n")
	requests, _, _ = strings.Cut(requests, "\n## Replies\n")
	out := map[string]map[string]bool{}
	for i, part := range strings.Split(requests, "\n### ") {
		title, body, _ := strings.Cut(part, "\n")
		list := body
		if i == 0 {
			title = ""
		} else {
			_, list, _ = strings.Cut(body, "\nErrors: ")
			title = strings.Trim(title, "`")
		}
		out[title] = map[string]bool{}
		for _, word := range codeWord.FindAllStringSubmatch(list, -1) {
			out[title][word[1]] = true
		}
	}
	return out
})

// checkDocumented complains about a refusal that PROTOCOL.md does not mention.
func (c *client) checkDocumented(typ string, reply wire.Message) {
	e, refused := reply.(*wire.Error)
	if !refused {
		return
	}
	codes := documentedCodes()
	if len(codes[""]) < 8 || len(codes) < len(wire.RequestTypes()) {
		c.w.t.Fatalf("read only %v from PROTOCOL.md", codes)
	}
	if !codes[""][string(e.Code)] && !codes[typ][string(e.Code)] {
		c.w.t.Errorf("PROTOCOL.md does not say that %s may be refused with %s", typ, e.Code)
	}
}
