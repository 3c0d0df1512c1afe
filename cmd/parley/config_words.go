package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// What the parser of the command line says is meant for who wrote it. These are its
// words, and ours for who reads them.
var parserWords = []struct {
	theirs *regexp.Regexp
	ours   string
}{
	{regexp.MustCompile(`^(--[\w-]+): expected .*\(<EOL>\)$`), `$1 needs a value after it`},
	{regexp.MustCompile(`^(--[\w-]+): expected a valid \d+ bit u?int but got (".*")$`), `$1 takes a whole number, not $2`},
	{regexp.MustCompile(`^(--[\w-]+): expected duration but got (".*?"):.*$`), `$1 takes a time such as 30s, 5m or 1h30m, not $2`},
	{regexp.MustCompile(`^(--[\w-]+): bool value must be .* but got (".*")$`), `$1 takes true or false, not $2`},
	{regexp.MustCompile(`^(--[\w-]+) must be one of (.*) but got (".*")$`), `$1 must be one of $2, not $3`},
	{regexp.MustCompile(`^(--[\w-]+): stat (.*): no such file or directory$`), `$1: there is no $2`},
	{regexp.MustCompile(`^missing flags: (.*)$`), `missing: $1`},
}

// fromVariable is how the parser says that a value came from a variable.
var fromVariable = regexp.MustCompile(`^(--[\w-]+)(.*) \(from envar (PARLEY_\w+)=.*\)$`)

var (
	unknownFlag = regexp.MustCompile(`^unknown flag --([\w-]+)`)
	unexpected  = regexp.MustCompile(`^unexpected argument (.*?)(, did you mean .*)?$`)
	wanting     = regexp.MustCompile(`^expected "<(\w+)>`)
	oneOf       = regexp.MustCompile(`^expected one of `)
	aboutFlag   = regexp.MustCompile(`^--([\w-]+)`)
)

// explain says in plain words what is wrong with the settings, and where that
// stands: on the command line, in a variable, in a line of the file.
func explain(err error, app *kong.Application, file *fileResolver, args []string) error {
	err = variableOf(err, app, args)
	text, variable := err.Error(), ""
	if m := fromVariable.FindStringSubmatch(text); m != nil {
		text, variable = m[1]+m[2], m[3]
	}
	for _, w := range parserWords {
		if w.theirs.MatchString(text) {
			text = w.theirs.ReplaceAllString(text, w.ours)
			break
		}
	}
	text = strings.ReplaceAll(text, `","`, `", "`)
	below := commandOf(app, args)
	if strings.HasPrefix(text, "unknown flag -v,") {
		text = "unknown flag -v; did you mean --version?"
	} else if m := unknownFlag.FindStringSubmatch(text); m != nil {
		text = m[0] + meant(m[1], namesOfFlags(app, below), "--")
	} else if m := unexpected.FindStringSubmatch(text); m != nil {
		text = fmt.Sprintf("unexpected argument %s%s", m[1], meant(m[1], commandNames(below), ""))
	} else if oneOf.MatchString(text) && below != app.Node {
		text = below.Name + " needs a command after it: " + strings.Join(shown(commandNames(below)), ", ")
	} else if m := wanting.FindStringSubmatch(text); m != nil {
		text = strings.TrimPrefix(below.Path(), "parley ") + " needs <" + m[1] + "> after it"
	}
	if m := aboutFlag.FindStringSubmatch(text); m != nil {
		if variable != "" {
			text = variable + text[len(m[0]):]
		} else if place, ok := file.place(m[1]); ok {
			text = place + ": " + text[len("--"):]
		}
	}
	if text == err.Error() {
		return err
	}
	return errors.New(text)
}

// explainRun does the same for what the command itself found wrong.
func explainRun(err error, app *kong.Application, file *fileResolver, args []string) error {
	var t *told
	if !errors.As(err, &t) || t.code != usageCode {
		return err
	}
	return &told{err: explain(t.err, app, file, args), mend: t.mend, code: t.code}
}

// variableOf makes err speak of a variable where the flag it speaks of has its value
// from there, in the parser's words.
func variableOf(err error, app *kong.Application, args []string) error {
	m := aboutFlag.FindStringSubmatch(err.Error())
	if m == nil || fromVariable.MatchString(err.Error()) || slices.ContainsFunc(args, func(a string) bool { return a == m[0] || strings.HasPrefix(a, m[0]+"=") }) {
		return err
	}
	for _, node := range app.Children {
		for _, f := range node.Flags {
			for _, env := range f.Envs {
				if value, set := os.LookupEnv(env); set && f.Name == m[1] {
					return fmt.Errorf("%w (from envar %s=%q)", err, env, value)
				}
			}
		}
	}
	return err
}

// commandOf is the command that the arguments begin with, as far as they are words
// of one; with help before it, too.
func commandOf(app *kong.Application, args []string) *kong.Node {
	at := app.Node
	if len(args) > 0 && args[0] == "help" {
		args = args[1:]
	}
	for _, a := range args {
		i := slices.IndexFunc(at.Children, func(n *kong.Node) bool { return n.Name == a })
		if i < 0 {
			break
		}
		at = at.Children[i]
	}
	return at
}

// namesOfFlags are the flags that of takes: the settings of a server, where it is no
// other command.
func namesOfFlags(app *kong.Application, of *kong.Node) map[string]bool {
	names := map[string]bool{}
	if of == app.Node || of.Name == "serve" {
		names = flagNames(app)
	}
	for _, f := range of.Flags {
		names[f.Name] = !f.Hidden
	}
	return names
}

// shown are the names that are not hidden, in order.
func shown(names map[string]bool) []string {
	maps.DeleteFunc(names, func(_ string, there bool) bool { return !there })
	return slices.Sorted(maps.Keys(names))
}

func commandNames(of *kong.Node) map[string]bool {
	names := map[string]bool{}
	for _, node := range of.Children {
		names[node.Name] = !node.Hidden
	}
	return names
}

// former are settings that have another name now.
var former = map[string]string{"joins-per-minute": "limit-joins"}

// meant asks whether another of the names was meant: that of today for a former one,
// or the nearest if it is near. Empty if there is none.
func meant(name string, names map[string]bool, prefix string) string {
	name = strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, "--")), "_", "-")
	if now := former[name]; names[now] {
		return fmt.Sprintf("; it is %s%s now", prefix, now)
	}
	best, least := "", 1+len(name)/3
	for other, there := range names {
		d := distance(name, other)
		if there && (d < least || d == least && best != "" && other < best) {
			best, least = other, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s%s?", prefix, best)
}

// distance is how many letters have to be changed, added or left out to make b of a;
// two neighbours that changed places count as one.
func distance(a, b string) int {
	before, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next[0] = i + 1
		for j := range len(b) {
			change := row[j]
			if a[i] != b[j] {
				change++
			}
			next[j+1] = min(change, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(b)]
}
