package engine

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestSpeakerList(t *testing.T) {
	type heard struct {
		id       string
		speaking bool
		level    int
	}
	for _, c := range []struct {
		name  string
		steps []heard
		want  string // after each step; = means unchanged
	}{
		{"one speaks and stops", []heard{{"a", true, 30}, {"a", false, 90}, {"a", false, 90}}, "a,,="},
		{"louder comes first", []heard{{"a", true, 40}, {"b", true, 20}}, "a,b a"},
		{"a little louder does not", []heard{{"a", true, 40}, {"b", true, 35}}, "a,a b"},
		{"exactly 6 dB does", []heard{{"a", true, 40}, {"b", true, 34}}, "a,b a"},
		{"no flapping", []heard{{"a", true, 40}, {"b", true, 30}, {"a", true, 27}, {"b", true, 26}}, "a,b a,b a,b a"},
		{"passes several", []heard{{"a", true, 40}, {"b", true, 39}, {"c", true, 10}}, "a,a b,c a b"},
		{"same again", []heard{{"a", true, 40}, {"a", true, 40}}, "a,="},
		{"silence of a stranger", []heard{{"a", false, 127}}, "="},
		{"levels are bounded", []heard{{"a", true, 900}, {"b", true, -7}}, "a,b a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var l speakerList
			for i, want := range strings.Split(c.want, ",") {
				changed := l.hear(c.steps[i].id, c.steps[i].speaking, c.steps[i].level, testNow)
				if changed != (want != "=") {
					t.Errorf("step %d: changed %v", i, changed)
				}
				if got := strings.Join(l.order, " "); want != "=" && got != want {
					t.Errorf("step %d: %q, want %q", i, got, want)
				}
			}
		})
	}
}

func TestSpeakerListForgets(t *testing.T) {
	var l speakerList
	if l.forget("a") {
		t.Error("forgot a stranger")
	}
	l.hear("a", true, 30, testNow)
	l.hear("b", true, 30, testNow.Add(time.Second))
	if !l.lastSpoke("b").Equal(testNow.Add(time.Second)) || !l.forget("a") || len(l.speakers()) != 1 || !l.lastSpoke("a").IsZero() {
		t.Errorf("left with %+v", l)
	}
	for i := range 20 {
		l.hear(fmt.Sprint("p", i), true, 30, testNow)
	}
	if n := len(l.speakers()); n != maxSpeakers {
		t.Errorf("told of %d speakers", n)
	}
}
