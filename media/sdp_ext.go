package media

import (
	"slices"
	"strconv"
	"strings"
)

// Ext is a header extension that we know.
type Ext uint8

// The extensions we negotiate.
const (
	ExtNone Ext = iota
	ExtMID
	ExtRID
	ExtRepairedRID
	ExtAbsSendTime
	ExtTransportCC
	ExtAudioLevel
	ExtDependency
)

// extURIs are indexed by Ext.
var extURIs = [...]string{
	ExtMID:         "urn:ietf:params:rtp-hdrext:sdes:mid",
	ExtRID:         "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
	ExtRepairedRID: "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
	ExtAbsSendTime: "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
	ExtTransportCC: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
	ExtAudioLevel:  "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
	ExtDependency:  "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
}

// URI returns the extension's name in SDP.
func (e Ext) URI() string { return extURIs[e] }

// maxExtID is the highest id of the one-byte form.
const maxExtID = 14

// ExtMap is one a=extmap line (RFC 8285 §5).
type ExtMap struct {
	ID        uint8 // 1 … maxExtID
	Ext       Ext
	Direction Direction
}

// ExtIDs are the negotiated ids of a section, 0 where absent.
type ExtIDs struct {
	MID, RID, RepairedRID, AbsSendTime, TransportCC, AudioLevel, Dependency uint8
}

// parseExts returns the extensions we know that fit the one-byte form. An id
// or extension that comes a second time is ignored.
func parseExts(as attributes) []ExtMap {
	var out []ExtMap
	var ids, exts [16]bool
	for _, a := range as {
		if a.Key != "extmap" {
			continue
		}
		f := strings.Fields(a.Value)
		if len(f) < 2 {
			continue
		}
		idText, dir, hasDir := strings.Cut(f[0], "/")
		id, err := strconv.ParseUint(idText, 10, 16)
		e := extByURI(f[1])
		if err != nil || id < 1 || id > maxExtID || e == ExtNone || ids[id] || exts[e] {
			continue
		}
		m := ExtMap{ID: uint8(id), Ext: e}
		if hasDir {
			m.Direction = direction(attributes{{Key: dir}}, SendRecv)
		}
		ids[id], exts[e] = true, true
		out = append(out, m)
	}
	return out
}

// extsByImportance has every extension, the one first that is worst to lose:
// what a packet is, who speaks, how fast the way is, what pictures need.
var extsByImportance = [...]Ext{ExtMID, ExtRID, ExtRepairedRID, ExtAudioLevel, ExtTransportCC, ExtAbsSendTime, ExtDependency}

// settleExts leaves out extensions until each id means one thing and each
// extension has one id in the whole BUNDLE group, as it has to be (RFC 8285 §6,
// RFC 9143 §9.1). aiortc 1.4 offers id 2 for the audio level of its microphone
// and for the send time of its camera; answered with both it takes no media at
// all. Of two extensions with one id the more important one stays, of two ids
// of one extension that of the section that comes first.
func (o *Offer) settleExts() {
	var meaning [maxExtID + 1]Ext
	var id [len(extURIs)]uint8
	for _, e := range extsByImportance {
		for i := range o.Sections {
			for _, m := range o.Sections[i].Exts {
				if m.Ext == e && o.Sections[i].mayAnswer(m) && meaning[m.ID] == ExtNone && id[e] == 0 {
					meaning[m.ID], id[e] = e, m.ID
				}
			}
		}
	}
	for i := range o.Sections {
		s := &o.Sections[i]
		s.Exts = slices.DeleteFunc(s.Exts, func(m ExtMap) bool { return meaning[m.ID] != m.Ext })
	}
}

// mayAnswer reports whether the section's answer could have an extension.
func (s *Section) mayAnswer(m ExtMap) bool {
	return s.usable() && (m.Direction.Sends() && s.wantedOnReceive(m.Ext) || m.Direction.Receives() && s.wantedOnSend(m.Ext))
}

func extByURI(uri string) Ext {
	for e, u := range extURIs {
		if u == uri && u != "" {
			return Ext(e)
		}
	}
	return ExtNone
}

// extIDs returns the ids of list by name.
func extIDs(list []ExtMap) ExtIDs {
	var ids ExtIDs
	for _, m := range list {
		switch m.Ext {
		case ExtMID:
			ids.MID = m.ID
		case ExtRID:
			ids.RID = m.ID
		case ExtRepairedRID:
			ids.RepairedRID = m.ID
		case ExtAbsSendTime:
			ids.AbsSendTime = m.ID
		case ExtTransportCC:
			ids.TransportCC = m.ID
		case ExtAudioLevel:
			ids.AudioLevel = m.ID
		case ExtDependency:
			ids.Dependency = m.ID
		}
	}
	return ids
}

// wantsDependency reports whether dependency descriptors are of use. They are
// for AV1: without them browsers decode no picture of several spatial layers.
// Of a sender we want them where AV1 is what it will send, for it would put
// them on all codecs. A receiver has to take the two-byte form, for they can be
// long at key frames.
func (s *Section) wantsDependency(use Use, codecs []CodecParams) bool {
	if use == UseReceive {
		return codecs[0].Codec == CodecAV1
	}
	return s.longExts && slices.ContainsFunc(codecs, func(c CodecParams) bool { return c.Codec == CodecAV1 })
}
