package actors

// interest is what a watcher wants to know of a cell's end.
type interest uint8

const (
	watches interest = 1 << iota // to be told of it
	links                        // to share its failure
)

// watch adds c to target's watchers; a link adds each to the other's. It is
// called on c's loop.
func (c *cell) watch(target *cell, how interest) {
	if target == nil || target == c {
		return
	}
	if c.watching == nil {
		c.watching = make(map[uint64]*cell)
	}
	c.watching[target.id] = target
	if !target.addWatcher(c, how) {
		c.tellExit(target.exit, how)
		return
	}
	if how == links {
		c.addWatcher(target, links)
	}
}

// unwatch ends what c wants of target, and the other half of a link. Whether
// target watches c is target's own matter.
func (c *cell) unwatch(target *cell) {
	if target == nil {
		return
	}
	delete(c.watching, target.id)
	target.dropWatcher(c, watches|links)
	c.dropWatcher(target, links)
}

// unwatchAll leaves no trace of c at those it watched.
func (c *cell) unwatchAll() {
	for _, target := range c.watching {
		target.dropWatcher(c, watches|links)
	}
	c.watching = nil
}

// addWatcher reports false if the cell has ended already; its exit is then set.
func (c *cell) addWatcher(w *cell, how interest) bool {
	c.watchMu.Lock()
	defer c.watchMu.Unlock()
	if c.watchEnd {
		return false
	}
	if c.watchers == nil {
		c.watchers = make(map[*cell]interest)
	}
	c.watchers[w] |= how
	return true
}

func (c *cell) dropWatcher(w *cell, how interest) {
	c.watchMu.Lock()
	defer c.watchMu.Unlock()
	if left := c.watchers[w] &^ how; left != 0 {
		c.watchers[w] = left
	} else {
		delete(c.watchers, w)
	}
}

// announce records the exit and tells parent, watchers and links.
func (c *cell) announce(exit Exit) {
	c.watchMu.Lock()
	c.exit = exit
	c.watchEnd = true
	watchers := c.watchers
	c.watchers = nil
	c.watchMu.Unlock()
	c.tellParent(exit)
	for w, how := range watchers {
		if how&watches != 0 && w != c.parent {
			w.tellExit(exit, watches)
		}
		if how&links != 0 {
			w.tellExit(exit, links)
			w.dropWatcher(c, links)
		}
	}
}

func (c *cell) tellParent(exit Exit) {
	if c.parent.lane == nil {
		return
	}
	exit.Child = true
	c.parent.lane.post(&note{kind: noteExit, exit: exit})
}

func (c *cell) tellExit(exit Exit, how interest) {
	kind := noteExit
	if how == links {
		kind = noteLinkExit
	}
	c.lane.post(&note{kind: kind, exit: exit})
}
