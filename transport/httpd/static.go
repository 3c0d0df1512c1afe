package httpd

import (
	"net/http"
	"strings"
)

// asset is one file of the client, ready to be sent.
type asset struct {
	contentType string
	body        []byte
	zipped      func() []byte // gzip of body, nil if that is not smaller; made when first asked for
	hash        string        // of body, 16 characters of base64url
}

// client answers from a table of assets. Paths not in it are not found: no
// request reaches a file system.
type client struct {
	at     Site
	assets map[string]*asset // by path, "/index.html"
	// pages holds index.html once for each kind of page, naming the modules
	// that this kind begins with.
	pages map[string]*asset
}

// find returns the asset for a path and the status to send it with.
func (c *client) find(path string) (a *asset, status int) {
	if path == "/favicon.ico" {
		path = "/icons/parley.svg" // what browsers ask for on pages that name no icon
	}
	if a, ok := c.assets[path]; ok {
		return a, http.StatusOK
	}
	if page := pageOf(path); page != "" {
		return c.pages[page], http.StatusOK
	}
	if strings.Contains(path[strings.LastIndexByte(path, '/')+1:], ".") {
		return nil, http.StatusNotFound // a file that is not there
	}
	return c.assets["/index.html"], http.StatusNotFound // the client shows what it is
}

// serve answers a request with what the client has.
func (c *client) serve(w http.ResponseWriter, r *http.Request) {
	a, status := c.find(r.URL.Path)
	if a == nil {
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	c.send(w, r, a, status)
}

// send answers a request with an asset.
func (c *client) send(w http.ResponseWriter, r *http.Request, a *asset, status int) {
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Vary", "Accept-Encoding")
	body, etag := a.body, `"`+a.hash+`"`
	if acceptsGzip(r.Header.Get("Accept-Encoding")) {
		if zipped := a.zipped(); zipped != nil {
			body, etag = zipped, `"`+a.hash+`-gz"`
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("ETag", etag)
	if v := r.URL.Query().Get("v"); v != "" && v == a.hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache") // keep, but ask
	}
	if status == http.StatusOK && matches(r.Header.Get("If-None-Match"), etag) {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client went away
	}
}

// pageOf names the kind of page that a path shows, "" for none.
func pageOf(path string) string {
	switch {
	case path == "/", path == "/r":
		return "landing"
	case path == "/test":
		return "test"
	case strings.HasPrefix(path, "/r/"):
		return "room"
	}
	return ""
}

// acceptsGzip reads Accept-Encoding (RFC 9110 §12.5.3).
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if coding = strings.ToLower(strings.TrimSpace(coding)); coding != "gzip" && coding != "*" {
			continue
		}
		q := strings.ReplaceAll(params, " ", "")
		return q != "q=0" && strings.Trim(strings.TrimPrefix(q, "q=0."), "0") != "" || q == ""
	}
	return false
}

// matches reads If-None-Match (RFC 9110 §13.1.2).
func matches(header, etag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		part = strings.TrimPrefix(strings.TrimSpace(part), "W/")
		if part == etag || part == "*" {
			return true
		}
	}
	return false
}
