package httpd

import (
	"fmt"
	"net/netip"
	"strings"
)

// trusted are the proxies whose word on the client counts.
type trusted []netip.Prefix

// has reports whether a is one of them.
func (t trusted) has(a netip.Addr) bool {
	a = plainAddr(a)
	for _, p := range t {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// CheckProxy says what is wrong with an entry of Config.TrustedProxies.
func CheckProxy(text string) error {
	_, err := parseProxy(text)
	return err
}

// parseProxy takes an address, a network, or the word loopback.
func parseProxy(text string) ([]netip.Prefix, error) {
	text = strings.TrimSpace(text)
	if text == "loopback" {
		return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}, nil
	}
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return []netip.Prefix{netip.PrefixFrom(a, a.BitLen())}, nil
	}
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil || p.Addr().Is4In6():
		return nil, fmt.Errorf("proxy %q is not an address, a network such as 10.0.0.0/8, or the word loopback", text)
	case p.Bits() == 0:
		return nil, fmt.Errorf("proxy %q is everybody: anyone could say that he is somebody else", text)
	}
	return []netip.Prefix{p.Masked()}, nil
}

func newTrusted(list []string) (trusted, error) {
	var t trusted
	for _, text := range list {
		p, err := parseProxy(text)
		if err != nil {
			return nil, err
		}
		t = append(t, p...)
	}
	return t, nil
}
