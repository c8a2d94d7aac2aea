package access

import (
	"context"
	"crypto/subtle"
	"time"
)

// Authenticate finds who a secret belongs to. An unknown, expired or revoked one is UNAUTHENTICATED, all with the same
// message. now decides what has expired. The answer rests on a read that began after the call did, so that a key revoked
// on one server is dead on all.
func (s *Service) Authenticate(ctx context.Context, secret string, now time.Time) (Caller, error) {
	if secret == "" {
		return Caller{}, errNoKey
	}
	sent := digestOf(secret)
	if s.environment != nil && subtle.ConstantTimeCompare(sent[:], s.environment[:]) == 1 {
		return Caller{Name: environmentName, Scopes: Scopes()}, nil
	}
	if !wellFormed(secret) {
		return Caller{}, errWrongKey
	}
	if s.sessions.valid(sent, now) {
		return Caller{Name: sessionName, Scopes: []Scope{Read, Ingest, Manage, Personal}, Session: true}, nil
	}
	found, err := s.checks.find(ctx, sent)
	if err != nil {
		return Caller{}, err
	}
	if found == nil || !found.letsIn(sent, now) {
		return Caller{}, errWrongKey
	}
	s.uses.note(found.id, found.lastUsed, now)
	return Caller{Name: found.name, Scopes: found.scopes}, nil
}

// letsIn says whether a secret of the key works at an instant.
func (k *keyRow) letsIn(sent digest, now time.Time) bool {
	if k.revoked || k.expires != nil && !now.Before(*k.expires) {
		return false
	}
	if subtle.ConstantTimeCompare(sent[:], k.digest) == 1 {
		return true
	}
	return subtle.ConstantTimeCompare(sent[:], k.previous) == 1 && k.previousUntil != nil && now.Before(*k.previousUntil)
}
