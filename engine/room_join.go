package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/google/uuid"

	"parley/actors"
	"parley/engine/wire"
)

// A join takes three steps, each a message to the room:
//
//	joinRoom      a place is taken, the participant's actor opens the media
//	mediaOpened   the record of the join goes to disk
//	(inbox)       the newcomer becomes a member, joined is sent
//
// so that what joined acknowledges is on disk, unless it says otherwise, and nobody
// waits for another.

// newcomer is a participant between joinRoom and joined.
type newcomer struct {
	m       *member
	signal  *Signal
	reqID   int64
	unmuted []wire.Source
	answer  MediaAnswer
	onDisk  bool      // the record
	dueBy   time.Time // when the record is no longer waited for; zero: not given yet
}

// newPerson is who joins with req. The record keeps a hash of the identity: it
// shows who is the same, not what the client's key is. A one-time identity must
// be as hard to guess as a client's own: who knows it can end the session.
func newPerson(req *wire.Join) person {
	p := person{id: uuid.Must(uuid.NewV7()).String(), name: req.Name, kind: wire.KindPerson, identity: req.Identity}
	if p.identity == "" {
		p.identity = uuid.NewString()
		return p
	}
	sum := sha256.Sum256([]byte(p.identity))
	p.user = hex.EncodeToString(sum[:16])
	return p
}

func (r *roomState) onJoinRoom(ctx *actors.Context[roomMsg], msg joinRoom) {
	r.j.doing = doing{msg.signal, msg.req.ID}
	m := &member{person: newPerson(msg.req), may: msg.may, secret: newSecret()}
	if err := r.admit(m); err != nil {
		msg.signal.refuseJoin(msg.req.ID, err, r.env.waitToDrain(err, ctx.Now()))
		return
	}
	ref, err := spawnParticipant(ctx, r.env, r.j.watched, m, msg.signal, msg.req)
	if err != nil {
		msg.signal.refuseJoin(msg.req.ID, refuse(wire.CodeDraining, "the room ends"), 0)
		return
	}
	m.ref = ref
	r.j.joining[m.id] = &newcomer{m: m, signal: msg.signal, reqID: msg.req.ID, unmuted: msg.req.Unmuted}
	r.env.meters.participants.Add(1)
	r.empty.Stop()
}

// admit checks whether the room has a place. Who replaces an earlier session of
// his own needs none.
func (r *roomState) admit(m *member) error {
	if len(r.j.members) == 0 && r.env.draining.Load() {
		return refuse(wire.CodeDraining, "the server takes no new meetings")
	}
	taken := r.j.people() + len(r.j.joining)
	limit := r.env.limits.RoomParticipants
	if r.j.echo {
		limit = 1
	}
	if taken >= limit && r.sameIdentity(m) == nil {
		return refuse(wire.CodeRoomFull, "the room has all the participants it may have")
	}
	return nil
}

func (r *roomState) sameIdentity(m *member) *member {
	for _, other := range r.j.members {
		if other.identity == m.identity {
			return other
		}
	}
	return nil
}

func (r *roomState) onMediaOpened(ctx *actors.Context[roomMsg], msg mediaOpened) {
	n := r.j.joining[msg.id]
	if n == nil {
		return
	}
	if msg.err != nil {
		r.giveUp(ctx, n, msg.err)
		return
	}
	now := ctx.Now()
	n.m.joinedAt = now
	n.answer = msg.result.answer
	n.m.takeMedia(msg.result, n.unmuted)
	r.j.beginMeeting(r.env, n.m.id, now)
	if r.j.echo {
		r.welcome(ctx, n)
		return
	}
	n.dueBy = now.Add(r.env.times.Record)
	r.recordJoin(n.m, now)
	r.watchRecords(ctx)
}

// giveUp ends a join that failed, or, without an error, whose client is gone.
func (r *roomState) giveUp(ctx *actors.Context[roomMsg], n *newcomer, err error) {
	delete(r.j.joining, n.m.id)
	n.m.ref.Stop()
	r.env.meters.participants.Add(-1)
	now := ctx.Now()
	reason := wire.ReasonLost
	if err != nil {
		reason = wire.ReasonFailed
		n.signal.refuseJoin(n.reqID, err, 0)
	} else {
		r.env.meters.joins.add("gone")
	}
	r.j.recordLeave(r.env, n.m, now, reason, nil)
	r.j.endIfEmpty(r.env, now)
	r.watchEmpty(ctx)
}

// welcome makes the newcomer a member.
func (r *roomState) welcome(ctx *actors.Context[roomMsg], n *newcomer) {
	m, now := n.m, ctx.Now()
	if !n.signal.bind(m.ref) {
		r.giveUp(ctx, n, nil)
		return
	}
	r.j.welcoming = n
	if old := r.sameIdentity(m); old != nil {
		r.remove(ctx, old, departure{reason: wire.ReasonDuplicate, code: wire.CodeDuplicate, message: "the same identity joined again"})
	}
	r.j.connect(m, n.signal)
	m.textsSoFar, m.leftOpen = r.j.texts, m.undecided
	r.j.add(m)
	delete(r.j.joining, m.id) // not before: the meeting must not end between the two
	if r.j.echo {
		r.addEcho(m, now)
	}
	r.j.meeting.peak = max(r.j.meeting.peak, r.j.people())
	r.env.meters.joins.add("ok")
	r.log.Info("participant joined", "participant", m.id, "members", len(r.j.members))
	r.publish(&wire.ParticipantJoined{Participant: m.public()}, except(m.id))
	n.signal.reply(r.joined(n, now))
	r.tellSpeakersTo(m)
	r.tellQualityTo(m)
	r.tellDraining(m, now)
	r.stage = nil
	r.j.welcoming = nil
}

// joined is the reply to a join that succeeded.
func (r *roomState) joined(n *newcomer, now time.Time) *wire.Joined {
	participants := make([]wire.Participant, len(r.j.members))
	for i, m := range r.j.members {
		participants[i] = m.public()
	}
	limits := r.env.limits
	return &wire.Joined{
		Head:        wire.Head{ID: n.reqID},
		Participant: n.m.id,
		Room:        r.j.name,
		Title:       r.j.title,
		Meeting:     r.j.meeting.id,
		Recorded:    n.onDisk, RecordPending: n.m.undecided,
		StartedAt: r.j.meeting.start.UnixMilli(),
		Seq:       r.j.seq,
		Resume:    resumeToken{r.j.name, n.m.id, n.m.secret}.String(),
		ResumeMS:  r.env.times.Resume.Milliseconds(),
		Answer:    n.answer.SDP, Problems: n.answer.Problems,
		Participants: participants,
		Chat:         r.j.history.forJoined(now),
		Hands:        append([]string{}, r.j.hands...),
		ServerTime:   now.UnixMilli(),
		Version:      r.env.version,
		Limits: wire.Limits{
			ChatRunes: wire.MaxChatRunes, NameRunes: wire.MaxNameRunes, CaptionRunes: wire.MaxCaptionRunes,
			Seats: limits.Seats, MessageBytes: wire.MaxSmallMessage, MuteFrom: max(0, limits.MuteFrom),
		},
	}
}

// addEcho adds the other participant of a setup test, who sends back what the
// caller sends: it has the caller's own media.
func (r *roomState) addEcho(caller *member, now time.Time) {
	r.j.add(&member{
		person:  person{id: "echo", name: "Echo", kind: wire.KindEcho, identity: uuid.NewString(), joinedAt: now},
		session: caller.session, sources: caller.sources,
	})
}
