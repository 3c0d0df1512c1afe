// Package web holds the browser client, embedded. It is served as it stands:
// ES modules without a build step.
package web

import "embed"

// Files are the pages, what browsers and search engines ask for at the root, and
// the folders css, icons, i18n, lib, sdk and ui.
//
//go:embed *.html manifest.webmanifest robots.txt css icons i18n lib sdk ui
var Files embed.FS
