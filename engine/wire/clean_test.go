package wire

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestCleanName(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "Ada", "Ada"},
		{"spaces", "  Ada \t\n Lovelace\u3000 ", "Ada Lovelace"},
		{"markup stays text", "<b>Ada</b>", "<b>Ada</b>"},
		{"right-to-left override", "Ada\u202egnp.exe", "Adagnp.exe"},
		{"isolates and marks", "\u2066A\u200e\u200fda\u2069\u061c", "Ada"},
		{"zero width", "A\u200bd\ufeffa\u2060", "Ada"},
		{"joiner between Latin letters", "ad\u200cmin\u200d", "admin"},
		{"soft hyphen", "A\u00adda", "Ada"},
		{"fillers", "A\u3164\u115f\uffa0da", "Ada"},
		{"control characters", "A\x00\x07\x1bda\u0085", "Ada"},
		{"NUL only", "\x00", ""},
		{"Persian needs its joiner", "علی\u200cرضا", "علی\u200cرضا"},
		{"and after a vowel", "خانهٔ\u200cما", "خانهٔ\u200cما"},
		{"Hebrew", "עדה", "עדה"},
		{"Chinese", "爱达", "爱达"},
		{"family", "👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"},
		{"health worker with skin", "👩🏽\u200d⚕️", "👩🏽\u200d⚕️"},
		{"heart", "❤️", "❤️"},
		{"rainbow flag", "🏳️\u200d🌈", "🏳️\u200d🌈"},
		{"flag of England", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"},
		{"tags without flag", "A\U000e0067\U000e0062", "A"},
		{"keycap", "1️⃣", "1️⃣"},
		{"regional flag", "🇨🇳", "🇨🇳"},
		{"variation selector on a letter", "A\ufe0f", "A"},
		{"joiner at the ends", "\u200d👩\u200d", "👩"},
		{"accents", "Amélie e\u0301", "Amélie e\u0301"},
		{"stacked marks", "Z" + strings.Repeat("\u0300", 30), "Z\u0300\u0300\u0300\u0300"},
		{"braille space", "\u2800\u2800", ""},
		{"empty", "", ""},
		{"64", strings.Repeat("語", 64), strings.Repeat("語", 64)},
		{"65", strings.Repeat("語", 65), ""},
		{"1 MiB", strings.Repeat("x", 1<<20), ""},
		{"1 MiB of spaces", strings.Repeat(" ", 1<<20), ""},
		{"not UTF-8", "A\xffda", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := CleanName(c.in)
			if got != c.want || (err == nil) != (c.want != "") {
				t.Errorf("CleanName(%.40q) = %q, %v; want %q", c.in, got, err, c.want)
			}
		})
	}
}

func TestCleanText(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"a\r\nb\rc\u2028d", "a\nb\nc\nd"},
		{"  indented\n\tcode  \n\n", "  indented\n\tcode"},
		{"\n\nlead", "lead"},
		{"a\x00b\x1b[31m", "ab[31m"},
		{"abc\u202edef\u202c", "abcdef"},
		{"\u2067שלום\u2069", "\u2067שלום\u2069"},
		{"👩\u200d👧", "👩\u200d👧"},
		{" \u200b\u200d\ufe0f\n", ""},
		{"<script>", "<script>"},
	} {
		if got := CleanText(c.in); got != c.want {
			t.Errorf("CleanText(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func FuzzCleanName(f *testing.F) {
	for _, s := range []string{"Ada", "👩🏽‍⚕️", "علی‌رضا", "a\u202e b", "\u200d1\ufe0f\u20e3", "🏴\U000e0067\U000e007f", "ی\u200c\u0600", "ي\u064b\u064b\u064b\u064b\u200d\u064b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		out, err := CleanName(in)
		if err != nil {
			return
		}
		if n := utf8.RuneCountInString(out); n < 1 || n > MaxNameRunes {
			t.Fatalf("%q has %d characters", out, n)
		}
		for _, r := range out {
			if unicode.IsControl(r) || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0x200B || r == 0xFEFF {
				t.Fatalf("%q holds %U", out, r)
			}
		}
		if again, err := CleanName(out); err != nil || again != out {
			t.Fatalf("%q cleaned again is %q, %v", out, again, err)
		}
	})
}
