package httpd

import (
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"

	"golang.org/x/net/idna"
)

// hosts are the names this server answers to. A page of another site whose name
// was made to resolve to our address (DNS rebinding) is same-origin for its
// browser; only the name in Host gives it away. So names are an allow-list:
// IP addresses, localhost, our own, those of the certificate, those we were told.
type hosts struct {
	names map[string]bool // in lower case, "*.example.org" included
	certs *certs          // nil without TLS
}

func newHosts(list []string, certs *certs) (*hosts, error) {
	h := &hosts{names: map[string]bool{}, certs: certs}
	for _, text := range list {
		name, err := parseHost(text)
		if err != nil {
			return nil, err
		}
		h.names[name] = true
	}
	if own, err := os.Hostname(); err == nil {
		h.addMachine(own)
	}
	return h, nil
}

// addMachine adds the names by which others on its network know a machine.
func (h *hosts) addMachine(name string) {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	first, _, _ := strings.Cut(name, ".")
	if first != "" {
		h.names[name], h.names[first], h.names[first+".local"] = true, true, true
	}
}

// allow reports whether we answer to what a Host header says. A request without
// Host is no browser's.
func (h *hosts) allow(host string) bool {
	name, ip := hostName(host)
	return name == "" && !ip.IsValid() || ip.IsValid() || isLocalhost(name) || matchesName(h.names, name) ||
		h.certs != nil && matchesName(h.certs.names(), name)
}

// matchesName reports whether name, or the wildcard that stands for it, is in
// names.
func matchesName(names map[string]bool, name string) bool {
	if names[name] {
		return true
	}
	first, parent, _ := strings.Cut(name, ".")
	return first != "" && parent != "" && names["*."+parent]
}

func isLocalhost(name string) bool {
	return name == "localhost" || strings.HasSuffix(name, ".localhost")
}

// hostName takes the port, brackets, upper case and the final dot off a Host.
// The result is a name or an address. What is neither comes back as it is: it
// matches nothing.
func hostName(host string) (name string, ip netip.Addr) {
	bare := host
	if inner, ok := strings.CutPrefix(host, "["); ok {
		in, port, closed := strings.Cut(inner, "]")
		ip, err := netip.ParseAddr(in)
		if !closed || err != nil || !ip.Is6() || !isPort(port) {
			return host, netip.Addr{}
		}
		return "", ip
	} else if at := strings.IndexByte(host, ':'); at >= 0 && isPort(host[at:]) {
		bare = host[:at]
	}
	bare = strings.TrimSuffix(bare, ".")
	if ip, err := netip.ParseAddr(bare); err == nil {
		return "", ip
	}
	return strings.ToLower(bare), netip.Addr{}
}

// isPort reports whether text is empty or a port with its colon.
func isPort(text string) bool {
	digits, ok := strings.CutPrefix(text, ":")
	return text == "" || ok && strings.Trim(digits, "0123456789") == ""
}

// CheckHost says what is wrong with an entry of Config.Hosts.
func CheckHost(text string) error {
	_, err := parseHost(text)
	return err
}

// parseHost takes a name, or *. and a name, and returns it as browsers send it.
func parseHost(text string) (string, error) {
	rest, wild := strings.CutPrefix(text, "*.")
	name, err := idna.Lookup.ToASCII(strings.TrimSuffix(rest, "."))
	if err != nil || name == "" || strings.ContainsAny(name, "*:/[]@?# ") {
		return "", fmt.Errorf("host %q is not a name such as meet.example.org or *.example.org, without port", text)
	}
	if wild {
		name = "*." + name
	}
	return strings.ToLower(name), nil
}

// named answers 421 to requests for a name that is not ours, but to those who
// ask how we are, and to programs with the API token: no page has that.
func (s *Server) named(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := visitorFrom(r)
		if r.URL.Path == "/healthz" || r.URL.Path == "/readyz" || s.hosts.allow(v.host) {
			next.ServeHTTP(w, r)
			return
		}
		if right, _ := s.showsToken(r); right {
			next.ServeHTTP(w, r)
			return
		}
		s.metrics.refusedHTTP.WithLabelValues(codeHost).Inc()
		if asksUpgrade(r) {
			s.metrics.refused.WithLabelValues(codeHost).Inc()
		}
		if name, _ := hostName(forLog(v.host)); s.foreign.first(name, time.Now()) {
			s.cfg.Log.Warn("refused a host name that is not ours; if it is, start with --allow-host, or let the proxy pass on the Host it was asked for", "host", name)
		}
		if navigates(r) {
			foreignPage(w, r, v.host)
			return
		}
		e := refuse(http.StatusMisdirectedRequest, codeHost, "this server does not answer to the name "+forLog(v.host)+
			"; if it should, its owner can start it with --allow-host, or let the proxy send the Host it was asked for")
		e.Host = forLog(v.host)
		fail(w, e)
	})
}

// navigates reports whether a person waits for a page.
func navigates(r *http.Request) bool {
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && strings.Contains(r.Header.Get("Accept"), "text/html")
}
