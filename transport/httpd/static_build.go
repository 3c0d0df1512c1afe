package httpd

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"parley/transport/httpd/web"
)

func itoa(n int) string { return strconv.Itoa(n) }

// contentTypes are those of the client's files; others are not served.
var contentTypes = map[string]string{
	".html":        "text/html; charset=utf-8",
	".css":         "text/css; charset=utf-8",
	".js":          "text/javascript", // modules are UTF-8, the script before them has its page's
	".mjs":         "text/javascript",
	".ts":          "text/plain; charset=utf-8",
	".json":        "application/json",
	".webmanifest": "application/manifest+json",
	".svg":         "image/svg+xml",
	".png":         "image/png",
	".jpg":         "image/jpeg",
	".webp":        "image/webp",
	".ico":         "image/x-icon",
	".woff2":       "font/woff2",
	".mp3":         "audio/mpeg",
	".ogg":         "audio/ogg",
	".wav":         "audio/wav",
	".wasm":        "application/wasm",
	".txt":         "text/plain; charset=utf-8",
	".md":          "text/plain; charset=utf-8",
}

// embedded is the client in the binary as servers at a root have it, built once: it
// never changes.
var embedded = sync.OnceValues(func() (*client, error) { return buildClient(web.Files, true, Site{}) })

// clientFor returns what gives the client of a server: that in the binary, or the one
// that is in the folder dev now.
func clientFor(dev string, at Site) (func() (*client, error), error) {
	if dev != "" {
		return devClient(dev, at), nil
	}
	current := embedded
	if at != (Site{}) {
		current = sync.OnceValues(func() (*client, error) { return buildClient(web.Files, true, at) })
	}
	_, err := current()
	return current, err
}

// buildClient reads the client into memory, hashed, and compressed once a file is asked
// for, with the addresses that it has at a site.
func buildClient(files fs.FS, compress bool, at Site) (*client, error) {
	c := &client{at: at, assets: map[string]*asset{}, pages: map[string]*asset{}}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		kind, ok := contentTypes[path.Ext(name)]
		if !ok {
			return nil
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		c.assets["/"+name] = &asset{contentType: kind, body: body}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the client: %w", err)
	}
	if c.assets["/index.html"] == nil {
		return nil, fmt.Errorf("read the client: %w: index.html", fs.ErrNotExist)
	}
	c.finish(compress)
	return c, nil
}

// finish hashes and compresses. Pages come last: they name other assets with
// their hashes.
func (c *client) finish(compress bool) {
	var pages []*asset
	for name, a := range c.assets {
		if path.Ext(name) == ".html" {
			pages = append(pages, a)
			continue
		}
		if name == "/robots.txt" {
			a.body = bytes.ReplaceAll(a.body, []byte(": /"), []byte(": "+c.at.Path("/")))
		}
		a.seal(compress)
	}
	index := c.assets["/index.html"]
	for page, module := range pageModules {
		body := c.versioned(bytes.Replace(index.body, []byte("<parley-app>"), []byte(`<parley-app page="`+page+`">`), 1))
		a := &asset{contentType: index.contentType, body: c.placed(c.preloading(body, append(entries(body), module)))}
		a.seal(compress)
		c.pages[page] = a
	}
	for _, a := range pages {
		body := c.versioned(a.body)
		a.body = c.placed(c.preloading(body, entries(body)))
		a.seal(compress)
	}
}

// seal hashes what no longer changes, and has it compressed once it is asked for.
func (a *asset) seal(compress bool) {
	sum := sha256.Sum256(a.body)
	a.hash = base64.RawURLEncoding.EncodeToString(sum[:12])
	a.zipped = func() []byte { return nil }
	if compress { // most of the time that a start would take
		a.zipped = sync.OnceValue(func() []byte { return zip(a.body) })
	}
}

