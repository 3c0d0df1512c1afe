package media

// What a participant sends. Camera and Microphone share a seat, so do Screen
// and ScreenAudio.
const (
	Microphone  = "microphone"
	Camera      = "camera"
	Screen      = "screen"
	ScreenAudio = "screen_audio"
)

// KindOf is what a source is, KindOther for one that nobody knows.
func KindOf(source string) Kind {
	switch source {
	case Microphone, ScreenAudio:
		return KindAudio
	case Camera, Screen:
		return KindVideo
	}
	return KindOther
}

// PairOf returns the two sources that travel together in a seat.
func PairOf(source string) (audio, video string) {
	if source == Screen || source == ScreenAudio {
		return ScreenAudio, Screen
	}
	return Microphone, Camera
}
