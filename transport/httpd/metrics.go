package httpd

import (
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"parley/transport/portmux"
	"parley/transport/wsconn"
)

// metrics are the figures of this package, in a registry of its own.
type metrics struct {
	registry    *prometheus.Registry
	requests    *prometheus.CounterVec // by route and status
	refused     *prometheus.CounterVec // upgrades, by reason
	refusedHTTP *prometheus.CounterVec // other requests, by reason
	cut         *prometheus.CounterVec // connections that were no WebSockets, by reason
	streams     *prometheus.CounterVec // by listener and how they ended
	panics      prometheus.Counter
}

// Reasons why a connection that was no WebSocket was cut.
const (
	cutShare       = "share"       // refused: its source has its share, all busy
	cutOldest      = "oldest"      // it made room for a newer one
	cutDescriptors = "descriptors" // the same, because those were scarce
)

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parley_http_requests_total", Help: "HTTP requests by route and status."}, []string{"route", "code"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parley_ws_refused_total", Help: "WebSocket upgrades that were refused, by reason."}, []string{"reason"}),
		refusedHTTP: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parley_http_refused_total", Help: "HTTP requests that were refused by a limit or a rule, by reason."}, []string{"reason"}),
		cut: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parley_http_cut_total", Help: "TCP connections that were no WebSockets and were cut because there were too many, by reason."}, []string{"reason"}),
		streams: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parley_streams_total", Help: "TCP connections that spoke something else than HTTP, by listener and how they ended."}, []string{"listener", "end"}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "parley_http_panics_total", Help: "HTTP handlers that panicked."}),
	}
	m.registry.MustRegister(m.requests, m.refused, m.refusedHTTP, m.cut, m.streams, m.panics,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) handler() http.HandlerFunc {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4}).ServeHTTP
}

// count wraps next: it counts requests by route, and panics.
func (m *metrics) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(rec, r)
		route := r.Pattern
		if route == "" {
			route = "none"
		}
		m.requests.WithLabelValues(route, strconv.Itoa(rec.status)).Inc()
	})
}

// statusRecorder remembers the status.
type statusRecorder struct {
	http.ResponseWriter
	status int
	wrote  bool
}

func (s *statusRecorder) WriteHeader(status int) {
	s.status, s.wrote = status, true
	s.ResponseWriter.WriteHeader(status)
}

func (s *statusRecorder) Write(b []byte) (int, error) {
	s.wrote = true
	return s.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach Hijack.
func (s *statusRecorder) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// socketCollector shows wsconn's figures.
type socketCollector struct{ conns *wsconn.Server }

var (
	descOpen     = prometheus.NewDesc("parley_ws_connections", "Open WebSockets.", []string{"tls"}, nil)
	descQueued   = prometheus.NewDesc("parley_ws_queued_bytes", "Bytes waiting for peers that read slowly.", nil, nil)
	descHeld     = prometheus.NewDesc("parley_ws_held_bytes", "Memory held for messages that are not complete.", nil, nil)
	descAccepted = prometheus.NewDesc("parley_ws_accepted_total", "WebSockets opened.", nil, nil)
	descReceived = prometheus.NewDesc("parley_ws_received_total", "Messages received.", nil, nil)
	descSent     = prometheus.NewDesc("parley_ws_sent_total", "Frames sent.", nil, nil)
	descPanics   = prometheus.NewDesc("parley_ws_panics_total", "Message handlers that panicked.", nil, nil)
	descEnded    = prometheus.NewDesc("parley_ws_ended_total", "WebSockets that ended, by reason.", []string{"reason"}, nil)
)

func (c socketCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descOpen, descQueued, descHeld, descAccepted, descReceived, descSent, descPanics, descEnded} {
		ch <- d
	}
}

func (c socketCollector) Collect(ch chan<- prometheus.Metric) {
	f := c.conns.Figures()
	gauge := func(d *prometheus.Desc, v int64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v), labels...)
	}
	counter := func(d *prometheus.Desc, v uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	gauge(descOpen, f.Open-f.Secure, "no")
	gauge(descOpen, f.Secure, "yes")
	gauge(descQueued, f.Queued)
	gauge(descHeld, f.Held)
	counter(descAccepted, f.Accepted)
	counter(descReceived, f.Received)
	counter(descSent, f.Sent)
	counter(descPanics, f.Panics)
	for reason, n := range f.Ended {
		counter(descEnded, n, reason)
	}
}

// portCollector shows what portmux did.
type portCollector struct{ mux *portmux.Mux }

var (
	descWaiting   = prometheus.NewDesc("parley_tcp_waiting", "TCP connections that have not said yet what they speak.", nil, nil)
	descClaimed   = prometheus.NewDesc("parley_tcp_claimed_total", "TCP connections that spoke something known.", nil, nil)
	descUnclaimed = prometheus.NewDesc("parley_tcp_unclaimed_total", "TCP connections that were closed before they spoke anything known, by reason.", []string{"reason"}, nil)
)

func (c portCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descWaiting, descClaimed, descUnclaimed} {
		ch <- d
	}
}

func (c portCollector) Collect(ch chan<- prometheus.Metric) {
	f := c.mux.Figures()
	ch <- prometheus.MustNewConstMetric(descWaiting, prometheus.GaugeValue, float64(f.Waiting))
	ch <- prometheus.MustNewConstMetric(descClaimed, prometheus.CounterValue, float64(f.Claimed))
	for reason, n := range f.Unclaimed {
		ch <- prometheus.MustNewConstMetric(descUnclaimed, prometheus.CounterValue, float64(n), reason)
	}
}
