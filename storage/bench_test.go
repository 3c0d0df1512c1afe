package storage

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// BenchmarkAppend: durable texts by 1, 8 and 64 writers that each wait for the
// acknowledgement. It reports records/s, the 99th percentile of the wait, and two
// shares, of what would be possible if a commit took no longer than
//
//	of-limit   two syncs of one page, the least a commit of bbolt can be
//	of-floor   one sync of the journal's blocks that this one writes
//
// measured on the same disk right after the run.
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			dir := b.TempDir()
			s := open(b, dir, Options{ChatLimit: 1 << 30, ChatBytes: -1})
			defer s.Close()
			text := strings.Repeat("x", 100)
			waits := make([][]time.Duration, writers)
			before := s.Figures()
			b.ResetTimer()
			var running sync.WaitGroup
			for w := range writers {
				running.Go(func() {
					for i := w; i < b.N; i += writers {
						start := time.Now()
						if _, err := say(s, ChatRecord{Room: "demo", Key: fmt.Sprint(i), Text: text, At: start}); err != nil {
							b.Error(err)
							return
						}
						waits[w] = append(waits[w], time.Since(start))
					}
				})
			}
			running.Wait()
			b.StopTimer()
			after := s.Figures()
			all := slices.Concat(waits...)
			slices.Sort(all)
			batch := float64(after.Records-before.Records) / float64(after.Commits-before.Commits)
			rate := float64(b.N) / b.Elapsed().Seconds()
			b.ReportMetric(rate, "records/s")
			b.ReportMetric(batch, "records/commit")
			b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
			one := syncTime(b, dir, 1)
			commit := syncTime(b, dir, 1+int(batch)*(len(text)+100)/blockSize)
			b.ReportMetric(rate*2*one.Seconds()/batch, "of-limit")
			b.ReportMetric(rate*commit.Seconds()/batch, "of-floor")
		})
	}
}

// syncTime is the median time of pages written here and there, and synced.
func syncTime(b *testing.B, dir string, pages int) time.Duration {
	b.Helper()
	f, err := os.Create(filepath.Join(dir, "sync"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	page := make([]byte, 4096)
	if _, err := f.WriteAt(make([]byte, 1<<20), 0); err != nil {
		b.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		b.Fatal(err)
	}
	took := make([]time.Duration, 200)
	for i := range took {
		start := time.Now()
		for j := range pages {
			if _, err := f.WriteAt(page, int64((i+j*37)%256)*4096); err != nil {
				b.Fatal(err)
			}
		}
		if err := datasync(f); err != nil {
			b.Fatal(err)
		}
		took[i] = time.Since(start)
	}
	slices.Sort(took)
	return took[len(took)/2]
}

func BenchmarkChatHistory(b *testing.B) {
	s := open(b, b.TempDir(), Options{})
	defer s.Close()
	for i := range 200 {
		if err := s.AppendChat(ChatRecord{Room: "demo", Key: fmt.Sprint(i), Text: strings.Repeat("x", 100)}, nil); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Flush(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if records, err := s.ChatHistory("demo", 200); err != nil || len(records) != 200 {
			b.Fatal(len(records), err)
		}
	}
}
