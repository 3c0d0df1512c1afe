package wire

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// protocolDoc is PROTOCOL.md cut into its sections.
type protocolDoc map[string]map[string]*docSection // "## " title → "### " title

type docSection struct {
	text string
	rows [][]string // cells of its first table, header left out
	raw  string     // the same as written
}

var cellBreak = regexp.MustCompile(`\s*\|\s*`)

func readDoc(t *testing.T) protocolDoc {
	t.Helper()
	data, err := os.ReadFile("PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := protocolDoc{}
	var part map[string]*docSection
	var sec *docSection
	for _, line := range strings.Split(string(data), "\n") {
		switch {
		case strings.HasPrefix(line, "## "):
			sec = &docSection{}
			part = map[string]*docSection{"": sec}
			doc[line[3:]] = part
		case strings.HasPrefix(line, "### "):
			sec = &docSection{}
			part[strings.Trim(line[4:], "`")] = sec
		case sec == nil:
		case strings.HasPrefix(line, "| `"), strings.HasPrefix(line, "| 4"):
			sec.raw += line + "\n"
			cells := cellBreak.Split(strings.Trim(line, "| "), -1)
			for i := range cells {
				cells[i] = strings.Trim(cells[i], "`")
			}
			sec.rows = append(sec.rows, cells)
		default:
			sec.text += line + "\n"
		}
	}
	return doc
}

// typeWord says how PROTOCOL.md names a Go type.
func typeWord(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Float64:
		return "number"
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return "integer"
	case reflect.Pointer:
		return typeWord(t.Elem())
	case reflect.Struct:
		return "object " + t.Name()
	case reflect.Slice:
		return "array of " + strings.TrimPrefix(typeWord(t.Elem()), "object ")
	case reflect.Map:
		return "map of " + strings.TrimPrefix(typeWord(t.Elem()), "object ")
	}
	return t.String()
}

type goField struct {
	word      string
	omitempty bool
	enum      string // the Go type of a string with a fixed set of values
}