// pageModules are what app.js loads for a kind of page besides itself.
var pageModules = map[string]string{"landing": "/ui/landing.js", "test": "/ui/setup-test.js", "room": "/ui/meeting.js", "bad-room": "/ui/dead-end.js"}

var styleLink = regexp.MustCompile(`(<link [^>]*href=")(/(?:css|icons)/[^"?]+)(")`)

// versioned adds ?v=hash to the style sheets and icons of a page, so that
// browsers may keep them for ever. Modules can not be treated so: they name
// each other in their source, which is served as it is.
func (c *client) versioned(page []byte) []byte {
	return styleLink.ReplaceAllFunc(page, func(m []byte) []byte {
		parts := styleLink.FindSubmatch(m)
		a := c.assets[string(parts[2])]
		if a == nil {
			return m
		}
		return bytes.Join([][]byte{parts[1], parts[2], []byte("?v=" + a.hash), parts[3]}, nil)
	})
}

var (
	ownAddress = regexp.MustCompile(`((?:href|src)=")(/[^/])`)
	pageRoot   = []byte("<html ")
)

// placed gives a finished page the addresses that it has at the site, and tells it the
// site for those it makes itself.
func (c *client) placed(page []byte) []byte {
	if c.at == (Site{}) {
		return page
	}
	page = ownAddress.ReplaceAll(page, []byte("${1}"+c.at.Path("$2")))
	return bytes.Replace(page, pageRoot, []byte(`<html data-site="`+c.at.String()+`" `), 1)
}

// zip returns gzip of body if that saves at least a tenth.
func zip(body []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		panic(err) // the level is a constant
	}
	_, _ = w.Write(body) // a buffer takes everything
	_ = w.Close()
	if out.Len() > len(body)*9/10 {
		return nil
	}
	return out.Bytes()
}

var (
	moduleScript = regexp.MustCompile(`<script type="module" src="([^"]+)"`)
	moduleLink   = regexp.MustCompile(`<link rel="modulepreload" href="([^"]+)"`)
	staticImport = regexp.MustCompile(`(?m)^\s*(?:import|export)\s(?:[^'";]*?\sfrom\s*)?['"]([^'"]+)['"]`)
)

// entries returns the modules a page names.
func entries(page []byte) []string {
	var all []string
	for _, re := range []*regexp.Regexp{moduleScript, moduleLink} {
		for _, m := range re.FindAllSubmatch(page, -1) {
			all = append(all, string(m[1]))
		}
	}
	return all
}

// preloading adds to a page's head the modules that entries import, directly
// or not, so that a browser asks for all at once instead of level by level. In
// the page they are compressed with it, which a Link header is not.
func (c *client) preloading(page []byte, entries []string) []byte {
	head, rest, ok := bytes.Cut(page, []byte("</head>"))
	if !ok {
		return page
	}
	out := bytes.Clone(head)
	for _, name := range c.modules(entries) {
		out = append(out, `<link rel="modulepreload" href="`+name+`">`...)
	}
	return append(append(out, "</head>"...), rest...)
}

// modules returns entries and what they import, nearest first.
func (c *client) modules(entries []string) []string {
	seen := map[string]bool{}
	var order []string
	for todo := entries; len(todo) > 0; {
		name := todo[0]
		todo = todo[1:]
		a := c.assets[name]
		if a == nil || seen[name] {
			continue
		}
		seen[name] = true
		order = append(order, name)
		for _, m := range staticImport.FindAllSubmatch(a.body, -1) {
			if target := resolve(name, string(m[1])); target != "" {
				todo = append(todo, target)
			}
		}
	}
	return order
}

// resolve returns the path that module from means with spec, "" for what is
// not a path.
func resolve(from, spec string) string {
	switch {
	case strings.HasPrefix(spec, "/"):
		return path.Clean(spec)
	case strings.HasPrefix(spec, "./"), strings.HasPrefix(spec, "../"):
		return path.Join(path.Dir(from), spec)
	}
	return ""
}
