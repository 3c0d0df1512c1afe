package proc

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Metrics is one reading of a Prometheus page: value by name with labels, as
// written there.
type Metrics map[string]float64

// metricsClient accepts any certificate: a load tool meets self-signed ones.
var metricsClient = &http.Client{
	Timeout:   5 * time.Second,
	Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true},
}

// Scrape reads base + "/metrics".
func Scrape(ctx context.Context, base string) (Metrics, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(base, "/")+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	resp, err := metricsClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("metrics: %s", resp.Status)
	}
	return ParseMetrics(io.LimitReader(resp.Body, 16<<20))
}

// Get asks for a page and throws it away.
func Get(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := metricsClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, resp.Status)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// ParseMetrics reads the Prometheus text format. Lines it does not understand
// are left out, and so are NaN and infinities: they are no measured values.
func ParseMetrics(r io.Reader) (Metrics, error) {
	m := make(Metrics)
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		line := strings.TrimSpace(sc.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		at := strings.LastIndexByte(line, '}') + 1
		name, rest := line[:at], line[at:]
		if at == 0 {
			name, rest, _ = strings.Cut(line, " ")
		}
		value, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
		if v, err := strconv.ParseFloat(value, 64); err == nil && !math.IsNaN(v) && !math.IsInf(v, 0) {
			m[name] = v
		}
	}
	return m, sc.Err()
}

// Sum adds all series of a metric, whatever their labels; false if there are
// none.
func (m Metrics) Sum(name string) (float64, bool) {
	sum, found := 0.0, false
	for key, v := range m {
		if key == name || strings.HasPrefix(key, name+"{") {
			sum += v
			found = true
		}
	}
	return sum, found
}

// Label splits the series of a metric by the value of one label.
func (m Metrics) Label(name, label string) map[string]float64 {
	by := make(map[string]float64)
	for key, v := range m {
		labels, ok := strings.CutPrefix(key, name+"{")
		if !ok {
			continue
		}
		_, rest, ok := strings.Cut(labels, label+`="`)
		if !ok {
			continue
		}
		value, _, _ := strings.Cut(rest, `"`)
		by[value] += v
	}
	return by
}

// Rise is what a counter, all its series together, has risen by; false if either
// page lacks it or it fell, for then it counts something else.
func (m Metrics) Rise(before Metrics, name string) (float64, bool) {
	a, ok1 := before.Sum(name)
	b, ok2 := m.Sum(name)
	return b - a, ok1 && ok2 && b >= a
}

// Since gives what every series has risen by.
func (m Metrics) Since(before Metrics) Metrics {
	d := maps.Clone(m)
	for key := range d {
		d[key] -= before[key]
	}
	return d
}
