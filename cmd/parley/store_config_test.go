package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/storage"
)

// TestStoreTakesServersFile has the commands for a store look where the server's
// settings say that it is.
func TestStoreTakesServersFile(t *testing.T) {
	dir := t.TempDir()
	data, file := filepath.Join(dir, "records"), filepath.Join(dir, "parley.yaml")
	s, err := storage.Open(data, storage.Options{Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("data: "+data+"\nlisten: 127.0.0.1:0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"store", "check", "--config", file},
		{"store", "repair", "--config=" + file},
		{"store", "backup", "--config", file, filepath.Join(dir, "one.db")},
		{"backup", "--config", file, filepath.Join(dir, "two.db")},
		{"store", "restore", "--config", file, filepath.Join(dir, "one.db")},
	} {
		var out, errs bytes.Buffer
		if code := run(args, &out, &errs); code != 0 {
			t.Errorf("%v: exit code %d: %s", args, code, &errs)
		}
	}
	t.Run("a variable wins", func(t *testing.T) {
		t.Setenv("PARLEY_CONFIG", file)
		t.Setenv("PARLEY_DATA", filepath.Join(dir, "elsewhere"))
		var out, errs bytes.Buffer
		if code := run([]string{"store", "check"}, &out, &errs); code != 1 || !strings.Contains(errs.String(), "elsewhere") {
			t.Errorf("exit code %d: %s", code, &errs)
		}
	})
	t.Run("the variable of the file", func(t *testing.T) {
		t.Setenv("PARLEY_CONFIG", file)
		var out, errs bytes.Buffer
		if code := run([]string{"store", "check"}, &out, &errs); code != 0 || !strings.Contains(out.String(), data) {
			t.Errorf("exit code %d: %s%s", code, &out, &errs)
		}
	})
}
