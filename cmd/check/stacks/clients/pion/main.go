// Command pion drives pion/webrtc. It is a module of its own, so that the
// server's does not know pion/webrtc.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"
)

// silence is 20 ms of Opus.
var silence = []byte{0xf8, 0xff, 0xfe}

// client is the stack and what it has opened.
type client struct {
	pc           *webrtc.PeerConnection
	microphone   *webrtc.TrackLocalStaticSample
	audio, video atomic.Int64
}

func newClient() (*client, error) {
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	c := &client{pc: pc}
	opus := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}
	if c.microphone, err = webrtc.NewTrackLocalStaticSample(opus, "audio", "stack"); err != nil {
		return nil, err
	}
	only := func(d webrtc.RTPTransceiverDirection) webrtc.RTPTransceiverInit {
		return webrtc.RTPTransceiverInit{Direction: d}
	}
	if _, err = pc.AddTransceiverFromTrack(c.microphone, only(webrtc.RTPTransceiverDirectionSendonly)); err != nil {
		return nil, err
	}
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
		if _, err = pc.AddTransceiverFromKind(kind, only(webrtc.RTPTransceiverDirectionRecvonly)); err != nil {
			return nil, err
		}
	}
	pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { c.receive(t) })
	return c, nil
}

// receive counts a track's packets until it ends.
func (c *client) receive(t *webrtc.TrackRemote) {
	count := &c.audio
	if t.Kind() == webrtc.RTPCodecTypeVideo {
		count = &c.video
	}
	for {
		if _, _, err := t.ReadRTP(); err != nil {
			return
		}
		count.Add(1)
	}
}

func (c *client) offer(options *webrtc.OfferOptions) (any, error) {
	o, err := c.pc.CreateOffer(options)
	if err != nil {
		return nil, err
	}
	gathered := webrtc.GatheringCompletePromise(c.pc)
	if err = c.pc.SetLocalDescription(o); err != nil {
		return nil, err
	}
	<-gathered
	return map[string]string{"sdp": c.pc.LocalDescription().SDP}, nil
}

func (c *client) do(what, sdp string) (any, error) {
	switch what {
	case "offer":
		return c.offer(nil)
	case "restart":
		return c.offer(&webrtc.OfferOptions{ICERestart: true})
	case "answer":
		return struct{}{}, c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: sdp})
	case "stats":
		return map[string]int64{"audio": c.audio.Load(), "video": c.video.Load()}, nil
	}
	return nil, fmt.Errorf("unknown order %q", what)
}

// speak sends silence for as long as the program runs; before there is a
// connection it goes nowhere.
func (c *client) speak() {
	for range time.Tick(20 * time.Millisecond) {
		_ = c.microphone.WriteSample(media.Sample{Data: silence, Duration: 20 * time.Millisecond})
	}
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "github.com/pion/webrtc/v4" {
				return "pion/webrtc " + m.Version
			}
		}
	}
	return "pion/webrtc"
}

func main() {
	c, err := newClient()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	out := json.NewEncoder(os.Stdout)
	_ = out.Encode(map[string]string{"version": version()})
	time.AfterFunc(0, c.speak)
	for lines := bufio.NewReader(os.Stdin); ; {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var order struct{ Do, SDP string }
		var reply any
		if err = json.Unmarshal(line, &order); err == nil {
			reply, err = c.do(order.Do, order.SDP)
		}
		if err != nil {
			reply = map[string]string{"error": err.Error()}
		}
		_ = out.Encode(reply)
	}
}
