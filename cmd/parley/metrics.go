package main

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"parley/actors"
	"parley/engine"
	"parley/media/rtc"
	"parley/storage"
)

// collector turns the figures of the engine and the packet side into metrics
// when they are asked for. Nothing is counted twice: the parts keep plain
// counters, this names them.
type collector struct {
	engine func() engine.Figures
	media  func() rtc.Figures
	store  func() storage.Figures
}

// Describe sends nothing: the metrics are only known when collected.
func (c collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c collector) Collect(out chan<- prometheus.Metric) {
	s := sink{out}
	s.gauge("parley_build_info", "Always 1; the version is in the label.", 1, "version", fullVersion())
	f := c.engine()
	s.engine(&f)
	for i := range f.Actors {
		s.actor(&f.Actors[i])
	}
	st := c.store()
	s.store(&st)
	m := c.media()
	s.media(&m)
	for i := range m.Workers {
		s.worker(i, &m.Workers[i])
	}
}

// sink sends constant metrics. Labels are name, value, name, value, …
type sink struct{ out chan<- prometheus.Metric }

func (s sink) gauge(name, help string, v float64, labels ...string) {
	s.send(prometheus.GaugeValue, name, help, v, labels)
}

func (s sink) counter(name, help string, v uint64, labels ...string) {
	s.send(prometheus.CounterValue, name, help, float64(v), labels)
}

func (s sink) send(kind prometheus.ValueType, name, help string, v float64, labels []string) {
	var names, values []string
	for i := 0; i+1 < len(labels); i += 2 {
		names, values = append(names, labels[i]), append(values, labels[i+1])
	}
	s.out <- prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, names, nil), kind, v, values...)
}

// by sends one counter per word.
func (s sink) by(name, help, label string, counts map[string]uint64) {
	for word, n := range counts {
		s.counter(name, help, n, label, word)
	}
}

func (s sink) engine(f *engine.Figures) {
	s.gauge("parley_rooms", "Rooms now.", float64(f.Rooms))
	s.gauge("parley_participants", "Participants now.", float64(f.Participants))
	s.gauge("parley_draining", "1 while new meetings are refused, before the server ends.", flag(f.Draining))
	s.gauge("parley_connections", "Signalling connections now.", float64(f.Connections))
	s.by("parley_joins_total", "Joins by result.", "result", f.Joins)
	s.by("parley_resumes_total", "Resumed sessions by result.", "result", f.Resumes)
	s.by("parley_leaves_total", "Ended participations by reason.", "reason", f.Leaves)
	s.by("parley_errors_total", "Refused requests by code.", "code", f.Errors)
	s.by("parley_limited_total", "Requests that a limit refused, by limit.", "limit", f.Limited)
	s.by("parley_byes_total", "Connections the server ended, by code.", "code", f.Byes)
	s.counter("parley_chat_messages_total", "Texts to everyone.", f.Chats)
	s.counter("parley_private_messages_total", "Texts to one participant.", f.Private)
	s.counter("parley_events_total", "Room events encoded.", f.Events)
	s.counter("parley_frames_total", "Frames queued to connections.", f.Frames)
	s.counter("parley_rooms_yielded_total", "Rooms with one member or none that gave way to another on a full server.", f.Yielded)
	s.gauge("parley_event_log_bytes", "Events that rooms keep for participants who are away.", float64(f.Logged))
	for what, n := range f.Overdue {
		s.gauge("parley_calls_overdue", "Calls that decide who may enter or whose a room is, that go on after their time; each keeps its place.", float64(n), "of", what)
	}
	s.counter("parley_records_failed_total", "Records that could not be written in time.", f.Unrecorded)
}

func (s sink) store(f *storage.Figures) {
	s.gauge("parley_store_queue", "Records waiting for a commit.", float64(f.Queued))
	s.gauge("parley_store_read_only", "1 while the disk fails or is full and texts are refused.", flag(f.ReadOnly))
	s.gauge("parley_store_held", "Records that wait until the disk works again.", float64(f.Held))
	s.counter("parley_store_failures_total", "Commits that failed, and tries to do them again.", f.Failures)
	s.gauge("parley_store_running_commit_seconds", "How long the commit under way has taken, 0 if there is none.", f.Running.Seconds())
	s.counter("parley_store_commits_total", "Commits to disk.", f.Commits)
	s.counter("parley_store_records_total", "Records in those commits.", f.Records)
	s.counter("parley_store_refused_total", "Records refused because the queue was full.", f.Refused)
	s.gauge("parley_store_last_commit_seconds", "How long the last commit took.", f.LastCommit.Seconds())
}

