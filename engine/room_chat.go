package engine

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"parley/engine/wire"
	"parley/storage"
)

// maxSaying bounds the texts of one room that wait for the disk.
const maxSaying = 256

// historyAge is how old a text in joined may be.
const historyAge = 24 * time.Hour

// saying is a text on its way to disk, and who waits for it.
type saying struct {
	signal *Signal
	reqID  int64
}

func (r *roomState) onChat(m *member, s *Signal, req *wire.Chat, now time.Time) {
	switch {
	case req.To != "":
		r.sayPrivately(m, s, req, now)
	case r.j.echo:
		message := chatMessage(storage.ChatRecord{
			ID: uuid.Must(uuid.NewV7()).String(), Key: req.Key, Participant: m.id, Name: m.name, At: now, Text: req.Text,
		})
		r.publish(&wire.Chatted{Message: message}, audience{})
		s.reply(&wire.OK{Head: wire.Head{ID: req.ID}, Message: &message})
	case r.j.saying >= maxSaying:
		s.refuseFor(time.Second, req.ID, wire.CodeRateLimited, "too many texts wait for the disk")
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
	case errors.Is(err, storage.ErrRoomFull):
		return "room_chat", "the room has stored all the texts it may"
	case errors.Is(err, storage.ErrSourceFull):
		return "address_chat", "this address has stored all the texts it may in the room"
	}
	return "", ""
}

// say gives a text to the storage. It is said, and acknowledged, when it is on
// disk.
func (r *roomState) say(m *member, s *Signal, req *wire.Chat, now time.Time) {
	from := s.info.Addr
	if r.env.texts.WaitN(from, now, textSize(req.Text)) > 0 {
		r.env.meters.limited.add("address_chat_day")
		s.refuse(req.ID, wire.CodeChatFull, "this address has stored all the texts it may today")
		return
	}
	record := storage.ChatRecord{
		Room: r.j.name, Source: sourceName(from), Key: req.Key, Identity: m.identity, Participant: m.id, Name: m.name, At: now, Text: req.Text,
	}
	wait := &saying{s, req.ID}
	r.j.saying++
	var text storage.ChatRecord
	notify := r.toInbox(func(err error) recordResult { return recordResult{said: wait, text: text, err: err} })
	r.env.record(func(done func(error)) error {
		return r.env.records.AppendChat(record, func(stored storage.ChatRecord, err error) {
			text = stored
			done(err)
		})
	}, notify)
}

// onSaid is called in the order of storing, which is the order of the room.
func (r *roomState) onSaid(w *saying, text storage.ChatRecord, err error) {
	r.j.saying--
	if name, message := overQuota(err); name != "" {
		r.env.meters.limited.add(name)
		w.signal.refuse(w.reqID, wire.CodeChatFull, message)
		return
	}
	if err != nil {
		r.log.Warn("chat not stored", "error", err)
		w.signal.refuse(w.reqID, wire.CodeStoreFailed, "the text could not be stored")
		return
	}
	message := chatMessage(text)
	if r.j.history.add(message) { // else it was said before, under the same key
		r.j.texts++
		r.env.texts.AllowN(w.signal.info.Addr, time.Now(), textSize(text.Text))
		r.env.meters.chats.Add(1)
		r.publish(&wire.Chatted{Message: message}, audience{})
	}
	w.signal.reply(&wire.OK{Head: wire.Head{ID: w.reqID}, Message: &message})
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

func chatMessage(t storage.ChatRecord) wire.ChatMessage {
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
