package actors

// keyIndex finds the queued message of a key. It holds at most as many entries
// as the mailbox has messages.
type keyIndex struct {
	position map[Key]uint64
	key      map[uint64]Key
}

func newKeyIndex() *keyIndex {
	return &keyIndex{position: make(map[Key]uint64), key: make(map[uint64]Key)}
}

func (x *keyIndex) find(key Key) (pos uint64, ok bool) {
	pos, ok = x.position[key]
	return pos, ok
}

// mark says that the message at pos carries key.
func (x *keyIndex) mark(key Key, pos uint64) {
	x.position[key] = pos
	x.key[pos] = key
}

// forget is called when the message at pos is taken out.
func (x *keyIndex) forget(pos uint64) {
	if len(x.key) == 0 {
		return
	}
	if key, ok := x.key[pos]; ok {
		delete(x.key, pos)
		delete(x.position, key)
	}
}
