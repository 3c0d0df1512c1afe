package client

import "sync"

// Peer is a client of this run as the others see it.
type Peer struct {
	Sender       uint32
	Room         string
	Audio, Video bool // what it sends
}

// Directory tells which participant is which client of this run. It may be
// used from any goroutine.
type Directory struct {
	mu            sync.RWMutex // guards both maps
	byParticipant map[string]Peer
	bySender      map[uint32]entry
}

type entry struct {
	peer        Peer
	participant string
}

// NewDirectory makes an empty directory.
func NewDirectory() *Directory {
	return &Directory{byParticipant: make(map[string]Peer), bySender: make(map[uint32]entry)}
}

func (d *Directory) add(participant string, p Peer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.byParticipant[participant] = p
	d.bySender[p.Sender] = entry{p, participant}
}

func (d *Directory) remove(participant string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if p, ok := d.byParticipant[participant]; ok {
		delete(d.byParticipant, participant)
		delete(d.bySender, p.Sender)
	}
}

func (d *Directory) participant(id string) (Peer, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	p, ok := d.byParticipant[id]
	return p, ok
}

func (d *Directory) sender(n uint32) (Peer, string, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	e, ok := d.bySender[n]
	return e.peer, e.participant, ok
}
