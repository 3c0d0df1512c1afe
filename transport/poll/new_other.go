//go:build !linux

package poll

// New starts a Poller, on this system the portable one.
func New(o Options) (Poller, error) {
	o.Portable = true
	return newGoPoller(o.withDefaults()), nil
}
