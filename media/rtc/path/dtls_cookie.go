package path

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
// There is no option for it. If the field were not there any more no handshake
// would succeed, and no test of this package.
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
