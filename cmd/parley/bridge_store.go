package main

import (
	"errors"

	"parley/engine"
	"parley/storage"
)

// storeBridge keeps in the store what the engine wants kept. The two have types of
// their own with the same fields: the conversions do not compile when they part.
// What the engine writes and takes back as it is, the store does itself.
type storeBridge struct{ *storage.Store }

var _ engine.Records = storeBridge{}

// BeginMeeting implements engine.Records.
func (b storeBridge) BeginMeeting(m engine.Meeting, done func(error)) error {
	return b.Store.BeginMeeting(storage.Meeting{
		ID: m.ID, Room: m.Room, Title: m.Title, Creator: m.Creator, Start: m.Start, Limit: m.Limit,
	}, done)
}

// Join implements engine.Records.
func (b storeBridge) Join(id string, j engine.Joining, done func(error)) error {
	return b.Store.Join(id, storage.Joining{
		Participant: j.Participant, User: j.User, Name: j.Name, Ticket: j.Ticket, At: j.At,
	}, done)
}

// Rate implements engine.Records.
func (b storeBridge) Rate(id string, r engine.Rating, done func(error)) error {
	return b.Store.Rate(id, storage.Rating(r), done)
}

// Ticket implements engine.Records.
func (b storeBridge) Ticket(id, participant string) ([]byte, error) {
	kept, err := b.Attendance(id, participant)
	return kept.Ticket, engineError(err)
}

// AppendChat implements engine.Records.
func (b storeBridge) AppendChat(t engine.Text, done func(engine.Text, error)) error {
	return engineError(b.Store.AppendChat(storage.ChatRecord(t), func(stored storage.ChatRecord, err error) {
		done(engine.Text(stored), engineError(err))
	}))
}

// ChatHistory implements engine.Records.
func (b storeBridge) ChatHistory(room string, limit int) ([]engine.Text, error) {
	stored, err := b.Store.ChatHistory(room, limit)
	texts := make([]engine.Text, len(stored))
	for i, t := range stored {
		texts[i] = engine.Text(t)
	}
	return texts, engineError(err)
}

// engineErrors are the store's errors that the engine tells apart.
var engineErrors = []struct{ of, as error }{
	{storage.ErrNotFound, engine.ErrNotFound},
	{storage.ErrInvalid, engine.ErrNotFound}, // a meeting of such an id, or such a participant, can not be
	{storage.ErrUnknown, engine.ErrUnknown},
	{storage.ErrRoomFull, engine.ErrRoomFull},
	{storage.ErrSourceFull, engine.ErrSourceFull},
}

// engineError makes an error of the store the engine's as well.
func engineError(err error) error {
	if err == nil {
		return nil
	}
	for _, e := range engineErrors {
		if errors.Is(err, e.of) {
			return knownError{err, e.as}
		}
	}
	return err
}

// knownError is an error of the store that is also one of the engine's.
type knownError struct {
	error
	as error
}

func (e knownError) Unwrap() []error { return []error{e.error, e.as} }
