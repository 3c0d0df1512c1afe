package httpd

import (
	"fmt"
	"html"
	"net/http"
	"strconv"
	"strings"
)

// foreignPage tells a person, in their language, that we do not answer to the
// name they came by. It brings everything along: what else we serve is refused
// under that name, too.
func foreignPage(w http.ResponseWriter, r *http.Request, host string) {
	text := foreignTexts[pageLanguage(r)]
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", text.language)
	h.Set("Vary", "Accept-Language")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusMisdirectedRequest)
	name, _ := hostName(forLog(host))
	name = html.EscapeString(name)
	_, _ = fmt.Fprintf(w, foreignMarkup, text.language, text.title, fmt.Sprintf(text.heading, name), text.why, fmt.Sprintf(text.mend, name), text.proxy) // the client went away
}

// foreignText is what the page says in one language. In heading and mend, %[1]s
// is the name.
type foreignText struct{ language, title, heading, why, mend, proxy string }

var foreignTexts = map[string]foreignText{
	"en": {
		language: "en",
		title:    "Not the name of this Parley",
		heading:  "This Parley does not answer to the name <bdi>%[1]s</bdi>",
		why:      "Names are a list, so that pages of other sites can not reach a server in your network through a name of theirs.",
		mend:     "If you run this server and <bdi>%[1]s</bdi> is a name of it, start it with <code>--allow-host %[1]s</code>.",
		proxy:    "Behind a reverse proxy, let the proxy pass on the name it was asked for: in nginx <code>proxy_set_header Host $http_host;</code>",
	},
	"zh": {
		language: "zh-Hans",
		title:    "这不是此 Parley 的名称",
		heading:  "此 Parley 不使用 <bdi>%[1]s</bdi> 这个名称",
		why:      "允许的名称列在一份清单里，以免其他网站的页面借它们自己的名称访问您网络中的服务器。",
		mend:     "如果此服务器由您管理，而 <bdi>%[1]s</bdi> 确实是它的名称，请用 <code>--allow-host %[1]s</code> 启动它。",
		proxy:    "如果前面有反向代理，请让代理转交它所收到的名称，在 nginx 中为 <code>proxy_set_header Host $http_host;</code>",
	},
}

const foreignMarkup = `<!DOCTYPE html>
<html lang="%s">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>%s</title>
<h1>%s</h1>
<p>%s
<p>%s
<p>%s
</html>
`

// pageLanguage names the language of ours that a person reads: as the client
// chooses it, but for the choice that it keeps in the browser.
func pageLanguage(r *http.Request) string {
	if ours := ourLanguage(r.URL.Query().Get("lang")); ours != "" {
		return ours
	}
	best, most := "en", 0.0
	for wish := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Language"), ","), ",") {
		tag, params, _ := strings.Cut(wish, ";")
		if ours := ourLanguage(tag); ours != "" && quality(params) > most {
			best, most = ours, quality(params)
		}
	}
	return best
}

// ourLanguage returns the key of foreignTexts for a language tag, "" if it is
// neither English nor Chinese. All Chinese is ours: nearer than English.
func ourLanguage(tag string) string {
	primary, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(strings.TrimSpace(tag)), "_", "-"), "-")
	if _, ok := foreignTexts[primary]; ok {
		return primary
	}
	return ""
}

// quality reads the weight of a wish (RFC 9110 §12.4.2), 0 to 1.
func quality(params string) float64 {
	text, ok := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(params), " ", ""), "q=")
	if !ok {
		return 1
	}
	q, err := strconv.ParseFloat(text, 64)
	if err != nil || !(q >= 0 && q <= 1) {
		return 0
	}
	return q
}
