package forward

import "parley/media/rtc/path"

// Bounds on what one peer may make us hold. They are far above what browsers use.
const (
	// maxStreams bounds the incoming SSRCs that are in use at a time, repair
	// streams included.
	maxStreams = path.MaxStreams
	// maxCommands is how many commands may wait for a worker.
	maxCommands = 4096
)
