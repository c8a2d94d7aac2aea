package oneid_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/store"
)

func TestANewTypeStartsWeak(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		s := open(t, db)
		defined, job, err := s.DefineType(t.Context(), oneid.TypeChange{Name: "cafe\u0301"}, "tester")
		if err != nil || job == 0 {
			t.Fatal(job, err)
		}
		want := identity.NewType("caf\u00e9") // in the form in which records come
		if fmt.Sprint(defined) != fmt.Sprint(want) {
			t.Errorf("%+v", defined)
		}
		stored, known := s.Registry().Type(want.Name)
		if !known || stored.Strength != identity.Weak || stored.Priority != 50 || stored.MaxPerCustomer != nil || stored.MaxOwners != nil ||
			stored.LimitWindow != "" || stored.OnConflict != identity.Latest || stored.Normalizer != "trim" || stored.Scope != identity.ScopeOptional {
			t.Errorf("%+v", stored)
		}
		rows, err := db.Query(t.Context(), "SELECT kind, subject, actor, state FROM jobs WHERE id = $1", job)
		told, err := store.Collect(rows, err, func(row store.Row, into *[4]string) error {
			return row.Scan(&into[0], &into[1], &into[2], &into[3])
		})
		if err != nil || len(told) != 1 || told[0] != [4]string{oneid.JobKind, string(want.Name), "tester", "WAITING"} {
			t.Errorf("%v, %v", told, err)
		}
	})
}

func TestWhatIsLeftOutStaysAndNullTakesAway(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		s := open(t, db)
		before, _ := s.Registry().Type("phone")
		define(t, s, oneid.TypeChange{
			Name: "phone", LimitWindow: oneid.Limit[string]{Given: true, Value: new("P30D")}, MaxPerCustomer: oneid.Limit[int]{Given: true, Value: new(1)},
		})
		phone, _ := s.Registry().Type("phone")
		if *phone.MaxPerCustomer != 1 || phone.LimitWindow != "P30D" || *phone.MaxOwners != 3 || phone.Priority != 5 || !phone.Sensitive ||
			phone.Scope != identity.ScopeNone || !slices.Equal(phone.Blocked, before.Blocked) {
			t.Errorf("%+v", phone)
		}
		define(t, s, oneid.TypeChange{
			Name: "phone", LimitWindow: oneid.Limit[string]{Given: true}, MaxPerCustomer: oneid.Limit[int]{Given: true}, MaxOwners: oneid.Limit[int]{Given: true},
		})
		phone, _ = s.Registry().Type("phone")
		if phone.MaxPerCustomer != nil || phone.LimitWindow != "" || phone.MaxOwners != nil || phone.Normalizer != "phone" || phone.Strength != identity.Strong {
			t.Errorf("%+v", phone)
		}
		define(t, s, oneid.TypeChange{Name: "phone", Blocked: &[]string{`/\+86170.*/`}})
		if phone, _ = s.Registry().Type("phone"); !slices.Equal(phone.Blocked, []string{`/\+86170.*/`}) {
			t.Errorf("the list is not replaced: %d entries", len(phone.Blocked))
		}
		define(t, s, oneid.TypeChange{Name: "phone", Blocked: &[]string{}})
		if phone, _ = s.Registry().Type("phone"); len(phone.Blocked) != 0 {
			t.Errorf("the list is not emptied: %d entries", len(phone.Blocked))
		}
		define(t, s, oneid.TypeChange{
			Name: "phone", Strength: new(identity.Weak), Priority: new(12.5), OnConflict: new(identity.Earliest), RequiresVerified: new(true), Normalizer: new("scoped"),
		})
		phone, _ = s.Registry().Type("phone")
		if phone.Strength != identity.Weak || phone.Priority != 12.5 || phone.OnConflict != identity.Earliest || !phone.RequiresVerified || phone.Scope != identity.ScopeRequired {
			t.Errorf("%+v", phone)
		}
	})
}