func (s sink) actor(f *actors.Figure) {
	const dropped = "Messages that were not handled, by reason."
	s.gauge("parley_actors", "Actors alive.", float64(f.Actors), "kind", f.Kind)
	s.gauge("parley_mailbox_depth", "Messages waiting in all mailboxes of a kind.", float64(f.Depth), "kind", f.Kind)
	s.gauge("parley_mailbox_depth_max", "Messages waiting in the fullest mailbox of a kind.", float64(f.MaxDepth), "kind", f.Kind)
	s.gauge("parley_actor_saturation_ratio", "Share of time the busiest actor of a kind was working.", f.MaxSaturation, "kind", f.Kind)
	s.counter("parley_actor_messages_total", "Messages handled.", f.Handled, "kind", f.Kind)
	s.counter("parley_actor_dropped_total", dropped, f.Dropped, "kind", f.Kind, "reason", "full")
	s.counter("parley_actor_dropped_total", dropped, f.Expired, "kind", f.Kind, "reason", "expired")
	s.counter("parley_actor_dropped_total", dropped, f.Dead, "kind", f.Kind, "reason", "dead")
	s.counter("parley_actor_panics_total", "Panics caught.", f.Panics, "kind", f.Kind)
	s.counter("parley_actor_restarts_total", "Restarts after a panic.", f.Restarts, "kind", f.Kind)
}

func (s sink) media(f *rtc.Figures) {
	s.gauge("parley_media_sessions", "Media sessions now.", float64(f.Sessions))
	s.gauge("parley_media_connected", "Media sessions with keys and an address.", float64(f.Connected))
	s.gauge("parley_media_tracks", "Sources being received.", float64(f.Tracks))
	for word, n := range f.Problems {
		s.gauge("parley_media_problems", "Pictures that are on and do not come, by what is wrong.", float64(n), "problem", word)
	}
	s.gauge("parley_gso_enabled", "1 if every socket sends runs as one message.", flag(f.GSO))
	s.by("parley_drops_total", "Datagrams and packets that went no further, by reason.", "reason", f.Drops)
}

func (s sink) worker(i int, f *rtc.WorkerFigures) {
	name := fmt.Sprintf("%s/%d", f.Address, i)
	const packets, bytes = "UDP datagrams.", "Bytes in UDP datagrams."
	s.counter("parley_udp_packets_total", packets, f.PacketsIn, "worker", name, "direction", "in")
	s.counter("parley_udp_packets_total", packets, f.PacketsOut, "worker", name, "direction", "out")
	s.counter("parley_udp_bytes_total", bytes, f.BytesIn, "worker", name, "direction", "in")
	s.counter("parley_udp_bytes_total", bytes, f.BytesOut, "worker", name, "direction", "out")
	s.counter("parley_rtp_forwarded_total", "Media packets sent to subscribers.", f.Forwarded, "worker", name)
	s.counter("parley_rtp_repaired_total", "Media packets sent again on request.", f.Repaired, "worker", name)
	s.counter("parley_rtp_recovered_total", "Lost media packets that came as a repair.", f.Recovered, "worker", name)
	const reported = "Packets that receivers report on, by what became of them."
	s.counter("parley_rtp_reported_total", reported, f.Arrived, "worker", name, "outcome", "arrived")
	s.counter("parley_rtp_reported_total", reported, f.Lost, "worker", name, "outcome", "lost")
	s.counter("parley_gso_runs_total", "Messages that carried more than one packet.", f.Runs, "worker", name)
	s.counter("parley_gso_packets_total", "Packets that left in such messages.", f.RunPackets, "worker", name)
	s.counter("parley_send_calls_total", "System calls that sent packets.", f.SendCalls, "worker", name)
	s.counter("parley_receive_batches_total", "Times packets were taken in.", f.Batches, "worker", name)
	s.counter("parley_udp_overflows_total", "Datagrams the kernel had no room for.", f.Overflows, "worker", name)
}

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
