package main

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"parley/bench/client"
)

// conditions are those of one session.
type conditions struct {
	dropFirst int           // checks that are lost
	delay     time.Duration // one way between stack and server
	active    bool          // the stack is to be the DTLS server, of the driver
}

// session is one stack in a room with its company.
type session struct {
	rig       *rig
	program   *program
	version   string
	member    *participant
	companion *client.Client
	offer     *offer
	watch     *watch
	relay     *relay
	dtls      *dtlsClient // nil unless conditions.active
	given     time.Time   // when the stack got the answer
}

// open starts the stack and brings it into a room. What it returns has to be
// closed even with an error.
func open(ctx context.Context, r *rig, st *stack, c conditions) (*session, error) {
	s := &session{rig: r, watch: newWatch(r.policy, c.dropFirst)}
	room, companion, err := r.company(ctx)
	if err != nil {
		return s, fmt.Errorf("company: %w", err)
	}
	s.companion = companion
	if s.program, s.version, err = startProgram(ctx, st.dir(), st.command); err != nil {
		return s, err
	}
	offered, err := s.program.do(order{Do: "offer"})
	if err != nil {
		return s, err
	}
	if s.offer, err = readOffer(offered.SDP); err != nil {
		return s, err
	}
	if s.member, err = dialParticipant(ctx, r.server.URL); err != nil {
		return s, err
	}
	answer, err := s.member.join(room, st.name, s.offer)
	if err != nil {
		return s, err
	}
	server, err := serverAddr(answer, r.loopback)
	if err != nil {
		return s, err
	}
	return s, s.connect(ctx, answer, server, c)
}

// connect puts the relay between and gives the stack its answer.
func (s *session) connect(ctx context.Context, answer string, server netip.AddrPort, c conditions) (err error) {
	if c.active {
		if s.dtls, err = newDTLSClient(s.watch); err != nil {
			return err
		}
		answer = s.dtls.rewrite(answer)
	}
	if s.relay, err = newRelay(server, c.delay, s.watch); err != nil {
		return err
	}
	if c.active {
		s.dtls.start(ctx, s.relay)
	}
	return s.take(answer)
}

// take gives the stack an answer that leads to the relay.
func (s *session) take(answer string) error {
	s.watch.expect(&credentials{clientUfrag: s.offer.ufrag, clientPwd: s.offer.pwd, serverUfrag: line(answer, "ice-ufrag")})
	s.given = time.Now()
	_, err := s.program.do(order{Do: "answer", SDP: rewire(answer, s.relay.addr())})
	return err
}

// restart restarts ICE.
func (s *session) restart() error {
	offered, err := s.program.do(order{Do: "restart"})
	if err != nil {
		return err
	}
	old := s.offer.ufrag
	if s.offer, err = readOffer(offered.SDP); err != nil {
		return err
	}
	if s.offer.ufrag == old {
		return fmt.Errorf("restart: the offer has the old credentials")
	}
	answer, err := s.member.offer(s.offer)
	if err != nil {
		return err
	}
	return s.take(answer)
}

// received is how many packets the stack has opened.
func (s *session) received() (int, error) {
	stats, err := s.program.do(order{Do: "stats"})
	if err != nil {
		return 0, err
	}
	return stats.Audio + stats.Video, nil
}

// flow is media as both ends count it.
type flow struct{ up, down bool }

// media waits until media of after now has come through, both ways.
func (s *session) media(ctx context.Context, within time.Duration) (f flow, err error) {
	s.rig.arrived()
	before, err := s.received()
	if err != nil {
		return f, err
	}
	until(ctx, within, func() bool {
		f.up = f.up || s.rig.arrived() > 0
		if !f.down {
			var n int
			n, err = s.received()
			f.down = n > before
		}
		return err != nil || f.up && f.down
	})
	return f, err
}

func (s *session) close() {
	if s.program != nil {
		s.program.close()
	}
	if s.member != nil {
		s.member.close()
	}
	if s.dtls != nil {
		s.dtls.close()
	}
	if s.relay != nil {
		s.relay.close()
	}
	if s.companion != nil {
		s.rig.swarm.Leave(s.companion)
	}
}
