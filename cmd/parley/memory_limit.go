package main

import (
	"io/fs"
	"log/slog"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
)

// keepToLimit has the collector work harder as the process comes near the memory that
// its control group may have, as containers and services are given one, rather than be
// killed with garbage in it. A tenth is left for what is no heap: socket buffers, the
// store's pages. GOMEMLIMIT says that somebody else has thought about it. root is the
// file system; where there are no control groups nothing is found there.
func keepToLimit(root fs.FS, log *slog.Logger) {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	if group := groupLimit(root); group > 0 {
		limit := group - group/10
		debug.SetMemoryLimit(limit)
		log.Info("memory is limited by the control group", "group_mib", group>>20, "limit_mib", limit>>20)
	}
}

// unlimited is where numbers begin that mean no limit: version 1 writes the largest
// multiple of a page.
const unlimited = 1 << 60

// groupLimit is the least that a control group of the process, or one above it, may
// have of memory, in bytes; 0 for no limit.
func groupLimit(root fs.FS) int64 {
	own, _ := fs.ReadFile(root, "proc/self/cgroup")
	mounts, _ := fs.ReadFile(root, "proc/self/mountinfo")
	least := int64(unlimited)
	for line := range strings.Lines(string(mounts)) {
		h, ok := parseHierarchy(line)
		if !ok {
			continue
		}
		for dir := h.folder(groupIn(string(own), h.controller)); ; dir = path.Dir(dir) {
			for _, name := range h.files {
				least = min(least, readLimit(root, path.Join(dir, name)))
			}
			if dir == h.at || dir == "/" {
				break
			}
		}
	}
	if least == unlimited {
		return 0
	}
	return least
}

// hierarchy is a tree of control groups that limits memory, as it is mounted.
type hierarchy struct {
	controller string   // as in /proc/self/cgroup; empty for version 2
	files      []string // that hold limits
	top        string   // the group that is seen at the mount point
	at         string   // the mount point
}

// parseHierarchy reads a line of mountinfo (proc_pid_mountinfo(5)).
func parseHierarchy(line string) (h hierarchy, ok bool) {
	where, what, _ := strings.Cut(line, " - ")
	left, right := strings.Fields(where), strings.Fields(what)
	if len(left) < 5 || len(right) < 3 {
		return h, false
	}
	h.top, h.at = path.Clean("/"+unescape.Replace(left[3])), path.Clean("/"+unescape.Replace(left[4]))
	switch {
	case right[0] == "cgroup2":
		h.files = []string{"memory.max", "memory.high"}
		return h, true
	case right[0] == "cgroup" && hasWord(right[2], "memory"):
		h.controller, h.files = "memory", []string{"memory.limit_in_bytes"}
		return h, true
	}
	return h, false
}

// unescape undoes what mountinfo does to names.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

// folder is where a group of the hierarchy is. Of one that is not below what is
// mounted, as in a namespace of its own, only that is seen.
func (h *hierarchy) folder(group string) string {
	below, ok := strings.CutPrefix(group, strings.TrimSuffix(h.top, "/"))
	if !ok || below != "" && below[0] != '/' || strings.Contains(below, "/..") {
		return h.at
	}
	return path.Join(h.at, below)
}

// groupIn finds the process's group in a hierarchy (cgroups(7), /proc/self/cgroup).
func groupIn(own, controller string) string {
	for line := range strings.Lines(own) {
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(fields) == 3 && hasWord(fields[1], controller) {
			return fields[2]
		}
	}
	return "/"
}

// hasWord reports whether word is in a list with commas; the empty list has the empty
// word.
func hasWord(list, word string) bool {
	for w := range strings.SplitSeq(list, ",") {
		if w == word {
			return true
		}
	}
	return false
}

// readLimit reads a file with a number of bytes; one that is not there, or says
// something else, such as max, is no limit.
func readLimit(root fs.FS, name string) int64 {
	text, err := fs.ReadFile(root, strings.TrimPrefix(name, "/"))
	if err != nil {
		return unlimited
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil || n <= 0 || n > unlimited {
		return unlimited
	}
	return n
}
