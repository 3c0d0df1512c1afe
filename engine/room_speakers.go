package engine

import (
	"time"

	"parley/actors"
	"parley/engine/wire"
)

// speakersEvery is the least time between two speakers events. Nothing runs
// while nobody speaks.
const speakersEvery = 200 * time.Millisecond

func (r *roomState) onVoiceChanged(ctx *actors.Context[roomMsg], msg voiceChanged) {
	m := r.j.byID[msg.id]
	if m == nil || m.sources[wire.Microphone].Muted {
		return // what a muted microphone still says is old
	}
	if r.speakers.hear(m.id, msg.speaking, msg.level, ctx.Now()) {
		r.voicesChanged(ctx)
	}
}

func (r *roomState) forgetVoice(ctx *actors.Context[roomMsg], id string) {
	if r.speakers.forget(id) {
		r.voicesChanged(ctx)
	}
}

func (r *roomState) voicesChanged(ctx *actors.Context[roomMsg]) {
	r.stage = nil
	if r.toldVoice.ready(ctx, speakersEvery, speakersDue{}) {
		r.tellSpeakers()
	}
}

func (r *roomState) onSpeakersDue(ctx *actors.Context[roomMsg]) {
	r.toldVoice.due()
	r.toldVoice.last = ctx.Now()
	r.tellSpeakers()
}

func (r *roomState) tellSpeakers() {
	r.show(&wire.Speakers{Speakers: r.speakers.speakers()}, audience{})
}

// tellSpeakersTo brings a newcomer up to date; without an event nobody speaks.
func (r *roomState) tellSpeakersTo(m *member) {
	if speakers := r.speakers.speakers(); len(speakers) > 0 {
		m.tell(&wire.Speakers{Speakers: speakers})
	}
}
