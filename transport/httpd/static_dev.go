package httpd

import (
	"net/http"
	"os"
)

// serveDev builds the site anew for every request: fast enough for one
// developer, and never stale. The os.Root keeps it inside dir.
func serveDev(dir string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		root, err := os.OpenRoot(dir)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		defer root.Close()
		s, err := buildSite(root.FS(), false)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		s.serve(w, r)
	}
}
