package httpd

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// TestForeignPageLanguage: a person reads why in their own language, as the
// client would choose it.
func TestForeignPageLanguage(t *testing.T) {
	r := start(t, Config{})
	const english, chinese = "does not answer to the name", "不使用"
	for _, c := range []struct{ name, accept, query, want string }{
		{"Chinese", "zh-CN,zh;q=0.9,en;q=0.8", "", chinese},
		{"English", "en-GB,en;q=0.9,zh;q=0.8", "", english},
		{"the first that we have", "fr-CA, de;q=0.9, zh-Hant-TW;q=0.5, en;q=0.4", "", chinese},
		{"by weight, not by place", "en;q=0.2, zh;q=0.9", "", chinese},
		{"not wanted at all", "zh;q=0, en;q=0.1", "", english},
		{"none of ours", "fr, de;q=0.5", "", english},
		{"none told", "", "", english},
		{"asked for in the address", "en", "?lang=zh", chinese},
		{"asked for one that we lack", "zh", "?lang=fr", chinese},
		{"an underscore", "ZH_sg", "", chinese},
		{"a weight that is none", "zh;q=much, en;q=0.1", "", english},
		{"a language that only begins so", "zhx, en;q=0.1", "", english},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp, body := r.do(t, "GET", "/r/tea"+c.query, "", "Host: evil.example", "Sec-Fetch-Mode: navigate", "Accept-Language: "+c.accept)
			lang := map[string]string{english: "en", chinese: "zh-Hans"}[c.want]
			if resp.StatusCode != 421 || !strings.Contains(body, c.want) || !strings.Contains(body, `<html lang="`+lang+`">`) || resp.Header.Get("Content-Language") != lang {
				t.Errorf("%s %v\n%s", resp.Status, resp.Header, body)
			}
			if !strings.Contains(body, "--allow-host evil.example<") || resp.Header.Get("Vary") != "Accept-Language" {
				t.Errorf("%v\n%s", resp.Header, body)
			}
		})
	}
}

// TestForeignTextsAreComplete: no language leaves out what another says.
func TestForeignTextsAreComplete(t *testing.T) {
	for key, text := range foreignTexts {
		for _, part := range []string{text.language, text.title, text.heading, text.why, text.mend, text.proxy} {
			if part == "" {
				t.Errorf("%s: a part is missing: %+v", key, text)
			}
		}
		if strings.Count(text.heading, "%[1]s") != 1 || strings.Count(text.mend, "--allow-host %[1]s") != 1 {
			t.Errorf("%s: the name is missing: %+v", key, text)
		}
	}
}

// FuzzPageLanguage: whatever is asked for, one of our languages comes out.
func FuzzPageLanguage(f *testing.F) {
	for _, seed := range []string{"", "zh-CN,zh;q=0.9,en;q=0.8", "en;q=NaN", "zh;q=1e999", ";;,,;q=", "*;q=0", "zh;q=-1,en;q=+Inf", "\xff\xfe"} {
		f.Add(seed, "")
	}
	f.Add("en", "zh")
	f.Fuzz(func(t *testing.T, accept, query string) {
		r := httptest.NewRequest(http.MethodGet, "/?lang="+url.QueryEscape(query), nil)
		r.Header.Set("Accept-Language", accept)
		if _, ok := foreignTexts[pageLanguage(r)]; !ok {
			t.Errorf("%q, %q: %s", accept, query, pageLanguage(r))
		}
	})
}
