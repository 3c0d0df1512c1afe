package main

import (
	"net/netip"
	"strings"
	"testing"

	"parley/engine/wire"
)

const offered = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n" +
	"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:a\r\na=sendonly\r\na=ice-ufrag:one\r\na=ice-pwd:first\r\n" +
	"m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:b\r\na=sendonly\r\na=ice-ufrag:two\r\na=ice-pwd:second\r\n" +
	"m=audio 0 UDP/TLS/RTP/SAVPF 111\r\na=mid:c\r\na=recvonly\r\n" +
	"m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:d\r\na=recvonly\r\n"

func TestReadOffer(t *testing.T) {
	o, err := readOffer(offered)
	if err != nil {
		t.Fatal(err)
	}
	if o.ufrag != "one" || o.pwd != "first" || o.sources[wire.Microphone].MID != "a" || o.sources[wire.Camera].MID != "b" ||
		len(o.seats) != 1 || o.seats[0] != (wire.SeatMIDs{Audio: "c", Video: "d"}) || len(o.unmuted()) != 2 {
		t.Errorf("%+v", o)
	}
	for name, bad := range map[string]string{
		"no credentials": strings.ReplaceAll(offered, "a=ice-", "a=x-"),
		"no seat":        strings.Replace(offered, "a=recvonly", "a=sendonly", 1),
		"both ways":      strings.Replace(offered, "a=sendonly", "a=sendrecv", 1),
	} {
		if _, err := readOffer(bad); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestRewire(t *testing.T) {
	answer := "v=0\r\nm=audio 9\r\na=ice-ufrag:us\r\na=candidate:1 1 udp 100 ::1 5000 typ host\r\na=candidate:2 1 udp 90 127.0.0.1 5001 typ host\r\n" +
		"m=video 9\r\na=candidate:1 1 udp 100 ::1 5000 typ host\r\n"
	got, err := serverAddr(answer, netip.MustParseAddr("127.0.0.1"))
	if err != nil || got != netip.MustParseAddrPort("127.0.0.1:5001") {
		t.Errorf("server %v, %v", got, err)
	}
	want := "v=0\r\nm=audio 9\r\na=ice-ufrag:us\r\na=candidate:1 1 udp 100 127.0.0.1 7 typ host\r\n" +
		"m=video 9\r\na=candidate:1 1 udp 100 127.0.0.1 7 typ host\r\n"
	if text := rewire(answer, netip.MustParseAddrPort("127.0.0.1:7")); text != want {
		t.Errorf("rewired:\n%s", text)
	}
}