// goFields lists the JSON fields of a struct, those of Head and EventHead left
// out, and adds the structs it refers to to seen.
func goFields(t *testing.T, typ reflect.Type, seen map[string]reflect.Type) map[string]goField {
	t.Helper()
	out := map[string]goField{}
	for f := range typ.Fields() {
		if f.Anonymous {
			continue
		}
		name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		if name == "" {
			t.Errorf("%s.%s has no json name", typ, f.Name)
		}
		field := goField{word: typeWord(f.Type), omitempty: opts == "omitempty"}
		if f.Type.Kind() == reflect.String && f.Type.PkgPath() != "" {
			field.enum = f.Type.Name()
		}
		out[name] = field
		inner := f.Type
		for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice || inner.Kind() == reflect.Map {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct {
			seen[inner.Name()] = inner
		}
	}
	return out
}

func compareFields(t *testing.T, name string, sec *docSection, fields map[string]goField, always func(string) bool) {
	t.Helper()
	documented := map[string]bool{}
	written := strings.Split(sec.raw, "\n")
	for i, row := range sec.rows {
		field := row[0]
		documented[field] = true
		if enum := fields[field].enum; enum != "" {
			compareValues(t, name+"."+field, enum, strings.SplitN(written[i], "|", 5)[4])
		}
		f, ok := fields[field]
		if !ok {
			t.Errorf("%s: PROTOCOL.md has a field %q that the Go type has not", name, field)
			continue
		}
		if row[1] != f.word {
			t.Errorf("%s.%s: documented as %q, is %q", name, field, row[1], f.word)
		}
		if want := map[bool]string{true: "yes", false: "no"}[always(field)]; row[2] != want {
			t.Errorf("%s.%s: Always is %q, should be %q", name, field, row[2], want)
		}
	}
	for field := range fields {
		if !documented[field] {
			t.Errorf("%s: PROTOCOL.md lacks the field %q", name, field)
		}
	}
}

// enums says where the values of each enumeration stand, and whether whoever
// names some of them must name all: not where a field takes a part of them, or
// refers to a table.
var enums = map[string]struct {
	file string
	all  bool
}{
	"Source":      {"source.go", false},
	"Code":        {"codes.go", false},
	"Reason":      {"events.go", true},
	"LayerReason": {"events.go", true},
	"LimitReason": {"events.go", true},
	"Score":       {"events.go", true},
	"Problem":     {"events.go", true},
	"Kind":        {"replies.go", true},
}

// compareValues compares the values that a field's meaning names with those
// there are.
func compareValues(t *testing.T, field, enum, meaning string) {
	t.Helper()
	where, ok := enums[enum]
	if !ok {
		t.Errorf("%s: the values of %s are not compared with PROTOCOL.md", field, enum)
		return
	}
	values := map[string]bool{}
	for _, v := range constants(t, where.file, enum) {
		values[v] = true
	}
	if len(values) == 0 {
		t.Errorf("%s has no values", enum)
	}
	for _, q := range quoted.FindAllStringSubmatch(meaning, -1) {
		if _, known := values[q[1]]; !known {
			t.Errorf("%s: PROTOCOL.md has a value %q that does not exist", field, q[1])
		}
		values[q[1]] = false
	}
	for v, missing := range values {
		if missing && where.all {
			t.Errorf("%s: PROTOCOL.md lacks the value %q", field, v)
		}
	}
}

func TestProtocolNamesEveryMessageAndField(t *testing.T) {
	doc := readDoc(t)
	objects := map[string]reflect.Type{}

	requests := doc["Requests"]
	for name, kind := range requestKinds {
		sec, ok := requests[name]
		if !ok {
			t.Errorf("PROTOCOL.md lacks the request %s", name)
			continue
		}
		fields := goFields(t, reflect.TypeOf(kind.make()).Elem(), objects)
		compareFields(t, name, sec, fields, func(f string) bool { return slices.Contains(kind.required, f) })
	}
	for name := range requests {
		if _, ok := requestKinds[name]; !ok && name != "" {
			t.Errorf("PROTOCOL.md has a request %s that does not exist", name)
		}
	}

	for name, make := range newMessage {
		part := "Replies"
		if _, event := make().(Event); event {
			part = "Events"
		}
		sec, ok := doc[part][name]
		if !ok {
			t.Errorf("PROTOCOL.md lacks %s under %s", name, part)
			continue
		}
		fields := goFields(t, reflect.TypeOf(make()).Elem(), objects)
		compareFields(t, name, sec, fields, func(f string) bool { return !fields[f].omitempty })
	}
	for _, part := range []string{"Replies", "Events"} {
		for name := range doc[part] {
			if _, ok := newMessage[name]; !ok && name != "" {
				t.Errorf("PROTOCOL.md has a message %s that does not exist", name)
			}
		}
	}
	compareObjects(t, doc["Objects"], objects)
}

func compareObjects(t *testing.T, doc map[string]*docSection, objects map[string]reflect.Type) {
	t.Helper()
	for len(objects) > 0 {
		more := map[string]reflect.Type{}
		for name, typ := range objects {
			delete(objects, name)
			sec, ok := doc[name]
			if !ok {
				t.Errorf("PROTOCOL.md lacks the object %s", name)
				continue
			}
			fields := goFields(t, typ, more)
			compareFields(t, name, sec, fields, func(f string) bool { return !fields[f].omitempty })
			sec.text = "seen"
		}
		objects = more
	}
	for name, sec := range doc {
		if name != "" && sec.text != "seen" {
			t.Errorf("PROTOCOL.md has an object %s that nothing uses", name)
		}
	}
}

// constants returns the constants of a file: name → literal.
func constants(t *testing.T, file, typ string) map[string]string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 {
			return true
		}
		id, _ := v.Type.(*ast.Ident)
		if (id == nil) != (typ == "") || id != nil && id.Name != typ {
			return true
		}
		if lit, ok := v.Values[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
			s, _ := strconv.Unquote(lit.Value)
			out[v.Names[0].Name] = s
		} else {
			out[v.Names[0].Name] = ""
		}
		return true
	})
	return out
}

var errorsLine = regexp.MustCompile(`(?m)^Errors: (.*)$`)
var quoted = regexp.MustCompile("`([a-z_]+)`")

