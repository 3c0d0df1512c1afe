package rtctest

import (
	"bytes"

	"parley/media"
)

// MasterKey is one of AES-128-GCM, another for each b.
func MasterKey(b byte) media.MasterKey {
	return media.MasterKey{
		Profile: media.ProfileAES128GCM,
		Key:     bytes.Repeat([]byte{b}, 16), Salt: bytes.Repeat([]byte{b + 1}, 12),
	}
}
