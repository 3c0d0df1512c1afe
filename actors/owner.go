//go:build !race

package actors

const raceEnabled = false

// owner does its checks only under the race detector.
type owner struct{}

func (*owner) bind()      {}
func (*owner) assert()    {}
func (*owner) here() bool { return false }
