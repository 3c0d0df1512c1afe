package httpd

import "os"

// devSite builds the site anew for every request: fast enough for one
// developer, and never stale. The os.Root keeps it inside dir.
func devSite(dir string) func() (*site, error) {
	return func() (*site, error) {
		root, err := os.OpenRoot(dir)
		if err != nil {
			return nil, err
		}
		defer root.Close()
		return buildSite(root.FS(), false)
	}
}
