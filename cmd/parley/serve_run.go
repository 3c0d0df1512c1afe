package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/time/rate"

	"parley/engine"
	"parley/engine/wire"
	"parley/media"
	"parley/media/rtc"
	"parley/storage"
	"parley/transport/httpd"
	"parley/transport/limit"
)

// stopTime bounds the orderly stop: telling participants, closing records.
const stopTime = 10 * time.Second

// Run serves until ctx ends (Ctrl-C) or SIGTERM comes, then stops in order; SIGHUP,
// of a terminal that closes or of who hopes for a reload, is taken as SIGTERM.
// SIGTERM lets running meetings go on for --drain first; a second signal of
// either kind ends that. Where no meeting runs it stops at once.
func (c *serveCmd) Run(ctx context.Context, out io.Writer) error {
	s, err := c.check()
	if err != nil {
		return err
	}
	terminate := make(chan os.Signal, 2) // from here on: one during the start waits for its end
	signal.Notify(terminate, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // nohup
		signal.Notify(terminate, syscall.SIGHUP)
	}
	defer signal.Stop(terminate)
	log := c.logger(os.Stderr)
	warnOfStrangers(log, c.strangers)
	keepToLimit(os.DirFS("/"), log)
	defer saveMemory()()
	cores := spareProc()
	if c.Workers == 0 {
		c.Workers = cores
	}
	srv, err := c.start(s, log)
	if err != nil {
		return err
	}
	c.announce(out, s, srv)
	failed := srv.serve()
	select {
	case <-ctx.Done():
	case <-terminate:
		srv.drain(ctx, c.Drain, terminate, log)
	case err = <-failed:
		log.Error("http server ended", "error", err)
	}
	signal.Reset(os.Interrupt, syscall.SIGTERM) // another one ends us at once
	return errors.Join(err, srv.stop(log))
}

// drain refuses new meetings and waits until the last participant has left,
// the time is over, or another signal comes.
func (srv *server) drain(ctx context.Context, limit time.Duration, again <-chan os.Signal, log *slog.Logger) {
	if limit <= 0 {
		return
	}
	log.Info("draining", "limit", limit, "participants", srv.engine.Figures().Participants)
	srv.front.Drain(limit)
	if err := srv.engine.Drain(limit); err != nil {
		log.Error("participants were not told of the drain", "error", err)
	}
	why := srv.waitForLast(ctx, limit, again)
	log.Info("drained", "because", why, "participants", srv.engine.Figures().Participants)
}

// waitForLast returns when the last participant has left, or why it did not wait
// for that.
func (srv *server) waitForLast(ctx context.Context, limit time.Duration, again <-chan os.Signal) (why string) {
	over := time.NewTimer(limit)
	defer over.Stop()
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for srv.engine.Figures().Participants > 0 {
		select {
		case <-look.C:
		case <-over.C:
			return "the time is over"
		case <-again:
			return "of a second signal"
		case <-ctx.Done():
			return "of a second signal"
		}
	}
	return "nobody is here"
}

func (c *serveCmd) logger(out io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		panic(err) // kong checked the enum
	}
	options := &slog.HandlerOptions{Level: level}
	if c.LogJSON {
		return slog.New(slog.NewJSONHandler(out, options))
	}
	return slog.New(slog.NewTextHandler(out, options))
}

// server is the running whole.
type server struct {
	store   *storage.Store
	control *control
	media   *rtc.Server
	engine  *engine.Engine
	front   *httpd.Server
	listens []httpd.Listener // the main one is the first
	rows    [][2]string      // what the start box says of the others
}

// port is the main listener's number.
func (srv *server) port() int { return srv.listens[0].Net.Addr().(*net.TCPAddr).Port }

// start builds the parts from the bottom up. On an error what was started is
// stopped again.
func (c *serveCmd) start(s settings, log *slog.Logger) (srv *server, err error) {
	srv = &server{}
	defer func() {
		if err != nil {
			srv.close()
		}
	}()
	if srv.store, err = c.openStore(log); err != nil {
		return srv, err
	}
	srv.control = listenControl(c.Data, srv.store, log)
	var ln net.Listener
	if ln, srv.media, err = c.openPorts(s, log); err != nil {
		return srv, err
	}
	srv.listens = []httpd.Listener{{Name: "main", Net: ln}}
	if srv.engine, err = engine.New(c.engineOptions(srv, log)); err != nil {
		return srv, err
	}
	if srv.front, err = c.newFront(srv, log); err != nil {
		return srv, err
	}
	return srv, c.openFurther(srv)
}

func (c *serveCmd) openStore(log *slog.Logger) (*storage.Store, error) {
	store, err := storage.Open(c.Data, storage.Options{Log: log, ChatBytes: c.Limits.chatBytes(1), RoomKey: roomKey})
	switch {
	case err == nil:
		return store, nil
	case errors.Is(err, storage.ErrLocked):
		return nil, advise(fmt.Errorf("data folder %s: %w", c.Data, err), "Another parley uses this folder. Stop it, or choose another one with --data.")
	case errors.Is(err, storage.ErrNewerSchema):
		return nil, advise(fmt.Errorf("data folder %s: %w", c.Data, err), "Use the newer version, or another folder with --data.")
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return nil, advise(fmt.Errorf("data folder %s: %w", c.Data, err), "There is no room left. Make some, or choose a folder on another disk with --data.")
	case errors.Is(err, storage.ErrUnwritable), errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.ENOTDIR):
		return nil, advise(fmt.Errorf("data folder %s: %w", c.Data, err), "Choose a folder you may write to with --data, or mend its permissions.")
	}
	if errors.Is(err, storage.ErrNotAStore) { // one line, for who reads only logs
		return nil, fmt.Errorf("%w; way out: `parley store repair --data %s` saves what can be read, `parley store restore FILE` puts a backup back, or choose another folder with --data", err, c.Data)
	}
	return nil, fmt.Errorf("data folder %s: %w", c.Data, err)
}

