package rtctest

import (
	"slices"

	"github.com/pion/rtp"
)

// Payload types, ids of header extensions and SSRCs of all test peers.
const (
	PTOpus, PTVP8, PTVP8RTX, PTH264, PTH264RTX = 111, 96, 97, 102, 103

	PTVP9, PTVP9RTX, PTAV1, PTAV1RTX = 98, 99, 45, 46

	ExtMID, ExtRID, ExtRepairedRID, ExtAbsSendTime, ExtTransportCC, ExtAudioLevel, ExtDependency = 1, 2, 3, 4, 5, 6, 7

	SSRCMic, SSRCCam, SSRCCamRTX = 1001, 2001, 2002
)

// Codec is a codec of pictures as a client offers it.
type Codec struct {
	PT, RTX int
	Name    string
}

// The codecs of pictures as clients offer them, and VP8 under other numbers.
var (
	AsVP8   = Codec{PTVP8, PTVP8RTX, "VP8"}
	AsH264  = Codec{PTH264, PTH264RTX, "H264"}
	AsVP9   = Codec{PTVP9, PTVP9RTX, "VP9"}
	AsAV1   = Codec{PTAV1, PTAV1RTX, "AV1"}
	AsVP8At = Codec{120, 121, "VP8"}
)

// Codecs returns what a client offers: all, or one codec only if that is named.
func Codecs(only string) (list []Codec) {
	for _, c := range []Codec{AsVP8, AsH264, AsVP9, AsAV1} {
		if only == "" || only == c.Name {
			list = append(list, c)
		}
	}
	return list
}

// Picture returns a picture in the codec, complete if it is a key frame.
func (c Codec) Picture(seq uint16, key bool, text string) *rtp.Packet {
	write := map[string]func(uint16, bool, string) *rtp.Packet{"VP8": VP8, "H264": H264, "VP9": VP9, "AV1": AV1}[c.Name]
	return write(seq, key, text)
}

// Opus returns a sound packet.
func Opus(seq uint16, text string) *rtp.Packet {
	return &rtp.Packet{
		Header:  rtp.Header{Version: 2, PayloadType: PTOpus, SequenceNumber: seq, Timestamp: uint32(seq) * 960, SSRC: SSRCMic},
		Payload: []byte(text),
	}
}

// Picture returns a packet that is a whole picture of the camera.
func Picture(pt uint8, seq uint16, payload []byte) *rtp.Packet {
	return &rtp.Packet{
		Header:  rtp.Header{Version: 2, PayloadType: pt, Marker: true, SequenceNumber: seq, Timestamp: uint32(seq) * 3000, SSRC: SSRCCam},
		Payload: payload,
	}
}

// VP8 returns a picture with a 15-bit picture id.
func VP8(seq uint16, key bool, text string) *rtp.Packet {
	p := []byte{0x90, 0x80, 0x80 | byte(seq>>8), byte(seq)}
	if key {
		p = append(p, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01) // 640×360
	} else {
		p = append(p, 0x11, 0, 0)
	}
	return Picture(PTVP8, seq, append(p, text...))
}

// IsKeyframe looks at the first packet of a picture made by VP8.
func IsKeyframe(p *rtp.Packet) bool { return len(p.Payload) > 4 && p.Payload[4]&1 == 0 }

// VP9 returns a picture with a 15-bit picture id, whose key frames tell a size.
func VP9(seq uint16, key bool, text string) *rtp.Packet {
	p := []byte{0xcc, 0x80 | byte(seq>>8), byte(seq)}
	if key {
		p = append(p, 0x10, 2, 0x80, 1, 0x68) // 640×360
		p[0] = 0x8e
	}
	return Picture(PTVP9, seq, append(p, text...))
}

// AV1 returns a picture of one unit; before that of a key frame is a sequence
// header.
func AV1(seq uint16, key bool, text string) *rtp.Packet {
	frame := append([]byte{0x30}, text...) // OBU_FRAME
	if !key {
		return Picture(PTAV1, seq, append([]byte{0x10}, frame...))
	}
	header := []byte{0x28, 5, 0x08, 0, 0, 0, 0} // N, and a header that is cut off
	return Picture(PTAV1, seq, append(header, frame...))
}

// Described is AV1 with a descriptor whose frame number is the packet's; that of
// a key frame needs the long form.
func Described(seq uint16, key bool, text string) *rtp.Packet {
	p := AV1(seq, key, text)
	d := []byte{0xc1, byte(seq >> 8), byte(seq)}
	if key { // as Chromium describes one spatial and three temporal layers
		d = append([]byte{0xc0}, d[1], d[2], 0x80, 0x02, 0x14, 0xea, 0xa8, 0x60, 0x41, 0x4d, 0x14, 0x10, 0x20, 0x84, 0x27, 0x02, 0x7f, 0x01, 0x67)
		p.Extension, p.ExtensionProfile = true, rtp.ExtensionProfileTwoByte
	}
	if err := p.SetExtension(ExtDependency, d); err != nil {
		panic(err)
	}
	return p
}

// The parameter sets of a picture of 640×360, and the starts of slices that
// refer to them.
var (
	H264SPS   = []byte{0x67, 0x42, 0xc0, 0x1f, 0x8c, 0x8d, 0x40, 0x50, 0x17, 0xfc, 0xb0, 0x0f, 0x08, 0x84, 0x6a}
	H264PPS   = []byte{0x68, 0xce, 0x3c, 0x80}
	H264IDR   = []byte{0x65, 0x88, 0x80}
	H264Slice = []byte{0x41, 0x9a, 0x80}
)

// Aggregate returns units as one payload (RFC 6184 §5.7.1).
func Aggregate(units ...[]byte) []byte {
	b := []byte{0x78}
	for _, u := range units {
		b = append(append(b, byte(len(u)>>8), byte(len(u))), u...)
	}
	return b
}

// H264 returns a one-packet picture. That of a key frame has its sets.
func H264(seq uint16, key bool, text string) *rtp.Packet {
	if !key {
		return Picture(PTH264, seq, slices.Concat(H264Slice, []byte(text)))
	}
	return Picture(PTH264, seq, Aggregate(H264SPS, H264PPS, slices.Concat(H264IDR, []byte(text))))
}