func TestAChangeThatChangesNothingMakesNoJob(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		s := open(t, db)
		before := s.Rules()
		if job := define(t, s, oneid.TypeChange{Name: "phone", Priority: new(5.0), MaxOwners: oneid.Limit[int]{Given: true, Value: new(3)}}); job != 0 || s.Rules() != before {
			t.Errorf("job %d, version %d", job, s.Rules().Version)
		}
		if job := define(t, s, oneid.TypeChange{Name: "member_no", Sensitive: new(true)}); job != 0 || s.Rules() == before {
			t.Errorf("what is masked changes no customers: job %d, version %d", job, s.Rules().Version)
		}
		if !s.Registry().Masked("member_no") || string(s.Registry().Names().Value("member_no", []byte(`"M123456"`))) == `"M123456"` {
			t.Error("and it is not masked")
		}
		if job := define(t, s, oneid.TypeChange{Name: "member_no", LimitWindow: oneid.Limit[string]{Given: true, Value: new("P7D")}}); job == 0 {
			t.Error("a window makes no job")
		}
		if job := define(t, s, oneid.TypeChange{Name: "member_no", LimitWindow: oneid.Limit[string]{Given: true, Value: new("P1W")}}); job != 0 {
			t.Error("the same window in other words makes a job")
		}
	})
}

func TestWhatIsWrongWithATypeIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		s := open(t, db)
		version := s.Rules().Version
		number := func(n int) oneid.Limit[int] { return oneid.Limit[int]{Given: true, Value: &n} }
		window := func(text string) oneid.Limit[string] { return oneid.Limit[string]{Given: true, Value: &text} }
		for place, change := range map[string]oneid.TypeChange{
			"name":           {Name: " "},
			"name ":          {Name: identity.TypeName(strings.Repeat("x", 256))},
			"name  ":         {Name: "a\x00b"},
			"strength":       {Name: "phone", Strength: new(identity.Strength("MIDDLING"))},
			"priority":       {Name: "phone", Priority: new(math.Inf(1))},
			"maxPerCustomer": {Name: "phone", MaxPerCustomer: number(0)},
			"maxOwners":      {Name: "phone", MaxOwners: number(-1)},
			"onConflict":     {Name: "phone", OnConflict: new(identity.ConflictPolicy("NEVER"))},
			"limitWindow":    {Name: "phone", LimitWindow: window("P1M")},
			"limitWindow ":   {Name: "phone", LimitWindow: window("")},
			"normalizer":     {Name: "phone", Normalizer: new("upper")},
			"blocked[1]":     {Name: "phone", Blocked: &[]string{"+8613912345678", "/+8613912345678(/"}},
			"blocked[0]":     {Name: "phone", Blocked: &[]string{"+8613912345678\x00"}},
			"blocked[0] ":    {Name: "phone", Blocked: &[]string{strings.Repeat("x", 1001)}},
			"blocked":        {Name: "phone", Blocked: new(make([]string, 10_001))},
		} {
			_, job, err := s.DefineType(t.Context(), change, "tester")
			var wrong *fault.Error
			if !errors.As(err, &wrong) || wrong.Code != fault.BadUserInput || wrong.Path.String() != strings.TrimSpace(place) || job != 0 {
				t.Errorf("%s: %v, job %d", place, err, job)
			} else if strings.Contains(err.Error(), "139") {
				t.Errorf("%s: the error repeats a value: %v", place, err)
			}
		}
		_, _, err := s.DefineType(t.Context(), oneid.TypeChange{Name: "phone", Priority: new(1.0), MaxOwners: number(0), Normalizer: new("upper")}, "tester")
		if err == nil || !strings.Contains(err.Error(), "maxOwners") || !strings.Contains(err.Error(), "normalizer") {
			t.Errorf("not all faults at once: %v", err)
		}
		if err := s.Refresh(t.Context()); err != nil || s.Rules().Version != version {
			t.Errorf("something was changed: %v", err)
		}
	})
}

func TestServersDefineTypesAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, databaseURL string) {
		first := open(t, dbtest.Open(t, databaseURL))
		services := []*oneid.Service{first, open(t, dbtest.Open(t, databaseURL))}
		before := first.Rules().Version
		var working sync.WaitGroup
		for n := range 12 {
			working.Go(func() {
				change := oneid.TypeChange{Name: identity.TypeName(fmt.Sprint("card", n%2)), Priority: new(float64(40 + n))}
				if _, _, err := services[n/2%2].DefineType(t.Context(), change, "tester"); err != nil {
					t.Error(err)
				}
			})
		}
		working.Wait()
		if err := first.Refresh(t.Context()); err != nil || first.Rules().Version != before+12 {
			t.Errorf("version %d after %d, %v", first.Rules().Version, before, err)
		}
		if len(first.Registry().Types()) != len(identity.Defaults())+2 {
			t.Errorf("%d types", len(first.Registry().Types()))
		}
	})
}
