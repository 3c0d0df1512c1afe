package rtc

import (
	"testing"
	"time"

	"github.com/pion/rtcp"

	"parley/media"
	"parley/media/rtc/rtctest"
)

// TestReportsAfterAClockStoodStill: a publisher whose clock stood still for
// seconds, without a word, has no report from before told to its viewers as if
// it were of now. What it is off by is seen against the packet that came last.
func TestReportsAfterAClockStoodStill(t *testing.T) {
	s := listen(t, Config{Workers: 1})
	from, to := join(t, s, peerOptions{}), join(t, s, peerOptions{seats: 1})
	to.session.Place(0, Placement{From: from.session, Source: Camera, Video: true})
	const long = 1500 * time.Millisecond
	video := to.answer.video[0]
	start, seq, stood := time.Now(), uint16(100), time.Duration(0)
	reading := func() uint32 { return uint32((time.Since(start) - stood).Milliseconds() * 90) }
	send := func(d time.Duration) (last time.Time) {
		for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			seq++
			packet := rtctest.VP8(seq, true, "picture")
			packet.Timestamp = reading()
			last = time.Now()
			from.send(packet)
		}
		return last
	}
	reports := func() (all []*rtcp.SenderReport) {
		to.mu.Lock()
		defer to.mu.Unlock()
		for _, p := range to.rtcp {
			if sr, ok := p.(*rtcp.SenderReport); ok && sr.SSRC == video {
				all = append(all, sr)
			}
		}
		return all
	}
	send(600 * time.Millisecond)
	from.sendRTCP(&rtcp.SenderReport{SSRC: rtctest.SSRCCam, NTPTime: uint64(media.InstantOf(time.Now()).NTP()), RTPTime: reading()})
	send(300 * time.Millisecond)
	time.Sleep(long)
	stood = long
	before := len(reports())
	var sent time.Time
	for end := time.Now().Add(rtctest.Patience); len(reports()) == before; {
		if sent = send(200 * time.Millisecond); time.Now().After(end) {
			t.Fatal("no report came after the clock stood still")
		}
	}
	time.Sleep(50 * time.Millisecond)
	got := to.received(video)
	sr := reports()[before]
	off := media.SenderClock{NTP: media.NTP(sr.NTPTime), RTP: media.Ticks(sr.RTPTime)}.
		NTPAt(media.Ticks(got[len(got)-1].Timestamp), 90000).Sub(media.InstantOf(sent).NTP())
	if off.Abs() > long/2 { // much less, if nothing else is to be done here
		t.Errorf("the picture sent last is said to be %v from when it was sent", off)
	}
}
