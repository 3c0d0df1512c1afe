package main

import (
	"net/http/httptest"
	"testing"
)

func TestPrincipalOf(t *testing.T) {
	for _, c := range []struct{ header, credential string }{
		{"", ""},
		{"Bearer secret", "secret"},
		{"bearer  secret ", "secret"},
		{"Bearer", ""},
		{"Basic c2VjcmV0", ""},
	} {
		r := httptest.NewRequest("GET", "/api/v1/ws", nil)
		r.Header.Set("Authorization", c.header)
		if got := principalOf(r).Credential; got != c.credential {
			t.Errorf("%q shows %q, want %q", c.header, got, c.credential)
		}
	}
}
