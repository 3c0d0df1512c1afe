package engine

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"parley/actors"
	"parley/engine/wire"
)

// historyAge is how old a text in joined may be.
const historyAge = 24 * time.Hour

func (r *roomState) onChat(q asked, req *wire.Chat) {
	m, s, now := q.m, q.signal, q.ctx.Now()
	switch {
	case req.To != "":
		r.sayPrivately(m, s, req, now)
	case r.j.echo:
		message := chatMessage(Text{
			ID: uuid.Must(uuid.NewV7()).String(), Key: req.Key, Participant: m.id, Name: m.name, At: now, Text: req.Text,
		})
		r.publish(&wire.Chatted{Message: message}, audience{})
		s.reply(&wire.OK{Head: wire.Head{ID: req.ID}, Message: &message})
	default:
		r.say(m, s, req, now)
	}
}

// textOverhead is about what a stored text takes besides its words.
const textOverhead = 200

func textSize(text string) int { return textOverhead + len(text) }

// overQuota says which quota a text that was not stored was beyond, in words for
// the figures and for developers; empty for other errors.
func overQuota(err error) (name, message string) {
	switch {
	case errors.Is(err, ErrRoomFull):
		return "room_chat", "the room has stored all the texts it may"
	case errors.Is(err, ErrSourceFull):
		return "address_chat", "this address has stored all the texts it may in the room"
	}
	return "", ""
}

// say gives a text to the storage. It is said, and acknowledged, when it is on
// disk. One that is on its way already is not given again: whoever asks is answered
// with it.
func (r *roomState) say(m *member, s *Signal, req *wire.Chat, now time.Time) {
	key, from := sayingKey{m.identity, req.Key}, s.info.Addr
	w := r.j.sayings.texts[key]
	if r.j.sayings.full(w != nil) {
		s.refuseFor(time.Second, req.ID, wire.CodeRateLimited, "too many texts wait for the disk")
		return
	}
	waiting := ask{text: w, signal: s, reqID: req.ID, dueBy: now.Add(r.env.times.Chat)}
	if w != nil {
		r.j.sayings.ask(waiting)
		return
	}
	if r.env.texts.WaitN(from, now, textSize(req.Text)) > 0 {
		r.env.meters.limited.add("address_chat_day")
		s.refuse(req.ID, wire.CodeChatFull, "this address has stored all the texts it may today")
		return
	}
	waiting.text = &saying{key, from}
	r.store(waiting.text, Text{
		Room: r.j.name, Source: sourceName(from), Key: req.Key, Identity: m.identity, Participant: m.id, Name: m.name, At: now, Text: req.Text,
	})
	r.j.sayings.ask(waiting) // not before: whose write panics will not hear of it
}

// store gives a text to the storage. What becomes of it comes to the inbox.
func (r *roomState) store(w *saying, text Text) {
	result := &recordResult{said: w}
	write := func(done func(error)) error { return r.env.records.AppendChat(text, result.stored(done)) }
	r.env.record(write, r.toInbox(result.with))
}

// onSaid is called in the order of storing, which is the order of the room, maybe
// long after those who asked were told that nobody knows.
func (r *roomState) onSaid(w *saying, text Text, err error) {
	r.j.sayings.decided(w)
	if err != nil {
		r.onNotSaid(w, err)
		return
	}
	message := chatMessage(text)
	if r.j.history.add(message) { // else it was said before, under the same key
		r.j.texts++
		r.env.texts.AllowN(w.from, time.Now(), textSize(text.Text))
		r.env.meters.chats.Add(1)
		r.publish(&wire.Chatted{Message: message}, audience{})
	}
	for _, a := range r.j.sayings.of(w) {
		a.signal.reply(&wire.OK{Head: wire.Head{ID: a.reqID}, Message: &message})
	}
}

