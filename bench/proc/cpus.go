package proc

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// CPUs is a set of processors, sorted.
type CPUs []int

// ParseCPUs reads a list like "0", "1-3" or "0,2-3". Empty is nil.
func ParseCPUs(text string) (CPUs, error) {
	if text == "" {
		return nil, nil
	}
	var set CPUs
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(part, "-")
		a, err := strconv.Atoi(first)
		b := a
		if err == nil && isRange {
			b, err = strconv.Atoi(last)
		}
		if err != nil || a < 0 || b < a || b > 1023 {
			return nil, fmt.Errorf("%q is not a list of processors like 0,2-3", text)
		}
		for c := a; c <= b; c++ {
			set = append(set, c)
		}
	}
	slices.Sort(set)
	return slices.Compact(set), nil
}

func (s CPUs) String() string {
	parts := make([]string, len(s))
	for i, c := range s {
		parts[i] = strconv.Itoa(c)
	}
	return strings.Join(parts, ",")
}
