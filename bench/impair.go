package bench

import (
	"fmt"
	"net/netip"
	"sync"
	"time"

	"parley/media/netem"
)

// Impairment is a bad network between clients and server, seeded by --seed.
type Impairment struct {
	Loss    Percent       `group:"impairment" help:"Share of datagrams lost, each way."`
	Delay   time.Duration `group:"impairment" help:"Delay each way."`
	Jitter  time.Duration `group:"impairment" help:"Further delay, evenly between 0 and this; order is kept."`
	Rate    Bits          `group:"impairment" help:"Rate of each client's link, each way; 0: no bound."`
	Reorder Percent       `group:"impairment" help:"Share of datagrams that are overtaken."`
}

func (f *Impairment) link() netem.Link {
	return netem.Link{
		Loss: float64(f.Loss) / 100, Delay: f.Delay, Jitter: f.Jitter,
		Rate: int64(f.Rate), Reorder: float64(f.Reorder) / 100,
	}
}

func (f *Impairment) String() string {
	return fmt.Sprintf("loss %g%% delay %v jitter %v rate %v reorder %g%%",
		float64(f.Loss), f.Delay, f.Jitter, f.Rate, float64(f.Reorder))
}

// badNetwork stands before every address of a server.
type badNetwork struct {
	link netem.Link
	seed uint64

	mu      sync.Mutex // guards proxies
	proxies map[netip.AddrPort]*netem.Proxy
}

// proxyClients bounds the clients of one proxy.
const proxyClients = 1 << 16

func newBadNetwork(link netem.Link, seed uint64) *badNetwork {
	return &badNetwork{link: link, seed: seed, proxies: make(map[netip.AddrPort]*netem.Proxy)}
}

// rewire gives the address to use instead of server.
func (n *badNetwork) rewire(server netip.AddrPort) (netip.AddrPort, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.proxies[server]
	if p == nil {
		var err error
		p, err = netem.NewProxy(netem.Config{Server: server, Up: n.link, Down: n.link, Seed: n.seed, MaxClients: proxyClients})
		if err != nil {
			return netip.AddrPort{}, err
		}
		n.proxies[server] = p
	}
	return p.Addr(), nil
}

func (n *badNetwork) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.proxies {
		p.Close()
	}
}
