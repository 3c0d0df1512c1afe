package path

// Bounds on what one session may make us hold. They are far above what browsers
// use.
const (
	// maxFlows is how many remote addresses may prove themselves.
	maxFlows = 16
	// maxProspects is how many more may wait for proof.
	maxProspects = 16
	// maxDTLSQueue is how many handshake datagrams may wait.
	maxDTLSQueue = 32
	// MaxStreams bounds the incoming SSRCs that the keys open at a time, repair
	// streams included.
	MaxStreams = 32
)

// How many of a session's binding requests are answered: a browser with many
// addresses makes some 50 a second while it connects. What anybody could send
// again from elsewhere is dropped before it counts.
const (
	checksPerSecond = 100
	checkBurst      = 200
)
