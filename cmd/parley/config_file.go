package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// fileResolver answers kong's questions for flags from a YAML file. It keeps
// silent about flags whose PARLEY_* variable is set: the variable wins.
type fileResolver struct {
	path   string
	values map[string]fileValue
	used   map[string]bool // settings that are the file's
}

// fileValue is a setting as it stands in the file.
type fileValue struct {
	line int
	text string // as on the command line
}

// load finds --config (or PARLEY_CONFIG) and reads the file, before kong
// parses the rest with the file's values at hand.
func (r *fileResolver) load(args []string) error {
	r.path, r.values, r.used = configPath(args), map[string]fileValue{}, map[string]bool{}
	if r.path == "" {
		return nil
	}
	if info, err := os.Stat(r.path); err == nil && info.IsDir() {
		return advise(fmt.Errorf("read settings: %s is a folder", r.path), "Name the file in it with --config or PARLEY_CONFIG.")
	}
	f, err := os.Open(r.path)
	if err != nil {
		return advise(fmt.Errorf("read settings: %w", err), "Check the path given with --config or PARLEY_CONFIG.")
	}
	defer f.Close()
	if err := r.read(f); err != nil {
		return advise(err, "The file must be a YAML mapping of flag names to values, such as `listen: 0.0.0.0:8443`.")
	}
	return nil
}

// yamlLine is where the YAML library says that something is wrong.
var yamlLine = regexp.MustCompile(`^yaml: line (\d+): `)

func (r *fileResolver) read(in io.Reader) error {
	var doc yaml.Node
	if err := yaml.NewDecoder(in).Decode(&doc); errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		text := strings.Join(strings.Fields(err.Error()), " ")
		if m := yamlLine.FindStringSubmatch(text); m != nil {
			return fmt.Errorf("%s:%s: %s", r.path, m[1], text[len(m[0]):])
		}
		if strings.HasSuffix(text, "character that cannot start any token") {
			text += ": a tab, perhaps, where spaces should be, or a text that needs quotes"
		}
		return fmt.Errorf("%s: %s", r.path, strings.TrimPrefix(text, "yaml: "))
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return fmt.Errorf("%s:%d: settings are lines such as `listen: 0.0.0.0:8443`", r.path, root.Line)
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key := root.Content[i]
		if before, twice := r.values[key.Value]; twice {
			return fmt.Errorf("%s:%d: %s is there twice, first in line %d", r.path, key.Line, key.Value, before.line)
		}
		text, err := plain(root.Content[i+1])
		if err != nil {
			return fmt.Errorf("%s:%d: %s %w", r.path, key.Line, key.Value, err)
		}
		r.values[key.Value] = fileValue{key.Line, text}
	}
	return nil
}

// plain is a value as it would stand on the command line: a list of texts becomes
// one with commas.
func plain(value *yaml.Node) (string, error) {
	if value.Kind == yaml.AliasNode {
		value = value.Alias
	}
	switch {
	case value.Kind == yaml.ScalarNode && value.Tag != "!!null":
		return value.Value, nil
	case value.Kind == yaml.SequenceNode:
		texts := make([]string, len(value.Content))
		for i, v := range value.Content {
			if v.Kind != yaml.ScalarNode {
				return "", errors.New("takes a list of texts, without lists or settings in it")
			}
			texts[i] = v.Value
		}
		return strings.Join(texts, ","), nil
	case value.Kind == yaml.ScalarNode:
		return "", errors.New("has no value")
	}
	return "", errors.New("takes a value or a list, no settings below it")
}

func configPath(args []string) string {
	for i, a := range args {
		if path, ok := strings.CutPrefix(a, "--config="); ok {
			return path
		}
		if a == "--config" && i+1 < len(args) {
			return args[i+1]
		}
	}
	return os.Getenv("PARLEY_CONFIG")
}

// Validate refuses keys that are no flag of serve, the first of them.
func (r *fileResolver) Validate(app *kong.Application) error {
	known := flagNames(app)
	unknown := ""
	for key, v := range r.values {
		if (!known[key] || key == "config") && (unknown == "" || v.line < r.values[unknown].line) {
			unknown = key
		}
	}
	if unknown == "" {
		return nil
	}
	if unknown == "config" {
		return fmt.Errorf("%s:%d: config names this file; a file can not lead to another one", r.path, r.values[unknown].line)
	}
	return fmt.Errorf("%s:%d: unknown setting %q%s", r.path, r.values[unknown].line, unknown, meant(unknown, known, ""))
}

// flagNames are the settings of serve.
func flagNames(app *kong.Application) map[string]bool {
	known := map[string]bool{}
	for _, node := range app.Children {
		if node.Name != "serve" {
			continue
		}
		for _, f := range node.Flags {
			known[f.Name] = true
		}
	}
	return known
}

// Resolve gives the file's value for a flag that takes one, nil when it has none.
func (r *fileResolver) Resolve(_ *kong.Context, parent *kong.Path, flag *kong.Flag) (any, error) {
	if !takesFile(parent.Command, flag) {
		return nil, nil
	}
	for _, env := range flag.Envs {
		if _, set := os.LookupEnv(env); set {
			return nil, nil
		}
	}
	value, ok := r.values[flag.Name]
	if !ok {
		return nil, nil
	}
	r.used[flag.Name] = true
	return value.text, nil
}

// takesFile reports whether a flag may have its value from the file: each of serve,
// and of the commands for its store the one that says where that is.
func takesFile(command *kong.Command, flag *kong.Flag) bool {
	return command != nil && (command.Name == "serve" || flag.Name == "data" && slices.Contains(flag.Envs, "PARLEY_DATA"))
}

// place says where a setting comes from if it is the file's: FILE:LINE.
func (r *fileResolver) place(flag string) (string, bool) {
	if !r.used[flag] {
		return "", false
	}
	return fmt.Sprintf("%s:%d", r.path, r.values[flag].line), true
}
