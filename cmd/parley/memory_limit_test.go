package main

import (
	"io"
	"io/fs"
	"log/slog"
	"runtime/debug"
	"testing"
	"testing/fstest"
)

// tree is a file system of names and texts.
func tree(files ...string) fs.FS {
	m := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		m[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return m
}

const (
	own    = "proc/self/cgroup"
	mounts = "proc/self/mountinfo"
	v2     = "29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
	v1     = "36 25 0:31 / /sys/fs/cgroup/memory rw shared:15 - cgroup cgroup rw,memory\n"
	cpu    = "37 25 0:32 / /sys/fs/cgroup/cpu rw shared:16 - cgroup cgroup rw,cpu,cpuacct\n"
	disk   = "22 1 254:0 / / rw,relatime - ext4 /dev/root rw\n"
)

func TestGroupLimit(t *testing.T) {
	for _, c := range []struct {
		name string
		fs   fs.FS
		want int64
	}{
		{"no control groups", tree("etc/passwd", ""), 0},
		{"no limit", tree(own, "0::/a\n", mounts, disk+v2, "sys/fs/cgroup/a/memory.max", "max\n"), 0},
		{"its own", tree(own, "0::/a\n", mounts, disk+v2, "sys/fs/cgroup/a/memory.max", "1000\n"), 1000},
		{"where it is throttled", tree(own, "0::/a\n", mounts, v2, "sys/fs/cgroup/a/memory.max", "1000\n", "sys/fs/cgroup/a/memory.high", "900\n"), 900},
		{"a service's", tree(own, "0::/system.slice/parley.service\n", mounts, v2,
			"sys/fs/cgroup/system.slice/memory.max", "500\n", "sys/fs/cgroup/system.slice/parley.service/memory.max", "max\n"), 500},
		{"the least of those above", tree(own, "0::/a/b/c\n", mounts, v2,
			"sys/fs/cgroup/a/memory.max", "700\n", "sys/fs/cgroup/a/b/memory.high", "600\n", "sys/fs/cgroup/a/b/c/memory.max", "800\n"), 600},
		{"another group's", tree(own, "0::/a\n", mounts, v2, "sys/fs/cgroup/ab/memory.max", "1\n", "sys/fs/cgroup/b/memory.max", "1\n"), 0},
		{"a container with a namespace", tree(own, "0::/\n", mounts, v2, "sys/fs/cgroup/memory.max", "1000\n"), 1000},
		{"outside of its namespace", tree(own, "0::/../other\n", mounts, v2, "sys/fs/cgroup/memory.max", "1000\n", "sys/fs/cgroup/other/memory.max", "1\n"), 1000},
		{"version 1", tree(own, "4:memory:/a\n2:cpu,cpuacct:/b\n0::/\n", mounts, cpu+v1, "sys/fs/cgroup/memory/a/memory.limit_in_bytes", "1000\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"), 1000},
		{"version 1, no limit", tree(own, "4:memory:/\n", mounts, v1, "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"), 0},
		{"version 1, a container without a namespace", tree(own, "4:memory:/docker/abc\n",
			mounts, "36 25 0:31 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n", "sys/fs/cgroup/memory/memory.limit_in_bytes", "1000\n"), 1000},
		{"version 1, another container is mounted", tree(own, "4:memory:/docker/abcd\n",
			mounts, "36 25 0:31 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n", "sys/fs/cgroup/memory/d/memory.limit_in_bytes", "1\n"), 0},
		{"both, memory in the first", tree(own, "4:memory:/a\n0::/u\n", mounts, "30 25 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"+v1,
			"sys/fs/cgroup/memory/a/memory.limit_in_bytes", "1000\n", "sys/fs/cgroup/unified/u/cgroup.procs", "1\n"), 1000},
		{"mounted elsewhere, with a space", tree(own, "0::/a\n", mounts, `29 23 0:26 / /my\040groups rw - cgroup2 none rw`+"\n", "my groups/a/memory.max", "1000\n"), 1000},
		{"a name with a colon", tree(own, "0::/a:b\n", mounts, v2, "sys/fs/cgroup/a:b/memory.max", "1000\n"), 1000},
		{"nonsense", tree(own, "0::/a\n", mounts, v2, "sys/fs/cgroup/a/memory.max", "-5\n", "sys/fs/cgroup/a/memory.high", "1e9\n"), 0},
		{"nothing", tree(own, "0::/a\n", mounts, v2, "sys/fs/cgroup/a/memory.max", "0\n"), 0},
	} {
		if got := groupLimit(c.fs); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// TestKeepToLimit: nine tenths of it, unless the environment says something else.
func TestKeepToLimit(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	limited := tree(own, "0::/a\n", mounts, v2, "sys/fs/cgroup/a/memory.max", "1000000000000\n")
	for _, c := range []struct {
		name, env string
		root      fs.FS
		want      int64
	}{
		{"none", "", tree(), before},
		{"named", "1TiB", limited, before},
		{"the group's", "", limited, 900_000_000_000},
	} {
		t.Setenv("GOMEMLIMIT", c.env)
		keepToLimit(c.root, log)
		if got := debug.SetMemoryLimit(-1); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// FuzzGroupLimit: whatever is written there, it ends, and what it finds is a limit
// that stands somewhere below the mount point.
func FuzzGroupLimit(f *testing.F) {
	f.Add("0::/a\n", v2)
	f.Add("4:memory:/docker/abc\n0::/\n", disk+cpu+v1)
	f.Add("0::/../../etc\n:::\n", `29 23 0:26 /.. /sys\134040 rw - cgroup2 a b`)
	f.Add("0::"+"////..//a", "1 1 1 a b - cgroup a memory\n")
	f.Fuzz(func(t *testing.T, groups, mounted string) {
		root := watched{tree(own, groups, mounts, mounted, "sys/fs/cgroup/memory.max", "7\n", "sys/fs/cgroup/a/memory.high", "5\n"), new(int)}
		if n := groupLimit(root); n != 0 && n != 5 && n != 7 {
			t.Errorf("%d", n)
		}
		if most := 2 + 2*(len(groups)+len(mounted)+2)*(len(mounted)+1); *root.opened > most {
			t.Errorf("opened %d files for %d and %d bytes", *root.opened, len(groups), len(mounted))
		}
	})
}

// watched counts what is opened.
type watched struct {
	fs.FS
	opened *int
}

func (w watched) Open(name string) (fs.File, error) {
	*w.opened++
	return w.FS.Open(name)
}
