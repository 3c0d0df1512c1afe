package engine

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
)

// labelKey is this process's own, so that a log says nothing about the names
// in it to who tries all that people may think of.
var labelKey = func() []byte {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails
	return key
}()

// roomLabel is what a room is called in logs and errors: the same for the same
// name while the process lives. The name itself is the permission to enter the
// room; only the debug level may tell it.
func roomLabel(name string) string {
	sum := hmac.New(sha256.New, labelKey)
	sum.Write([]byte(name))
	return hex.EncodeToString(sum.Sum(nil)[:4])
}
