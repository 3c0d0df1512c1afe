package media

import "encoding/binary"

// Builders append one RTCP packet each to dst and return it; a compound is
// made by calling several. They allocate only if dst's capacity is too small.

// appendRTCP appends a header whose length is filled in by endRTCP.
func appendRTCP(dst []byte, count, pt uint8, sender SSRC) (out []byte, start int) {
	start = len(dst)
	dst = append(dst, 0x80|count, pt, 0, 0)
	return binary.BigEndian.AppendUint32(dst, uint32(sender)), start
}

func endRTCP(dst []byte, start int) []byte {
	binary.BigEndian.PutUint16(dst[start+2:], uint16((len(dst)-start)/4-1))
	return dst
}

// maxReports is what the five-bit count of a header can say.
const maxReports = 31

// AppendSenderReport appends an SR (RFC 3550 §6.4.1) with up to 31 blocks.
func AppendSenderReport(dst []byte, sender SSRC, s SenderInfo, blocks []ReportBlock) []byte {
	blocks = blocks[:min(len(blocks), maxReports)]
	dst, start := appendRTCP(dst, uint8(len(blocks)), rtcpSR, sender)
	dst = binary.BigEndian.AppendUint64(dst, uint64(s.Clock.NTP))
	dst = binary.BigEndian.AppendUint32(dst, uint32(s.Clock.RTP))
	dst = binary.BigEndian.AppendUint32(dst, s.Packets)
	dst = binary.BigEndian.AppendUint32(dst, s.Octets)
	return endRTCP(appendBlocks(dst, blocks), start)
}

// AppendReceiverReport appends an RR (RFC 3550 §6.4.2) with up to 31 blocks.
func AppendReceiverReport(dst []byte, sender SSRC, blocks []ReportBlock) []byte {
	blocks = blocks[:min(len(blocks), maxReports)]
	dst, start := appendRTCP(dst, uint8(len(blocks)), rtcpRR, sender)
	return endRTCP(appendBlocks(dst, blocks), start)
}

func appendBlocks(dst []byte, blocks []ReportBlock) []byte {
	for i := range blocks {
		b := &blocks[i]
		lost := min(max(b.TotalLost, -1<<23), 1<<23-1)
		dst = binary.BigEndian.AppendUint32(dst, uint32(b.SSRC))
		dst = binary.BigEndian.AppendUint32(dst, uint32(b.FractionLost)<<24|uint32(lost)&0xffffff)
		dst = binary.BigEndian.AppendUint32(dst, b.Highest)
		dst = binary.BigEndian.AppendUint32(dst, b.Jitter)
		dst = binary.BigEndian.AppendUint32(dst, b.LastSR)
		dst = binary.BigEndian.AppendUint32(dst, b.Delay)
	}
	return dst
}

// AppendSDES appends a source description with the CNAME (RFC 3550 §6.5), at
// most 255 bytes of it.
func AppendSDES(dst []byte, sender SSRC, cname string) []byte {
	cname = cname[:min(len(cname), 255)]
	dst, start := appendRTCP(dst, 1, rtcpSDES, sender)
	dst = append(dst, 1, uint8(len(cname)))
	dst = append(dst, cname...)
	dst = append(dst, 0) // end of items, then to a word
	for (len(dst)-start)%4 != 0 {
		dst = append(dst, 0)
	}
	return endRTCP(dst, start)
}

// AppendPLI appends a picture loss indication (RFC 4585 §6.3.1).
func AppendPLI(dst []byte, sender, media SSRC) []byte {
	dst, start := appendRTCP(dst, fmtPLI, rtcpPSFB, sender)
	return endRTCP(binary.BigEndian.AppendUint32(dst, uint32(media)), start)
}

// AppendNACK appends a request for seqs, which ascend (RFC 4585 §6.2.1). It
// appends nothing if there are none.
func AppendNACK(dst []byte, sender, media SSRC, seqs []Seq) []byte {
	if len(seqs) == 0 {
		return dst
	}
	dst, start := appendRTCP(dst, fmtNACK, rtcpRTPFB, sender)
	dst = binary.BigEndian.AppendUint32(dst, uint32(media))
	for i := 0; i < len(seqs); {
		pid, mask := seqs[i], uint16(0)
		for i++; i < len(seqs); i++ {
			d := seqs[i] - pid
			if d == 0 || d > 16 {
				break
			}
			mask |= 1 << (d - 1)
		}
		dst = binary.BigEndian.AppendUint16(dst, uint16(pid))
		dst = binary.BigEndian.AppendUint16(dst, mask)
	}
	return endRTCP(dst, start)
}
