//go:build !unix

package httpd

import "net"

// descriptorLimit is none: handles are not numbered so, and there are plenty.
func descriptorLimit() int { return 0 }

func nextDescriptor(net.Conn) int { return 0 }

func outOfDescriptors(error) bool { return false }
