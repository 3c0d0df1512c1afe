package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// fileResolver answers kong's questions for flags from a YAML file. It keeps
// silent about flags whose PARLEY_* variable is set: the variable wins.
type fileResolver struct {
	path   string
	values map[string]any
}

// load finds --config (or PARLEY_CONFIG) and reads the file, before kong
// parses the rest with the file's values at hand.
func (r *fileResolver) load(args []string) error {
	r.path = configPath(args)
	if r.path == "" {
		return nil
	}
	f, err := os.Open(r.path)
	if err != nil {
		return advise(fmt.Errorf("read settings: %w", err), "Check the path given with --config or PARLEY_CONFIG.")
	}
	defer f.Close()
	if err := yaml.NewDecoder(f).Decode(&r.values); err != nil && !errors.Is(err, io.EOF) {
		return advise(fmt.Errorf("read settings %s: %s", r.path, strings.Join(strings.Fields(err.Error()), " ")), "The file must be a YAML mapping of flag names to values, such as `listen: 0.0.0.0:8443`.")
	}
	return nil
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

// Validate refuses keys that are no flag of serve.
func (r *fileResolver) Validate(app *kong.Application) error {
	known := map[string]bool{}
	for _, node := range app.Children {
		if node.Name != "serve" {
			continue
		}
		for _, f := range node.Flags {
			known[f.Name] = true
		}
	}
	for key := range r.values {
		if !known[key] || key == "config" {
			return fmt.Errorf("%s: unknown setting %q", r.path, key)
		}
	}
	return nil
}

// Resolve gives the file's value for a flag of serve, nil when it has none.
func (r *fileResolver) Resolve(_ *kong.Context, parent *kong.Path, flag *kong.Flag) (any, error) {
	if parent.Command == nil || parent.Command.Name != "serve" {
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
	return plain(value), nil
}

// plain turns YAML values into what kong's mappers take: lists of texts
// become one comma-separated text.
func plain(value any) any {
	list, ok := value.([]any)
	if !ok {
		return fmt.Sprint(value)
	}
	texts := make([]string, len(list))
	for i, v := range list {
		texts[i] = fmt.Sprint(v)
	}
	return strings.Join(texts, ",")
}
