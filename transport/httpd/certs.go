package httpd

import (
	"crypto/tls"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
)

// certCheck is how often the files are looked at, at most.
const certCheck = 2 * time.Second

// certs holds the certificate and reads it again when its files change.
type certs struct {
	certFile, keyFile string
	log               *slog.Logger

	mu      sync.Mutex // guards all below
	current *tls.Certificate
	domains map[string]bool // of current, in lower case
	stamp   [2]time.Time    // modification times of what is loaded
	checked time.Time
}

// loadCerts reads the files; later errors keep what was read.
func loadCerts(certFile, keyFile string, log *slog.Logger) (*certs, error) {
	c := &certs{certFile: certFile, keyFile: keyFile, log: log}
	if err := c.loadLocked(c.stamps()); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *certs) stamps() (s [2]time.Time) {
	for i, name := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(name); err == nil {
			s[i] = info.ModTime()
		}
	}
	return s
}

func (c *certs) loadLocked(stamp [2]time.Time) error {
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	c.current, c.stamp, c.domains = &pair, stamp, map[string]bool{}
	for _, name := range pair.Leaf.DNSNames {
		c.domains[strings.ToLower(strings.TrimSuffix(name, "."))] = true
	}
	if now := time.Now(); now.After(pair.Leaf.NotAfter) {
		c.log.Warn("the certificate has expired; browsers will refuse it", "file", c.certFile, "since", pair.Leaf.NotAfter)
	} else if now.Before(pair.Leaf.NotBefore) {
		c.log.Warn("the certificate is not valid yet; browsers will refuse it", "file", c.certFile, "from", pair.Leaf.NotBefore)
	}
	return nil
}

// names are those that the certificate is for. The map does not change.
func (c *certs) names() map[string]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.domains
}

// get implements tls.Config.GetCertificate.
func (c *certs) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.checked) >= certCheck {
		c.checked = now
		if stamp := c.stamps(); stamp != c.stamp {
			// The two files are rarely replaced in the same moment: while
			// they do not fit, what is loaded stays.
			if err := c.loadLocked(stamp); err != nil {
				c.log.Warn("certificate not reloaded", "err", err)
			} else {
				c.log.Info("certificate reloaded")
			}
		}
	}
	return c.current, nil
}
