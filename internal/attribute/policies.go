package attribute

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/onecdp/onecdp/ent/attributetype"
	"github.com/onecdp/onecdp/internal/golden"
	"github.com/onecdp/onecdp/internal/store"
)

// The settings that all servers share.
const (
	versionName     = "attributes_version"   // raised whenever a policy changes or a job has ended
	unsettledPrefix = "unsettled_attribute_" // and an attribute's number: the newest job that makes it again, which has not ended
)

// Policies are the policies in force at one version. They do not change.
type Policies struct {
	version   string
	byName    map[string]golden.Policy // those that are not LATEST
	unsettled map[string]bool          // golden records may still be of another policy
}

// Of is the policy of an attribute.
func (p *Policies) Of(name string) golden.Policy { return p.byName[name] }

// OneByOne tells that a statement can compete with the one that survived. Where it is false the attribute must be rebuilt from all
// statements: it is a fold, or its policy has changed and not all golden records are of the new one.
func (p *Policies) OneByOne(name string) bool {
	return !p.unsettled[name] && p.byName[name].Pairwise()
}

// InForce are the policies of this moment. It costs one small statement, and more when they have changed.
//
// Ask when the customers concerned are locked, or something else was written: whoever then makes records by a policy that is just being
// replaced is waited for before they are made again; see job.
func (s *Service) InForce(ctx context.Context, tx *store.Tx) (*Policies, error) {
	rows, err := tx.Query(ctx, "SELECT value FROM settings WHERE name = $1", versionName)
	versions, err := store.Collect(rows, err, func(row store.Row, into *string) error { return row.Scan(into) })
	if err != nil {
		return nil, fmt.Errorf("the version of attribute types: %w", err)
	}
	version := strings.Join(versions, "") // none: nothing was ever defined
	if known := s.known.Load(); known != nil && known.version == version {
		return known, nil
	}
	fresh, err := readPolicies(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("read attribute types: %w", err)
	}
	// What another transaction commits between the two statements is read under the version before it and read again at the next call.
	fresh.version = version
	s.known.Store(fresh)
	return fresh, nil
}

func readPolicies(ctx context.Context, tx *store.Tx) (*Policies, error) {
	rows, err := tx.Query(ctx, "SELECT CAST(substr(name, $1) AS bigint) FROM settings WHERE substr(name, 1, $2) = $3",
		len(unsettledPrefix)+1, len(unsettledPrefix), unsettledPrefix)
	unsettled, err := store.Collect(rows, err, func(row store.Row, into *int32) error { return row.Scan(into) })
	if err != nil {
		return nil, err
	}
	types, err := tx.Ent().AttributeType.Query().
		Where(attributetype.Or(attributetype.SurvivorshipNEQ(attributetype.SurvivorshipLATEST), attributetype.IDIn(unsettled...))).All(ctx)
	if err != nil {
		return nil, err
	}
	p := &Policies{byName: map[string]golden.Policy{}, unsettled: map[string]bool{}}
	for _, row := range types {
		one := typeOf(row)
		if p.byName[one.Name], err = policyOf(ctx, tx, one); err != nil {
			return nil, err
		}
		if slices.Contains(unsettled, one.ID) {
			p.unsettled[one.Name] = true
		}
	}
	return p, nil
}

// policyOf gives the sources their numbers. A source without one has never said anything.
func policyOf(ctx context.Context, tx *store.Tx, one Type) (golden.Policy, error) {
	policy := golden.Policy{Survivorship: one.Survivorship}
	if one.Survivorship != golden.SourcePriority || len(one.Sources) == 0 {
		return policy, nil
	}
	places := make([]int64, len(one.Sources))
	for i := range places {
		places[i] = int64(i)
	}
	var args store.Args
	given := store.Relation(tx.Dialect(), "given", &args, store.Int64s("place", places), store.Texts("name", one.Sources))
	rows, err := tx.Query(ctx, "SELECT s.id FROM "+given+" JOIN sources s ON s.name = given.name ORDER BY given.place", args...)
	policy.Sources, err = store.Collect(rows, err, func(row store.Row, into *int32) error { return row.Scan(into) })
	return policy, err
}

// raise makes all servers read the policies again. In the transaction in which it is called InForce must not be: what it read would be kept
// although nobody may ever commit it.
func raise(ctx context.Context, tx *store.Tx) error {
	_, err := tx.InsertRows(ctx, "settings", "ON CONFLICT DO NOTHING", store.Texts("name", []string{versionName}), store.Texts("value", []string{"0"}))
	if err == nil {
		_, err = tx.Exec(ctx, "UPDATE settings SET value = CAST(CAST(value AS bigint) + 1 AS text) WHERE name = $1", versionName)
	}
	if err != nil {
		return fmt.Errorf("raise the version of attribute types: %w", err)
	}
	return nil
}

// unsettle notes that golden records may be of another policy until a job has ended.
func unsettle(ctx context.Context, tx *store.Tx, attribute int32, job int64) error {
	_, err := tx.InsertRows(ctx, "settings", "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
		store.Texts("name", []string{unsettledName(attribute)}), store.Texts("value", []string{strconv.FormatInt(job, 10)}))
	return err
}

// settle notes that a job has ended. Unless the policy changed again meanwhile all golden records are of it.
func settle(ctx context.Context, tx *store.Tx, attribute int32, job int64) error {
	settled, err := tx.Exec(ctx, "DELETE FROM settings WHERE name = $1 AND value = $2", unsettledName(attribute), strconv.FormatInt(job, 10))
	if err != nil || settled == 0 {
		return err
	}
	return raise(ctx, tx)
}

func unsettledName(attribute int32) string { return unsettledPrefix + strconv.Itoa(int(attribute)) }
