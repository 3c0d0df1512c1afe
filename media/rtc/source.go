package rtc

import "parley/media"

// What a participant sends. Camera and Microphone share a seat, so do Screen
// and ScreenAudio.
const (
	Microphone  = "microphone"
	Camera      = "camera"
	Screen      = "screen"
	ScreenAudio = "screen_audio"
)

func sourceKind(source string) media.Kind {
	switch source {
	case Microphone, ScreenAudio:
		return media.KindAudio
	case Camera, Screen:
		return media.KindVideo
	}
	return media.KindOther
}

// pairOf returns the two sources that travel together in a seat.
func pairOf(source string) (audio, video string) {
	if source == Screen || source == ScreenAudio {
		return ScreenAudio, Screen
	}
	return Microphone, Camera
}
