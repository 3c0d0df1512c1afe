// Command check is the one test command of Parley: `go run ./cmd/check`.
//
// It runs on a machine with Go, Node, git and apt, installs the browsers and
// fonts it needs where it may (root and apt), and names what is missing where
// it may not. Everything else comes from the Go module proxy and the npm
// registry through their ordinary clients.
//
// There are three forms of it, in one table of steps (steps.go; --list prints
// it): each step belongs to a form, is in the later ones too, and has a budget
// on two cores that have nothing else to do. Together they stay below what a
// form may take, which a test holds.
//
//	form    asked for by         at most   adds
//	people  go run ./cmd/check   10 min    format, vet, import rules; tests of very many inputs, without the race detector;
//	                                       race tests, which run the seeds of fuzz targets; allocation guards;
//	                                       type check and unit tests of the client; pages and media in Chromium
//	                                       against the real binary
//	CI      CI=true              45 min    stores on bad disks, builds for other systems, fuzzing for 3 s a target,
//	                                       what needs network namespaces, Firefox, the tour of all screens, a short
//	                                       soak, music, weight, the browser tests in Chinese too where people have
//	                                       them in English only, and each foreign WebRTC stack (cmd/check/stacks)
//	long    --long               8 h       fuzzing for 5 minutes a target, all tests with the race detector 5 times,
//	                                       soaks of ten minutes
//
// What a foreign client needs and can not be had is red with CI=true, and told
// otherwise. --only runs the named steps of any form; --test runs the browser
// tests with a name, or of a file:
//
//	go run ./cmd/check --only school,fuzz
//	go run ./cmd/check --only browser --test "socket cut"
//
// The steps run one after another, because two cores is what a check may count
// on; within a step what waits runs beside what works. go test runs more
// packages at a time than there are cores. The browser tests share one
// Chromium, in contexts that keep them apart, and run several files at a time:
// browser/run/plan.mjs says which wait, which work and which measure, and which
// belong to a step of their own. A Chromium that ends by itself is replaced and
// said so, and the files that failed with it run again, each in one of its own.
//
// The last lines say what passed, what failed and which tests took longest; the
// exit code is 1 if anything failed.
package main
