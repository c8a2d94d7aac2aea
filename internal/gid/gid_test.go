package gid_test

import (
	"encoding/base64"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/gid"
)

func TestEveryIDLeadsBack(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range []struct {
		kind    gid.Kind
		numbers []int64
	}{
		{gid.Customer, []int64{1}},
		{gid.Customer, []int64{math.MaxInt64}},
		{gid.Identity, []int64{1}},
		{gid.Event, []int64{7, -1, 9}},
		{gid.Event, []int64{math.MaxInt64, math.MinInt64, math.MaxInt64}},
		{gid.Segment, []int64{0}},
	} {
		id := gid.Encode(c.kind, c.numbers...)
		if seen[id] {
			t.Errorf("%s %v: the id is another's", c.kind, c.numbers)
		}
		seen[id] = true
		kind, numbers, err := gid.Decode(id, nil)
		if err != nil || kind != c.kind || !slices.Equal(numbers, c.numbers) {
			t.Errorf("%s %v: got %s %v, %v", c.kind, c.numbers, kind, numbers, err)
		}
		if strings.ContainsAny(id, "+/=") {
			t.Errorf("not fit for a URL: %s", id)
		}
	}
}

func TestWhatIsNoIDIsRefusedWithoutAnEcho(t *testing.T) {
	t.Parallel()
	raw := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	for name, id := range map[string]string{
		"empty":             "",
		"a number":          "17",
		"not base64":        "Customer:1",
		"padded":            base64.URLEncoding.EncodeToString([]byte("Customer:11")),
		"loose last bits":   "Q3VzdG9tZXI6MV",
		"line break inside": raw("Customer:1")[:4] + "\n" + raw("Customer:1")[4:],
		"unknown kind":      raw("Order:1"),
		"kind in lower":     raw("customer:1"),
		"no parts":          raw("Customer"),
		"empty part":        raw("Customer:"),
		"too many parts":    raw("Customer:1:2"),
		"too few parts":     raw("Event:1:2"),
		"leading zero":      raw("Customer:01"),
		"plus":              raw("Customer:+1"),
		"minus zero":        raw("Customer:-0"),
		"blank":             raw("Customer: 1"),
		"beyond 64 bits":    raw("Customer:9223372036854775808"),
		"long":              strings.Repeat("secret", 100_000),
	} {
		at := fault.Path{"id"}
		_, _, err := gid.Decode(id, at)
		faults := fault.All(err)
		if len(faults) != 1 || faults[0].Code != fault.BadUserInput || faults[0].Path.String() != "id" {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(id) > 3 && strings.Contains(err.Error(), id) || len(err.Error()) > 200 {
			t.Errorf("%s: echoed", name)
		}
	}
}

func TestAnIDOfAnotherKindIsRefused(t *testing.T) {
	t.Parallel()
	id := gid.Encode(gid.Segment, 5)
	if number, err := gid.DecodeOne(gid.Segment, id, nil); err != nil || number != 5 {
		t.Errorf("got %d, %v", number, err)
	}
	_, err := gid.DecodeOne(gid.Customer, id, fault.Path{"customer"})
	if faults := fault.All(err); len(faults) != 1 || faults[0].Code != fault.BadUserInput {
		t.Errorf("got %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(gid.Encode(gid.Customer, 1))
	f.Add(gid.Encode(gid.Event, 1, -2, 3))
	f.Fuzz(func(t *testing.T, id string) {
		kind, numbers, err := gid.Decode(id, nil)
		if err == nil && gid.Encode(kind, numbers...) != id {
			t.Errorf("a second text for the same object: %q", id)
		}
	})
}
