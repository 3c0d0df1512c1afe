package rtc

import (
	"reflect"
	"unsafe"

	"github.com/pion/dtls/v3"
)

// setCookie makes a server of pion/dtls accept a cookie of ours. pion draws one
// for each connection, after it has read a first ClientHello, and then takes no
// other ClientHello than that: if the first one was forged, the peer's is
// refused. RFC 6347 §4.2.1 wants cookies that need no state, so the gate asks
// for one before there is a connection, and this tells the connection which.
// There is no option for it; a test fails if the field is not there any more,
// and without it a handshake that needs a cookie does not succeed.
//
// It must be called from the connection's own goroutine, while it writes its
// HelloVerifyRequest.
func setCookie(conn *dtls.Conn, cookie []byte) bool {
	field := reflect.ValueOf(conn).Elem().FieldByName("state").FieldByName("cookie")
	if !field.IsValid() || field.Type() != reflect.TypeFor[[]byte]() {
		return false
	}
	*(*[]byte)(unsafe.Pointer(field.UnsafeAddr())) = append([]byte(nil), cookie...)
	return true
}
