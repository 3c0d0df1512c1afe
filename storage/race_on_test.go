//go:build race

package storage

// raceOn: the race detector makes a run five times as long.
const raceOn = true