func TestProtocolNamesEveryCode(t *testing.T) {
	doc := readDoc(t)
	codes := map[string]bool{}
	for _, v := range constants(t, "codes.go", "Code") {
		codes[v] = true
	}
	documented := map[string]bool{}
	for _, row := range doc["Codes"][""].rows {
		documented[row[0]] = true
		if !codes[row[0]] {
			t.Errorf("PROTOCOL.md has a code %s that does not exist", row[0])
		}
	}
	for c := range codes {
		if !documented[c] {
			t.Errorf("PROTOCOL.md lacks the code %s", c)
		}
	}
	for name, sec := range doc["Requests"] {
		for _, line := range errorsLine.FindAllStringSubmatch(sec.text, -1) {
			for _, q := range quoted.FindAllStringSubmatch(line[1], -1) {
				if !codes[q[1]] {
					t.Errorf("%s: no such code %s", name, q[1])
				}
			}
		}
	}
	reasons := doc["Events"]["participant_left"].raw
	for _, r := range constants(t, "events.go", "Reason") {
		if !strings.Contains(reasons, "`"+r+"`") {
			t.Errorf("participant_left lacks the reason %s", r)
		}
	}
}

func TestProtocolNamesEveryCloseStatus(t *testing.T) {
	documented := map[Code]bool{}
	for _, row := range readDoc(t)["Close statuses"][""].rows {
		status, err := strconv.Atoi(row[0])
		if err != nil {
			t.Fatal(err)
		}
		code := Code(row[1])
		documented[code] = true
		if got := CloseStatus(code); got != status {
			t.Errorf("%s closes with %d, documented %d", code, got, status)
		}
		if want := row[2] == "yes"; Retryable(code) != want {
			t.Errorf("%s: retryable %v, documented %v", code, !want, want)
		}
	}
	for code := range closeStatus {
		if !documented[code] {
			t.Errorf("PROTOCOL.md lacks the close status of %s", code)
		}
	}
}

func TestProtocolNamesEveryLimit(t *testing.T) {
	values := map[string]int{
		"MaxMessage": MaxMessage, "MaxSmallMessage": MaxSmallMessage, "MaxDepth": MaxDepth, "MaxSDP": MaxSDP,
		"MaxRoomRunes": MaxRoomRunes, "MaxRoomTyped": MaxRoomTyped, "MaxNameRunes": MaxNameRunes, "MaxChatRunes": MaxChatRunes,
		"MaxCaptionRunes": MaxCaptionRunes, "MaxIdentity": MaxIdentity, "MaxKey": MaxKey, "MaxSeats": MaxSeats,
		"MaxViewItems": MaxViewItems, "MaxTile": MaxTile, "MaxToken": MaxToken, "MaxMID": MaxMID, "MaxCodec": MaxCodec,
		"MaxParticipant": MaxParticipant, "MaxHistory": MaxHistory, "MaxHistoryBytes": MaxHistoryBytes,
	}
	for name := range constants(t, "codes.go", "") {
		if _, ok := values[name]; !ok && name != "MaxID" {
			t.Errorf("the limit %s is not compared with PROTOCOL.md", name)
		}
	}
	for _, row := range readDoc(t)["Limits"][""].rows {
		want, ok := values[row[0]]
		if !ok {
			t.Errorf("PROTOCOL.md has a limit %s that does not exist", row[0])
		} else if got, _ := strconv.Atoi(row[1]); got != want {
			t.Errorf("%s is %d, documented %s", row[0], want, row[1])
		}
		delete(values, row[0])
	}
	for name := range values {
		t.Errorf("PROTOCOL.md lacks the limit %s", name)
	}
}

var exampleLine = regexp.MustCompile(`(?m)^([<>]) (\{.*\})$`)

func TestProtocolExampleIsValid(t *testing.T) {
	data, err := os.ReadFile("PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := exampleLine.FindAllStringSubmatch(string(data), -1)
	if len(lines) < 15 {
		t.Fatalf("found only %d example messages", len(lines))
	}
	for _, l := range lines {
		if l[1] == ">" {
			if _, err := ParseRequest([]byte(l[2])); err != nil {
				t.Errorf("%s: %v", l[2], err)
			}
		} else if m, err := ParseMessage([]byte(l[2])); err != nil {
			t.Errorf("%s: %v", l[2], err)
		} else if got := string(FrameOf(m).Text()); len(got) != len(l[2]) {
			t.Errorf("encodes as\n%s\nexample is\n%s", got, l[2])
		}
	}
	for _, r := range Reactions {
		if !strings.Contains(string(data), r) {
			t.Errorf("PROTOCOL.md lacks the reaction %s", r)
		}
	}
}
