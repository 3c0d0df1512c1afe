package bench

import (
	"fmt"
	"strconv"
	"strings"
)

// Bits is a bitrate in bits per second, written like 1Mbps, 64kbps or 64000.
type Bits int64

// UnmarshalText reads a bitrate.
func (b *Bits) UnmarshalText(text []byte) error {
	s := strings.ToLower(strings.TrimSpace(string(text)))
	s = strings.TrimSuffix(strings.TrimSuffix(s, "bps"), "bit/s")
	factor := 1.0
	for suffix, f := range map[string]float64{"k": 1e3, "m": 1e6, "g": 1e9} {
		if rest, ok := strings.CutSuffix(s, suffix); ok {
			s, factor = rest, f
			break
		}
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || !(v >= 0 && v*factor <= 1e12) {
		return fmt.Errorf("%q is not a bitrate like 1Mbps or 64kbps", text)
	}
	*b = Bits(v * factor)
	return nil
}

func (b Bits) String() string {
	switch {
	case b >= 1e6 && b%1e4 == 0:
		return strconv.FormatFloat(float64(b)/1e6, 'f', -1, 64) + "Mbps"
	case b >= 1e3 && b%10 == 0:
		return strconv.FormatFloat(float64(b)/1e3, 'f', -1, 64) + "kbps"
	}
	return strconv.FormatInt(int64(b), 10) + "bps"
}

// Percent is a share in percent, written with or without the sign.
type Percent float64

// UnmarshalText reads a share.
func (p *Percent) UnmarshalText(text []byte) error {
	v, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(string(text)), "%"), 64)
	if err != nil || !(v >= 0 && v <= 100) {
		return fmt.Errorf("%q is not a share like 0.1%%", text)
	}
	*p = Percent(v)
	return nil
}
