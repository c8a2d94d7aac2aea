package rule_test

import (
	"testing"

	"github.com/onecdp/onecdp/internal/rule"
)

func window(t *testing.T, text string) *rule.Window {
	t.Helper()
	event, ok := parsed(t, `{"event":{"within":`+text+`}}`).Root.(*rule.Event)
	if !ok {
		t.Fatal("no event")
	}
	return event.Within
}

func TestWindows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, window, asOf, zone string
		inside, outside          []string
	}{
		{"empty window", `{}`, "2026-03-15T12:00:00Z", "UTC", []string{"0001-01-01T00:00:00Z", "2026-03-15T12:00:00Z"}, nil},
		{"explicit null", `{"last":null,"days":null,"since":null,"until":null}`, "2026-03-15T12:00:00Z", "UTC", []string{"0001-01-01T00:00:00Z"}, nil},
		{"last, both ends in", `{"last":"P1D"}`, "2026-03-15T12:00:00Z", "UTC", []string{"2026-03-14T12:00:00Z", "2026-03-15T12:00:00Z"}, []string{"2026-03-14T11:59:59.999999Z", "2026-03-15T12:00:00.000001Z"}},
		{"last in months", `{"last":"P1M"}`, "2026-03-31T12:00:00Z", "UTC", []string{"2026-02-28T12:00:00Z"}, []string{"2026-02-28T11:59:59Z"}},
		{"days", `{"days":2}`, "2026-03-15T12:00:00Z", "Asia/Shanghai", []string{"2026-03-13T16:00:00Z", "2026-03-15T12:00:00Z"}, []string{"2026-03-13T15:59:59.999999Z"}},
		{"one day", `{"days":1}`, "2026-03-15T17:00:00Z", "Asia/Shanghai", []string{"2026-03-15T16:00:00Z"}, []string{"2026-03-15T15:59:59Z"}},
		{"days over a clock change", `{"days":7}`, "2025-03-10T12:00:00-04:00", "America/New_York", []string{"2025-03-04T00:00:00-05:00"}, []string{"2025-03-03T23:59:59-05:00"}},
		{"days in Cairo", `{"days":1}`, "2014-05-16T12:00:00Z", "Africa/Cairo", []string{"2014-05-15T22:00:00Z"}, []string{"2014-05-15T21:59:59Z"}},
		{"since and until", `{"since":"2026-01-01T00:00:00+08:00","until":"2026-02-01T00:00:00+08:00"}`, "2026-03-15T12:00:00Z", "UTC", []string{"2025-12-31T16:00:00Z", "2026-01-31T15:59:59.999999Z"}, []string{"2025-12-31T15:59:59.999999Z", "2026-01-31T16:00:00Z"}},
		{"all parts", `{"last":"P10D","days":3,"since":"2026-03-14T06:00:00Z","until":"2026-03-15T12:00:00Z"}`, "2026-03-15T12:00:00Z", "UTC", []string{"2026-03-14T06:00:00Z", "2026-03-15T11:59:59.999999Z"}, []string{"2026-03-14T05:59:59Z", "2026-03-15T12:00:00Z"}},
		{"until after asOf", `{"last":"P1D","until":"2027-01-01T00:00:00Z"}`, "2026-03-15T12:00:00Z", "UTC", []string{"2026-03-15T12:00:00Z"}, []string{"2026-03-15T12:00:01Z"}},
		{"since not before until", `{"since":"2026-02-01T00:00:00Z","until":"2026-02-01T00:00:00Z"}`, "2026-03-15T12:00:00Z", "UTC", nil, []string{"2026-02-01T00:00:00Z", "2026-01-31T23:59:59.999999Z"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := window(t, c.window).Bounds(instant(t, c.asOf), zone(t, c.zone))
			for _, text := range c.inside {
				if !b.Contains(instant(t, text)) {
					t.Errorf("%s lies inside", text)
				}
			}
			for _, text := range c.outside {
				if b.Contains(instant(t, text)) {
					t.Errorf("%s lies outside", text)
				}
			}
			if b.Empty() != (c.inside == nil) {
				t.Errorf("empty: %v", b.Empty())
			}
		})
	}
}
