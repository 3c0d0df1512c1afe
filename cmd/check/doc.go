// Command check is the one test command of Parley: `go run ./cmd/check`.
//
// It runs on a machine with Go, Node, git and apt, installs the browsers and
// fonts it needs where it may (root and apt), and names what is missing where
// it may not. Everything else comes from the Go module proxy and the npm
// registry through their ordinary clients.
//
// The steps run one after another, because two cores is what a check may
// count on: format, vet, import rules, race tests, allocation guards (which
// the race detector would falsify), builds for other systems, a short run of
// every fuzz target, type check and unit tests of the client, and browser
// tests against the real binary: those of the pages (ui-*) two files at a time,
// for they mostly wait, the others, which measure, alone. CI=true in the environment
// adds what needs a network of its own. --long raises the fuzz time and repeats, and at
// the end drives six other WebRTC stacks and the browsers once more, see
// cmd/check/stacks; that step installs what it needs by itself.
// --only STEP runs the named steps. The last lines say what passed and what
// failed; the exit code is 1 if anything failed.
package main
