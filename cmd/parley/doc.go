// Command parley is the meeting server: one binary with the browser client
// inside. `parley` alone serves on http://localhost:8443; `parley bench`
// load-tests a server; `parley --help` tells the rest.
//
// This package only wires: it reads the configuration, builds the store, the
// packet side, the engine and the HTTP side, connects them through the small
// interfaces each of them declares (see bridge_media.go and serve_run.go),
// and stops them in order: no new meetings, participants told, records
// closed, packets stopped, store closed.
package main
