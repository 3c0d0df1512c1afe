package main

import (
	"log/slog"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

const variablePrefix = "PARLEY_"

// strangers are the PARLEY_* variables that are no settings, each with what was meant
// by it as far as that can be told. A misspelt variable would else be a setting that
// nobody misses until it matters.
func strangers(app *kong.Application, environ []string) []stranger {
	known := map[string]bool{}
	for _, node := range app.Children {
		for _, f := range node.Flags {
			for _, env := range f.Envs {
				known[env] = true
			}
		}
	}
	flags := flagNames(app)
	var found []stranger
	for _, line := range environ {
		name, _, _ := strings.Cut(line, "=")
		if !strings.HasPrefix(name, variablePrefix) || known[name] {
			continue
		}
		hint := meant(strings.TrimPrefix(name, variablePrefix), flags, "--")
		found = append(found, stranger{name, variableIn(hint)})
	}
	slices.SortFunc(found, func(a, b stranger) int { return strings.Compare(a.name, b.name) })
	return found
}

// stranger is a variable that is no setting.
type stranger struct{ name, hint string }

// mostStrangers bounds the warnings: more variables of one prefix are another
// program's.
const mostStrangers = 10

func warnOfStrangers(log *slog.Logger, all []stranger) {
	for _, s := range all[:min(len(all), mostStrangers)] {
		log.Warn("a variable is no setting and has no effect"+s.hint, "variable", s.name)
	}
	if more := len(all) - mostStrangers; more > 0 {
		log.Warn("further variables are no settings", "variables", more)
	}
}

// variableIn turns a hint about a flag into one about its variable.
func variableIn(hint string) string {
	before, flag, ok := strings.Cut(hint, "--")
	if !ok {
		return ""
	}
	end := strings.IndexAny(flag, " ?")
	return before + variablePrefix + strings.ToUpper(strings.ReplaceAll(flag[:end], "-", "_")) + flag[end:]
}
