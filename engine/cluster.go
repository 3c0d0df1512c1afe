package engine

import (
	"context"
	"sync"
)

// Directory knows which node owns a room. The owner's Room actor is the only
// writer of the room's state. A server that is alone needs none: Options without
// a Directory own every room at once.
type Directory interface {
	// Claim makes this node the owner of room unless another one is, and says who
	// owns it now. It may take its time, for the engine asks in a task, but ends soon
	// after ctx does. An error means that nobody knows whose the room is.
	Claim(ctx context.Context, room string) (Lease, error)
}

// Lease is what a claim led to. It renews itself; none of its methods blocks.
type Lease interface {
	// Owner is the node that the room belongs to.
	Owner() string
	// Mine reports whether that is this node. If not, the rest means nothing.
	Mine() bool
	// Lost is closed when the room does not belong to this node any more: the lease
	// was lost, or released.
	Lost() <-chan struct{}
	// Release gives the room back. It is called when nothing of the room runs here any
	// more.
	Release()
}

// Bus carries calls to where they belong. Calls are plain data.
type Bus interface {
	// ToOwner hands c to the node that owns the room.
	ToOwner(c RoomCall) error
	// ToAll hands c to all nodes, this one included.
	ToAll(c NodeCall) error
	// Receive is called once, before anything is sent.
	Receive(node BusNode)
}

// BusNode is what a node does with calls. The methods do not block.
type BusNode interface {
	OnRoomCall(RoomCall) error
	OnNodeCall(NodeCall) error
}

// RoomCall asks something of a room, wherever it lives.
type RoomCall struct {
	Room string
	// Participant is to be removed; empty: the meeting is ended for all.
	Participant string
}

// NodeCall asks something of every node.
type NodeCall struct {
	// DrainMS announces the end of all connections in that many milliseconds.
	DrainMS int64
}

// soleNode is the Bus of a server that is alone.
type soleNode struct {
	mu   sync.Mutex // guards node
	node BusNode
}

func (s *soleNode) Receive(node BusNode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.node = node
}

func (s *soleNode) get() BusNode {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.node
}

func (s *soleNode) ToOwner(c RoomCall) error { return s.get().OnRoomCall(c) }
func (s *soleNode) ToAll(c NodeCall) error   { return s.get().OnNodeCall(c) }
