package rtc

import (
	"cmp"
	"fmt"
	"strings"

	"parley/media"
	"parley/media/rtc/rtctest"
)

// offerSpec describes the offer of a test peer, which looks like a browser's.
type offerSpec struct {
	ufrag, pwd  string
	fingerprint string // "sha-256 AB:…"
	seats       int
	rids        []string // simulcast layers of the camera
	noRTX       bool
	noExts      bool
	noLevel     bool // no audio levels of the microphone
	// only restricts a video section, by mid, to one codec, for example "VP8".
	only map[string]string
	// h264 is the profile-level-id, empty for Constrained Baseline; more
	// parameters may follow it.
	h264 string
	// setup is the role in DTLS, empty for actpass.
	setup string
	// descriptors of dependencies go with pictures, which may take long header
	// extensions.
	descriptors bool
}

// text writes the SDP.
func (o *offerSpec) text() string {
	var mids []string
	var body strings.Builder
	add := func(mid, section string) {
		mids = append(mids, mid)
		body.WriteString(section)
	}
	add("mic", o.section("audio", "mic", "sendonly", fmt.Sprintf("a=ssrc:%d cname:peer\r\n", rtctest.SSRCMic)))
	add("cam", o.section("video", "cam", "sendonly", o.camera()))
	for i := range o.seats {
		a, v := fmt.Sprintf("a%d", i), fmt.Sprintf("v%d", i)
		add(a, o.section("audio", a, "recvonly", ""))
		add(v, o.section("video", v, "recvonly", ""))
	}
	mixed := ""
	if o.descriptors {
		mixed = "a=extmap-allow-mixed\r\n"
	}
	return "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n" + mixed +
		"a=group:BUNDLE " + strings.Join(mids, " ") + "\r\n" + body.String()
}

func (o *offerSpec) camera() string {
	if len(o.rids) == 0 {
		return fmt.Sprintf("a=ssrc-group:FID %d %d\r\na=ssrc:%d cname:peer\r\na=ssrc:%d cname:peer\r\n",
			rtctest.SSRCCam, rtctest.SSRCCamRTX, rtctest.SSRCCam, rtctest.SSRCCamRTX)
	}
	var b strings.Builder
	for _, r := range o.rids {
		fmt.Fprintf(&b, "a=rid:%s send\r\n", r)
	}
	fmt.Fprintf(&b, "a=simulcast:send %s\r\n", strings.Join(o.rids, ";"))
	return b.String()
}

func (o *offerSpec) section(kind, mid, direction, extra string) string {
	var b strings.Builder
	formats := fmt.Sprint(rtctest.PTOpus)
	codecs := o.videoCodecs(mid)
	if kind == "video" {
		formats = ""
		for _, c := range codecs {
			formats += fmt.Sprintf(" %d", c.PT)
			if !o.noRTX {
				formats += fmt.Sprintf(" %d", c.RTX)
			}
		}
		formats = formats[1:]
	}
	fmt.Fprintf(&b, "m=%s 9 UDP/TLS/RTP/SAVPF %s\r\nc=IN IP4 0.0.0.0\r\na=mid:%s\r\na=%s\r\n", kind, formats, mid, direction)
	fmt.Fprintf(&b, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:%s\r\na=setup:%s\r\na=rtcp-mux\r\na=rtcp-rsize\r\n", o.ufrag, o.pwd, o.fingerprint, cmp.Or(o.setup, "actpass"))
	if !o.noExts {
		b.WriteString(extensions(kind, !o.noLevel || mid != "mic"))
	}
	if kind == "video" && o.descriptors {
		fmt.Fprintf(&b, "a=extmap:%d %s\r\n", rtctest.ExtDependency, media.ExtDependency.URI())
	}
	if kind == "audio" {
		fmt.Fprintf(&b, "a=rtpmap:%d opus/48000/2\r\na=rtcp-fb:%d transport-cc\r\n", rtctest.PTOpus, rtctest.PTOpus)
	} else {
		o.writeVideoCodecs(&b, codecs)
	}
	return b.String() + extra
}

func extensions(kind string, level bool) string {
	var b strings.Builder
	list := []struct {
		id  int
		ext media.Ext
	}{{rtctest.ExtMID, media.ExtMID}, {rtctest.ExtAbsSendTime, media.ExtAbsSendTime}, {rtctest.ExtTransportCC, media.ExtTransportCC}}
	if kind == "audio" && level {
		list = append(list, struct {
			id  int
			ext media.Ext
		}{rtctest.ExtAudioLevel, media.ExtAudioLevel})
	}
	for _, e := range list {
		fmt.Fprintf(&b, "a=extmap:%d %s\r\n", e.id, e.ext.URI())
	}
	if kind == "video" {
		fmt.Fprintf(&b, "a=extmap:%d %s\r\na=extmap:%d %s\r\n", rtctest.ExtRID, media.ExtRID.URI(), rtctest.ExtRepairedRID, media.ExtRepairedRID.URI())
	}
	return b.String()
}

func (o *offerSpec) videoCodecs(mid string) []rtctest.Codec { return rtctest.Codecs(o.only[mid]) }

func (o *offerSpec) writeVideoCodecs(b *strings.Builder, codecs []rtctest.Codec) {
	profile := o.h264
	if profile == "" {
		profile = "42e01f"
	}
	for _, c := range codecs {
		fmt.Fprintf(b, "a=rtpmap:%d %s/90000\r\n", c.PT, c.Name)
		for _, fb := range []string{"transport-cc", "ccm fir", "nack", "nack pli"} {
			fmt.Fprintf(b, "a=rtcp-fb:%d %s\r\n", c.PT, fb)
		}
		if c.Name == "H264" {
			fmt.Fprintf(b, "a=fmtp:%d level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=%s\r\n", c.PT, profile)
		}
		if !o.noRTX {
			fmt.Fprintf(b, "a=rtpmap:%d rtx/90000\r\na=fmtp:%d apt=%d\r\n", c.RTX, c.RTX, c.PT)
		}
	}
}

// offer is the whole request as the engine would make it.
func (o *offerSpec) offer() Offer {
	offer := Offer{SDP: o.text(), Sources: map[string]string{Microphone: "mic", Camera: "cam"}}
	for i := range o.seats {
		offer.Seats = append(offer.Seats, SeatMIDs{Audio: fmt.Sprintf("a%d", i), Video: fmt.Sprintf("v%d", i)})
	}
	return offer
}
