package proc

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// errStat says that a /proc file does not look as expected.
var errStat = errors.New("unexpected content")

// clockTicks is USER_HZ, ticks per second in /proc/<pid>/stat. It is 100 on
// every Linux architecture that Go runs on.
const clockTicks = 100

// CPUTime is how much processor time, user and system, pid has used. It
// contains the soft interrupts served in its system calls, that is, the
// delivery of what it sends over loopback. It is the sum that
// /proc/<pid>/stat shows in hundredths of a second, read from the process's
// clock where that is possible.
func CPUTime(pid int) (time.Duration, error) {
	if used, ok := cpuClock(pid); ok {
		return used, nil
	}
	path := fmt.Sprintf("/proc/%d/stat", pid)
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	ticks, err := parseStat(data)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	return time.Duration(ticks) * (time.Second / clockTicks), nil
}

// tickBits bounds what is believed: 87 years of one processor, whose
// nanoseconds, twice, a time.Duration holds.
const tickBits = 38

// parseStat gives utime+stime of proc_pid_stat(5). The second field, the
// name in parentheses, may hold anything.
func parseStat(data []byte) (uint64, error) {
	end := bytes.LastIndexByte(data, ')')
	if end < 0 {
		return 0, errStat
	}
	f := strings.Fields(string(data[end+1:]))
	if len(f) < 13 {
		return 0, errStat
	}
	user, err1 := strconv.ParseUint(f[11], 10, tickBits)
	system, err2 := strconv.ParseUint(f[12], 10, tickBits)
	if err1 != nil || err2 != nil {
		return 0, errStat
	}
	return user + system, nil
}

// Memory is a process's memory in KiB.
type Memory struct {
	RSS int64
	// Private is the part that no other process shares.
	Private int64
}

// MemoryOf reads the memory of pid from smaps_rollup, or from statm where that
// is not allowed (Private is then RSS).
func MemoryOf(pid int) (Memory, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err == nil {
		return parseSmaps(data)
	}
	data, err = os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return Memory{}, err
	}
	f := strings.Fields(string(data))
	if len(f) < 2 {
		return Memory{}, errStat
	}
	pages, err := strconv.ParseInt(f[1], 10, 64)
	kib := pages * int64(os.Getpagesize()) / 1024
	return Memory{RSS: kib, Private: kib}, err
}

// parseSmaps reads lines like "Rss:    1234 kB".
func parseSmaps(data []byte) (Memory, error) {
	var m Memory
	found := false
	for sc := bufio.NewScanner(bytes.NewReader(data)); sc.Scan(); {
		f := strings.Fields(sc.Text())
		if len(f) < 3 || f[2] != "kB" {
			continue
		}
		kib, err := strconv.ParseInt(f[1], 10, 64)
		if err != nil || kib < 0 {
			return m, errStat
		}
		switch f[0] {
		case "Rss:":
			m.RSS, found = kib, true
		case "Private_Clean:", "Private_Dirty:":
			m.Private += kib
		}
	}
	if !found {
		return m, errStat
	}
	return m, nil
}
