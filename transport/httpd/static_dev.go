package httpd

import "os"

// devClient builds the client anew for every request: fast enough for one
// developer, and never stale. The os.Root keeps it inside dir.
func devClient(dir string, at Site) func() (*client, error) {
	return func() (*client, error) {
		root, err := os.OpenRoot(dir)
		if err != nil {
			return nil, err
		}
		defer root.Close()
		return buildClient(root.FS(), false, at)
	}
}
