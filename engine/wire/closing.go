package wire

// StatusNormal is the WebSocket close status (RFC 6455 §7.4.1) after the reply to a
// leave. Connections that end for another reason of ours carry CloseStatus of the
// bye's code; what breaks WebSocket itself is its transport's to name.
const StatusNormal = 1000

// closeStatus maps the code of a bye to the close status that follows it.
var closeStatus = map[Code]int{
	CodeInternal:    4000,
	CodeDuplicate:   4001,
	CodeRemoved:     4002,
	CodeEnded:       4003,
	CodeShutdown:    4004,
	CodeMediaFailed: 4006,
	CodeTimeout:     4007,
	CodeRateLimited: 4008,
	CodeReplaced:    4009,
	CodeYielded:     4010,
	CodeMoved:       4011,
}

// CloseStatus returns the WebSocket close status that follows a bye with code,
// 4000 for codes that never end a connection.
func CloseStatus(code Code) int {
	if s, ok := closeStatus[code]; ok {
		return s
	}
	return closeStatus[CodeInternal]
}

// Retryable reports whether a new join makes sense after a bye with code.
func Retryable(code Code) bool {
	switch code {
	case CodeInternal, CodeShutdown, CodeMediaFailed, CodeTimeout, CodeRateLimited, CodeMoved:
		return true
	}
	return false
}

// NewBye makes the last message of a connection that ends with code.
func NewBye(code Code, message string) *Bye {
	return &Bye{Code: code, Message: message, Retryable: Retryable(code)}
}
