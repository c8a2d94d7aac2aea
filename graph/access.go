package graph

import (
	"context"
	"strings"
	"time"

	"github.com/onecdp/onecdp/graph/model"
	"github.com/onecdp/onecdp/internal/access"
)

// apiKeys are all keys by name.
func (r *Resolver) apiKeys(ctx context.Context) ([]*model.APIKey, error) {
	keys, err := r.Access.List(ctx)
	if err != nil {
		return nil, err
	}
	shown := make([]*model.APIKey, len(keys))
	for i, key := range keys {
		shown[i] = r.apiKey(key)
	}
	return shown, nil
}

// makeKey makes a key.
func (r *Resolver) makeKey(ctx context.Context, name string, scopes []model.AccessScope, expiresAt *time.Time) (*model.APIKeyPayload, error) {
	wanted := make([]access.Scope, len(scopes))
	for i, scope := range scopes {
		wanted[i] = access.Scope(strings.ToLower(scope.String()))
	}
	secret, key, err := r.Access.Create(ctx, name, wanted, expiresAt)
	return r.keyPayload(secret, key, err)
}

// rotateKey gives a key a new secret.
func (r *Resolver) rotateKey(ctx context.Context, name string, overlap *string) (*model.APIKeyPayload, error) {
	secret, key, err := r.Access.Rotate(ctx, name, overlap)
	return r.keyPayload(secret, key, err)
}

// endKey revokes a key.
func (r *Resolver) endKey(ctx context.Context, name string) (*model.APIKeyPayload, error) {
	err := r.Access.Revoke(ctx, name)
	var key access.Key
	if err == nil {
		key, err = r.Access.ByName(ctx, name)
	}
	return r.keyPayload("", key, err)
}

// keyPayload says what became of a change to a key.
func (r *Resolver) keyPayload(secret string, key access.Key, err error) (*model.APIKeyPayload, error) {
	wrong, err := userErrors(err)
	if err != nil {
		return nil, err
	}
	payload := &model.APIKeyPayload{UserErrors: wrong}
	if len(wrong) == 0 {
		payload.APIKey, payload.Secret = r.apiKey(key), textOrNone(secret)
	}
	return payload, nil
}

// apiKey is a key as the API shows it.
func (r *Resolver) apiKey(key access.Key) *model.APIKey {
	shown := &model.APIKey{
		Name: key.Name, Hint: key.Hint, CreatedAt: key.CreatedAt, ExpiresAt: key.ExpiresAt, RevokedAt: key.RevokedAt, LastUsedAt: key.LastUsedAt,
		PreviousSecretUntil: key.Overlap(r.clock()),
	}
	for _, scope := range key.Scopes {
		shown.Scopes = append(shown.Scopes, model.AccessScope(strings.ToUpper(string(scope))))
	}
	return shown
}
