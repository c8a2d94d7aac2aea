package onetest_test

import (
	"crypto/sha256"
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/onetest"
)

// step is one step of a history: a request with records, or an operation. Customers, merges and operations are chosen when it is done.
type step struct {
	kind    string
	records []sentRecord
	a, b    identity.Claim
	right   []identity.Claim
	since   *time.Time
	pick    int
}

// sentRecord is a record to be sent.
type sentRecord struct {
	repeats    int // how many records ago its message was sent before; 0: never
	claims     []identity.Claim
	at         time.Time
	attributes map[string]any
	event      string
}

func (r sentRecord) record(before []*onetest.Record) *onetest.Record {
	id := fmt.Sprintf("r%d", len(before)+1)
	if r.repeats > 0 && r.repeats <= len(before) {
		id = before[len(before)-r.repeats].MessageID
	}
	return &onetest.Record{Source: "s", MessageID: id, Claims: r.claims, At: r.at, Attributes: r.attributes, Event: r.event}
}

func hashOf(mail string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(mail))) }

// values are few, so that they collide.
var values = []identity.Claim{
	{Type: "member_no", Value: "m1"},
	{Type: "member_no", Value: "m2"},
	{Type: "phone", Value: "13912345601"},
	{Type: "phone", Value: "13912345602"},
	{Type: "device_id", Value: "d1"},
	{Type: "device_id", Value: "d2"},
	{Type: "member_no", Value: "m3"},
	{Type: "user_id", Value: "u1"},
	{Type: "user_id", Value: "u2"},
	{Type: "anonymous_id", Value: "c1"},
	{Type: "anonymous_id", Value: "c2"},
	{Type: "member_no", Scope: "b", Value: "m1"},
	{Type: "member_no", Scope: "b", Value: "m2"},
	{Type: "email", Value: "a@x.cn"},
	{Type: "email", Value: "b@x.cn"},
	{Type: "email_sha256", Value: hashOf("a@x.cn")},
	{Type: "email_sha256", Value: hashOf("b@x.cn")},
	{Type: "wechat_openid", Scope: "wx1", Value: "o1"},
	{Type: "wechat_openid", Scope: "wx2", Value: "o1"},
	{Type: "wechat_openid", Scope: "wx1", Value: "o2"},
	{Type: "phone", Value: "13912345603"},
	{Type: "phone", Value: "13912345604"},
	{Type: "user_id", Value: "u3"},
	{Type: "device_id", Value: "d3"},
}

var junk = []identity.Claim{{Type: "user_id", Value: "null"}, {Type: "shoe_size", Value: "42"}, {Type: "phone", Value: "1"}, {Type: "wechat_openid", Value: "o1"}}

var dawn = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// times are few, and some are later than any clock of a test.
func times() *rapid.Generator[time.Time] {
	return rapid.Map(rapid.IntRange(0, 9), func(hour int) time.Time {
		if hour > 7 {
			return dawn.AddDate(80, 0, 0).Add(time.Duration(hour) * time.Hour)
		}
		return dawn.Add(time.Duration(hour) * time.Hour)
	})
}

func known() *rapid.Generator[identity.Claim] {
	return rapid.Map(rapid.SampledFrom(values), func(c identity.Claim) identity.Claim {
		c.Verified = true
		return c
	})
}

func claims() *rapid.Generator[identity.Claim] {
	return rapid.Custom(func(t *rapid.T) identity.Claim {
		choice := rapid.IntRange(0, 19).Draw(t, "sort")
		if choice == 19 {
			return rapid.SampledFrom(junk).Draw(t, "junk")
		}
		claim := known().Draw(t, "claim")
		claim.Verified = choice != 18
		return claim
	})
}

func records() *rapid.Generator[sentRecord] {
	return rapid.Custom(func(t *rapid.T) sentRecord {
		r := sentRecord{
			claims: rapid.SliceOfN(claims(), 1, 4).Draw(t, "claims"), at: times().Draw(t, "at"),
			event: rapid.SampledFrom([]string{"", "e"}).Draw(t, "event"),
		}
		if rapid.IntRange(0, 19).Draw(t, "new") == 19 {
			r.repeats = rapid.IntRange(1, 4).Draw(t, "repeats")
		}
		if rapid.IntRange(0, 2).Draw(t, "speaks") == 2 {
			said := rapid.SampledFrom([]any{"x", "y", "", nil, map[string]any{}}).Draw(t, "said")
			r.attributes = map[string]any{rapid.SampledFrom([]string{"a", "b"}).Draw(t, "attribute"): said}
		}
		return r
	})
}

var kinds = []string{
	"ingest", "ingest", "ingest", "ingest", "ingest", "ingest", "ingest", "ingest", "ingest", "ingest", "ingest", "ingest", "ingest",
	"linkIdentities", "keepApart", "unlinkIdentity", "moveIdentity", "blockIdentity", "retractRecord", "retractRecord", "mergeCustomers", "mergeCustomers", "unmerge", "unmerge",
	"undoOperation", "undoOperation",
}

func steps() *rapid.Generator[step] {
	return rapid.Custom(func(t *rapid.T) step {
		s := step{kind: rapid.SampledFrom(kinds).Draw(t, "kind")}
		switch s.kind {
		case "ingest":
			s.records = rapid.SliceOfN(records(), 1, 4).Draw(t, "records")
			return s
		case "keepApart":
			s.right = rapid.SliceOfN(known(), 1, 2).Draw(t, "right")
		case "unlinkIdentity":
			if rapid.Bool().Draw(t, "since") {
				at := times().Draw(t, "until")
				s.since = &at
			}
		case "retractRecord", "unmerge", "undoOperation":
			s.pick = rapid.IntRange(0, 9).Draw(t, "pick")
			return s
		}
		s.a, s.b = known().Draw(t, "a"), known().Draw(t, "b")
		return s
	})
}
