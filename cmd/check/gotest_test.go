package main

import (
	"strings"
	"testing"
	"time"
)

const someEvents = `{"Action":"start","Package":"parley/a"}
{"Action":"output","Package":"parley/a","Test":"TestGood","Output":"said by the good\n"}
{"Action":"pass","Package":"parley/a","Test":"TestGood/part","Elapsed":1}
{"Action":"pass","Package":"parley/a","Test":"TestGood","Elapsed":2}
{"Action":"output","Package":"parley/a","Test":"TestBad","Output":"said by the bad\n"}
{"Action":"fail","Package":"parley/a","Test":"TestBad","Elapsed":0.5}
{"Action":"output","Package":"parley/a","Test":"TestPanic","Output":"panic: boom\n"}
{"Action":"output","Package":"parley/a","Output":"FAIL\tparley/a\t3s\n"}
{"Action":"fail","Package":"parley/a","Elapsed":3}
{"ImportPath":"parley/b","Action":"build-output","Output":"b.go:1:1: undefined: x\n"}
not an event
{"Action":"output","Package":"parley/c","Output":"-test.shuffle 7\n"}
{"Action":"pass","Package":"parley/c","Elapsed":1}
`

// TestTellTests: failures are told in full, also those of a package that ended
// in the middle, and nothing else is.
func TestTellTests(t *testing.T) {
	var out strings.Builder
	tests := tellTests(&out, strings.NewReader(someEvents))
	for _, want := range []string{"said by the bad\n", "panic: boom\n", "FAIL    3.0 s  parley/a\n", "b.go:1:1: undefined: x\n", "not an event\n", "ok      1.0 s  parley/c\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
	for _, unwanted := range []string{"said by the good", "shuffle"} {
		if strings.Contains(out.String(), unwanted) {
			t.Errorf("%q is in\n%s", unwanted, out.String())
		}
	}
	if len(tests) != 2 || tests[0] != (timing{"a: TestGood", 2 * time.Second}) || tests[1] != (timing{"a: TestBad", time.Second / 2}) {
		t.Errorf("tests: %v", tests)
	}
}
