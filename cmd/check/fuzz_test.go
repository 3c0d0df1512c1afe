package main

import "testing"

func TestEndOfFuzzingIsNoFinding(t *testing.T) {
	for said, want := range map[string]bool{
		"fuzz: elapsed: 3s\n--- FAIL: FuzzHeader (3.05s)\n    context deadline exceeded\nFAIL\n":                                                                                      true,
		"--- FAIL: FuzzHeader (0.01s)\n    --- FAIL: FuzzHeader (0.00s)\n        x_test.go:9: context deadline exceeded\n\n    Failing input written to testdata/fuzz/FuzzHeader/1\n": false,
		"--- FAIL: FuzzHeader (0.01s)\n    context deadline exceeded\n    Failing input written to testdata/fuzz/FuzzHeader/1\n":                                                      false,
		"fuzz: elapsed: 3s\n--- FAIL: FuzzHeader (3.05s)\n    panic: boom\nFAIL\n":                                                                                                    false,
		"": false,
	} {
		if got := endOfFuzzing(said); got != want {
			t.Errorf("endOfFuzzing(%q) = %v", said, got)
		}
	}
}
