package main

import (
	"net/http"
	"strings"

	"parley/engine"
)

// principalOf is who a request comes from: what it shows as a bearer token. The copy
// outlives the request, whose headers need not.
func principalOf(r *http.Request) engine.Principal {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return engine.Principal{}
	}
	return engine.Principal{Credential: strings.Clone(strings.TrimSpace(token))}
}