// onNotSaid tells those who asked why not, or that even the storage does not know.
func (r *roomState) onNotSaid(w *saying, err error) {
	code, message := wire.CodeStoreFailed, "the text could not be stored"
	if quota, words := overQuota(err); quota != "" {
		r.env.meters.limited.add(quota)
		code, message = wire.CodeChatFull, words
	} else {
		r.unsaid++
		if now := time.Now(); now.Sub(r.toldUnsaid) >= unsaidEvery {
			r.log.Warn("chat not stored", "error", err, "texts", r.unsaid)
			r.unsaid, r.toldUnsaid = 0, now
		}
	}
	for _, a := range r.j.sayings.of(w) {
		if errors.Is(err, ErrUnknown) {
			a.unknown()
		} else {
			a.signal.refuse(a.reqID, code, message)
		}
	}
}

// watchTexts makes sure that nobody waits for a stuck disk for ever.
func (r *roomState) watchTexts(ctx *actors.Context[roomMsg]) {
	if asks := r.j.sayings.asks; r.unsure == nil && len(asks) > 0 {
		r.unsure = ctx.After(asks[0].dueBy.Sub(ctx.Now()), textsLate{})
	}
}

// onTextsLate answers those who have waited long enough. Their texts are on their
// way still.
func (r *roomState) onTextsLate(ctx *actors.Context[roomMsg]) {
	r.unsure = nil
	for _, a := range r.j.sayings.overdue(ctx.Now()) {
		a.unknown()
	}
}

// sayPrivately hands a text to one person. It is not stored.
func (r *roomState) sayPrivately(m *member, s *Signal, req *wire.Chat, now time.Time) {
	message, again := m.private.find(req.Key)
	if !again {
		to := r.j.byID[req.To]
		if to == nil || to == m {
			s.refuse(req.ID, wire.CodeNoParticipant, "nobody else of that id is here")
			return
		}
		message = wire.ChatMessage{
			ID: uuid.Must(uuid.NewV7()).String(), Key: req.Key, Participant: m.id, Name: m.name,
			At: now.UnixMilli(), Text: req.Text, To: to.id,
		}
		m.private.add(message)
		r.env.meters.private.Add(1)
		r.publish(&wire.Chatted{Message: message}, only(m.id, to.id))
	}
	s.reply(&wire.OK{Head: wire.Head{ID: req.ID}, Message: &message})
}

func chatMessage(t Text) wire.ChatMessage {
	return wire.ChatMessage{
		ID: t.ID, Key: t.Key, Participant: t.Participant, Name: t.Name, At: t.At.UnixMilli(), Text: t.Text,
	}
}

// loadHistory reads what was said before the room came to life.
func (r *roomState) loadHistory(now time.Time) {
	if r.j.echo {
		return
	}
	texts, err := r.env.records.ChatHistory(r.j.name, wire.MaxHistory)
	if err != nil {
		r.log.Warn("chat history not read", "error", err)
		return
	}
	for _, t := range texts {
		if now.Sub(t.At) < historyAge {
			r.j.history.add(chatMessage(t))
		}
	}
}

// history holds the last texts of a room, oldest first. The zero history is
// ready for use.
type history struct {
	texts []wire.ChatMessage
	last  string // id of the last text ever added
}

// add appends a text, whose id must rise: one that is not new is not added.
func (h *history) add(m wire.ChatMessage) bool {
	if m.ID <= h.last {
		return false
	}
	h.last = m.ID
	if len(h.texts) == wire.MaxHistory {
		copy(h.texts, h.texts[1:])
		h.texts = h.texts[:len(h.texts)-1]
	}
	h.texts = append(h.texts, m)
	return true
}

// forJoined returns the newest texts that are young enough and fit.
func (h *history) forJoined(now time.Time) []wire.ChatMessage {
	oldest := now.Add(-historyAge).UnixMilli()
	from, bytes := len(h.texts), 0
	for from > 0 {
		m := h.texts[from-1]
		size, _ := json.Marshal(m)
		bytes += len(size) + 1
		if m.At < oldest || bytes > wire.MaxHistoryBytes {
			break
		}
		from--
	}
	return append([]wire.ChatMessage{}, h.texts[from:]...)
}