// roomKey tells the store which room a name of an earlier version means.
func roomKey(name string) string {
	key, err := wire.CleanRoom(name)
	if err != nil {
		return ""
	}
	return key
}

// portTries is how often a free port is looked for that is free both for TCP
// and for UDP, when the port given is 0.
const portTries = 20

// openPorts takes the TCP port and the UDP port of the same number.
func (c *serveCmd) openPorts(s settings, log *slog.Logger) (net.Listener, *rtc.Server, error) {
	var err error
	for range portTries {
		var ln net.Listener
		if ln, err = net.Listen("tcp", s.listen.addr.String()); err != nil {
			break
		}
		port := ln.Addr().(*net.TCPAddr).AddrPort().Port()
		var server *rtc.Server
		server, err = rtc.Listen(rtc.Config{
			Addrs: s.mediaAddrs(port), Interfaces: c.Interfaces, Advertise: s.advertise,
			Workers: c.Workers, NoGSO: !c.GSO, SourceRate: media.BitsPerSecond(c.Limits.SourceRate), Log: log,
		})
		if err == nil {
			return ln, server, nil
		}
		_ = ln.Close()
		if s.listen.addr.Port() != 0 {
			break
		}
	}
	return nil, nil, portError(s.listen, err)
}

func (c *serveCmd) engineOptions(srv *server, log *slog.Logger) engine.Options {
	limits := engine.Limits{
		Rooms: c.MaxRooms, AddressRooms: noneIfZero(c.Limits.Rooms), RoomParticipants: c.MaxParticipants, MuteFrom: noneIfZero(c.MuteFrom),
		JoinRate: rate.Limit(float64(noneIfZero(c.Limits.Joins)) / 60), JoinBurst: noneIfZero(c.Limits.Joins),
	}
	c.limitOffers(&limits)
	limits.AddressChatBytes = word(c.Limits.chatBytes(32))
	return engine.Options{
		Media: mediaBridge{srv.media}, Records: storeBridge{srv.store}, Log: log, Version: fullVersion(), Faults: c.faults,
		NewRate: func(perSecond rate.Limit, atOnce int) engine.AddressRate { return limit.NewRate(perSecond, atOnce) },
		Limits:  limits,
	}
}

// noneIfZero makes a limit of 0, which for the engine is the default, none.
func noneIfZero(n int) int {
	if n == 0 {
		return -1
	}
	return n
}

// limitOffers gives a connection what --limit-offers says, twenty at once for one
// that comes to a large meeting, and an address 32 times as much.
func (c *serveCmd) limitOffers(l *engine.Limits) {
	const address = 32 * wire.MaxSmallMessage
	l.OfferRate, l.OfferBurst = rate.Limit(float64(c.Limits.Offers)/60), max(20, c.Limits.Offers/3)
	if c.Limits.Offers == 0 {
		l.OfferRate = rate.Limit(-1)
	}
	l.AddressOfferRate, l.AddressOfferBurst = address*l.OfferRate, max(64<<20, word(address*int64(l.OfferBurst)))
}

// stop ends everything from the top down: no newcomers, participants told and
// records closed, sockets, packets, the store.
func (srv *server) stop(log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	log.Info("stopping")
	err := srv.engine.Stop(ctx)
	err = errors.Join(err, srv.shutFront(ctx))
	srv.engine, srv.front = nil, nil
	return errors.Join(err, srv.close())
}

// close releases what is open, in reverse order of start.
func (srv *server) close() error {
	var errs []error
	for _, l := range srv.listens {
		_ = l.Net.Close() // closed already when it served
	}
	if srv.media != nil {
		errs = append(errs, srv.media.Close())
	}
	errs = append(errs, srv.control.close())
	if srv.store != nil {
		errs = append(errs, srv.store.Close())
	}
	return errors.Join(errs...)
}

// announce prints where to go.
func (c *serveCmd) announce(out io.Writer, s settings, srv *server) {
	port, host, scheme := srv.port(), s.listen.shownHost(), c.scheme()
	var media string
	for i, a := range srv.media.Candidates() {
		if i > 0 {
			media += ", "
		}
		media += a.String()
	}
	var notes []string
	if !s.tls && !s.listen.addr.Addr().IsLoopback() && c.Public.Scheme != "https" {
		notes = append(notes,
			"Browsers give camera and microphone only to https:// pages and to",
			"localhost: for other machines add --tls-cert and --tls-key.")
	}
	rows := [][2]string{{"open", pageURL(scheme, host, port)}}
	if c.Public != (httpd.Site{}) {
		open := c.Public.String()
		if c.Public.Base != "" {
			open += "/" // what a proxy passes on begins with it
		}
		rows = [][2]string{{"open", open}, {"here", pageURL(scheme, host, port)}}
	}
	if s.listen.addr.Addr().IsUnspecified() {
		rows = append(rows, elsewhere(srv.media.Candidates(), scheme, port)...)
	}
	rows = append(rows, srv.rows...)
	rows = append(rows, [][2]string{{"media", "UDP " + media}, {"data", c.Data}, {"stop", "Ctrl-C"}}...)
	printBox(out, "Parley "+fullVersion(), rows, notes)
}
