package report

import (
	"path/filepath"
	"reflect"
	"testing"
)

// TestEveryLimitFails walks all fields of Limits: each fails when its value is
// on the wrong side, and when there is no value.
func TestEveryLimitFails(t *testing.T) {
	fields := reflect.TypeFor[Limits]()
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		strict := -1.0 // nothing measured is below zero
		if name == "MinPPS" || name == "MinRunShare" {
			strict = 1e12
		}
		for what, r := range map[string]*Report{"not kept": sample(), "not measured": New("x", 1)} {
			l := new(Limits)
			reflect.ValueOf(l).Elem().Field(i).Set(reflect.ValueOf(&strict))
			failed := false
			for _, c := range r.Check(l) {
				failed = failed || !c.OK && c.Limit == strict && (c.Value == nil) == (what == "not measured")
			}
			if !failed {
				t.Errorf("%s: %s, and no check of it fails", name, what)
			}
		}
	}
}

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		good better
		x, y float64
		want string
	}{
		{lower, 100, 102.9, ""}, {lower, 100, 97.1, ""}, {lower, 100, 103.1, "worse"}, {lower, 100, 96.9, "better"},
		{higher, 100, 103.1, "better"}, {higher, 100, 96.9, "worse"}, {neither, 100, 1, ""},
		{lower, 0, 0, ""}, {lower, 0, 0.001, "worse"}, {higher, 0, 1, "better"},
	} {
		if got := verdict(c.good, c.x, c.y); got != c.want {
			t.Errorf("verdict(%d, %v, %v) is %q, want %q", c.good, c.x, c.y, got, c.want)
		}
	}
}

func TestAReportReadsBackAsItWas(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.json")
	want := sample()
	if err := want.Write(path); err != nil {
		t.Fatal(err)
	}
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	want.Params, got.Params = nil, nil // numbers in it are float64 after reading
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v\nwrote %+v", got, want)
	}
}
