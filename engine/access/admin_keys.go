package access

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"parley/engine/wire"
)

// NewKey is what a key is to be.
type NewKey struct {
	Algorithm Algorithm `json:"algorithm"` // HS256 if empty
	// Public is the Ed25519 key of EdDSA, 32 bytes, whose other half the server never
	// sees.
	Public  []byte  `json:"public"`
	Scopes  []Scope `json:"scopes"`
	Prefix  string  `json:"prefix"`
	Note    string  `json:"note"`
	Expires int64   `json:"expires"` // ms UTC, 0: never
}

// CreateKey makes a key. Its secret is returned here and nowhere else, empty for
// EdDSA. Errors: a Refusal with CodeBadSettings and the field, and those of Entries.
func (b *Book) CreateKey(ctx context.Context, is NewKey) (k Key, secret string, err error) {
	return b.createKey(ctx, is, false)
}

func (b *Book) createKey(ctx context.Context, is NewKey, own bool) (k Key, secret string, err error) {
	k = Key{
		ID: newKeyID(), Algorithm: cmp.Or(is.Algorithm, HS256), Public: is.Public, Scopes: is.Scopes, Prefix: is.Prefix,
		Note: is.Note, Own: own, Created: b.now().UnixMilli(), Expires: is.Expires,
	}
	if k.Algorithm == HS256 {
		k.Secret, k.Public = newSecret(), nil
	}
	if err := k.validate(); err != nil {
		return Key{}, "", err
	}
	value, err := json.Marshal(&k)
	if err != nil {
		return Key{}, "", err
	}
	if err := b.put(ctx, Keys, k.ID, value, 0); err != nil {
		return Key{}, "", err
	}
	return k.public(), k.Secret, nil
}

// ListKeys returns all keys without their secrets, oldest first. Keys that can not be
// read are left out: nobody can use them.
func (b *Book) ListKeys() []Key {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var all []Key
	b.keys.each(func(id string, k *Key) {
		if k != nil {
			listed := k.public()
			_, listed.Revoked = b.revoked.get(keyEntry(id))
			all = append(all, listed)
		}
	})
	slices.SortFunc(all, func(x, y Key) int { return cmp.Or(cmp.Compare(x.Created, y.Created), strings.Compare(x.ID, y.ID)) })
	return all
}

// ownKey returns a key of the server's own, with which it signs what nobody names a
// key for, such as invitations; the first time it makes one.
func (b *Book) ownKey(ctx context.Context) (*Key, error) {
	for range 2 {
		if k := b.findOwn(); k != nil {
			return k, nil
		}
		if _, _, err := b.createKey(ctx, NewKey{Scopes: []Scope{ScopeJoin}, Note: "invitations"}, true); err != nil {
			return nil, err
		}
	}
	return nil, refusals[wire.CodeUnavailable] // revoked before it was used
}

func (b *Book) findOwn() *Key {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for id, it := range b.keys.items {
		if _, revoked := b.revoked.get(keyEntry(id)); it.value != nil && it.value.Own && !revoked {
			return it.value
		}
	}
	return nil
}
