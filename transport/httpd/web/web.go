// Package web holds the browser client, embedded. It is served as it stands:
// ES modules without a build step.
package web

import "embed"

// Files are index.html and the folders css, icons, i18n, lib, sdk and ui.
//
//go:embed *.html css icons i18n lib sdk ui
var Files embed.FS
