package wire

// Source names what a participant sends. Every participant has at most one
// track of each source.
type Source string

// The four sources. Camera and Microphone share a seat, so do Screen and
// ScreenAudio.
const (
	Microphone  Source = "microphone"
	Camera      Source = "camera"
	Screen      Source = "screen"
	ScreenAudio Source = "screen_audio"
)

// Sources lists all sources in their canonical order.
var Sources = [...]Source{Microphone, Camera, Screen, ScreenAudio}

// Valid reports whether s is one of Sources.
func (s Source) Valid() bool {
	switch s {
	case Microphone, Camera, Screen, ScreenAudio:
		return true
	}
	return false
}

// Video reports whether s is a picture.
func (s Source) Video() bool { return s == Camera || s == Screen }
