package actors

// watch adds c to target's watchers; a link adds each to the other's. It is
// called on c's loop.
func (c *cell) watch(target *cell, link bool) {
	if target == nil || target == c {
		return
	}
	if c.watching == nil {
		c.watching = make(map[uint64]*cell)
	}
	c.watching[target.id] = target
	if !target.addWatcher(c, link) {
		c.tellExit(target.exit, link)
		return
	}
	if link {
		c.addWatcher(target, true)
	}
}

func (c *cell) unwatch(target *cell) {
	if target == nil {
		return
	}
	delete(c.watching, target.id)
	target.dropWatcher(c)
	c.dropWatcher(target)
}

// unwatchAll leaves no trace of c at those it watched.
func (c *cell) unwatchAll() {
	for _, target := range c.watching {
		target.dropWatcher(c)
	}
	c.watching = nil
}

// addWatcher reports false if the cell has ended already; its exit is then set.
func (c *cell) addWatcher(w *cell, link bool) bool {
	c.watchMu.Lock()
	defer c.watchMu.Unlock()
	if c.watchEnd {
		return false
	}
	if c.watchers == nil {
		c.watchers = make(map[*cell]bool)
	}
	c.watchers[w] = c.watchers[w] || link
	return true
}

func (c *cell) dropWatcher(w *cell) {
	c.watchMu.Lock()
	defer c.watchMu.Unlock()
	delete(c.watchers, w)
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
	for w, link := range watchers {
		if w != c.parent || link {
			w.tellExit(exit, link)
		}
		if link {
			w.dropWatcher(c)
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

func (c *cell) tellExit(exit Exit, link bool) {
	kind := noteExit
	if link {
		kind = noteLinkExit
	}
	c.lane.post(&note{kind: kind, exit: exit})
}
