package identity_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/identity"
)

func TestDefaultsAreTheTable(t *testing.T) {
	limit := func(n *int) string {
		if n == nil {
			return "-"
		}
		return fmt.Sprint(*n)
	}
	scopes := []string{"none", "optional", "required"}
	var rows []string
	for _, typ := range identity.Defaults() {
		rows = append(rows, fmt.Sprintf("%s %s %v %s %s %s %s %s %v %v%v %s", typ.Name, typ.Strength, typ.Priority, limit(typ.MaxPerCustomer), typ.OnConflict,
			limit(typ.MaxOwners), typ.Normalizer, scopes[typ.Scope], typ.Sensitive, typ.RequiresVerified, typ.LimitWindow, strings.Join(typ.Blocked, ",")))
	}
	want := strings.Split(strings.TrimSpace(`
national_id STRONG 1 1 EARLIEST - cn_id none true false 
member_no STRONG 2 1 EARLIEST - trim optional false false 
user_id STRONG 3 1 EARLIEST - trim none false false 
wechat_unionid STRONG 4 1 LATEST - trim none false false 
phone STRONG 5 3 LATEST 3 phone none true false +8613800138000,+8613800000000,+8613888888888,+8612345678901
email STRONG 6 5 LATEST 3 email none true false 
wechat_openid STRONG 7 1 LATEST - scoped required false false 
alipay_user_id STRONG 7.1 1 LATEST - scoped required false false 
douyin_openid STRONG 7.2 1 LATEST - scoped required false false 
taobao_ouid STRONG 8 3 LATEST - scoped required false false 
email_sha256 STRONG 9 10 LATEST 3 hex64 none false false 
imei WEAK 20 10 LATEST 5 imei none false false 
idfa WEAK 21 10 LATEST 5 uuid none false false 
oaid WEAK 22 10 LATEST 5 lower none false false 
android_id WEAK 23 10 LATEST 5 lower none false false 9774d56d682e549c
mac WEAK 24 10 LATEST 5 mac none false false 02:00:00:00:00:00,ff:ff:ff:ff:ff:ff
device_id WEAK 25 10 LATEST 5 trim none false false 
anonymous_id WEAK 30 100 LATEST 5 trim none false false`), "\n")
	for i, row := range rows {
		if i >= len(want) || strings.TrimSpace(row) != strings.TrimSpace(want[i]) {
			t.Errorf("row %d: %q", i, row)
		}
	}
	if len(rows) != len(want) {
		t.Errorf("%d types", len(rows))
	}
}

func TestDefaultsAreTheCallersOwn(t *testing.T) {
	types := identity.Defaults()
	*types[4].MaxPerCustomer, types[4].Blocked[0] = 99, "x"
	again := identity.Defaults()
	if *again[4].MaxPerCustomer != 3 || again[4].Blocked[0] != "+8613800138000" {
		t.Error("changed for everybody")
	}
}

func TestScopeFollowsNameAndNormalizer(t *testing.T) {
	for _, c := range []struct {
		name       identity.TypeName
		normalizer string
		want       identity.ScopeMode
	}{
		{"user_id", "trim", identity.ScopeNone}, {"user_id", "scoped", identity.ScopeRequired}, {"member_no", "lower", identity.ScopeOptional},
		{"wechat_openid", "scoped", identity.ScopeRequired}, {"wechat_openid", "trim", identity.ScopeRequired}, {"mine", "trim", identity.ScopeOptional}, {"mine", "scoped", identity.ScopeRequired},
	} {
		if got := identity.ScopeOf(c.name, c.normalizer); got != c.want {
			t.Errorf("%s %s: %d", c.name, c.normalizer, got)
		}
	}
	mine := identity.NewType("mine")
	mine.Normalizer = "scoped"
	if _, reason := registry(t, mine).Normalise(identity.Claim{Type: "mine", Value: "v1"}); reason == nil || *reason != identity.NoScope {
		t.Error("scoped means required")
	}
}

func TestFaultsOfATypeHaveTheirPlace(t *testing.T) {
	zero := 0
	for want, change := range map[string]func(*identity.Type){
		"name":           func(t *identity.Type) { t.Name = "" },
		"strength":       func(t *identity.Type) { t.Strength = "MIDDLING" },
		"priority":       func(t *identity.Type) { zeroF := 0.0; t.Priority = 1 / zeroF },
		"maxPerCustomer": func(t *identity.Type) { t.MaxPerCustomer = &zero },
		"maxOwners":      func(t *identity.Type) { t.MaxOwners = &zero },
		"onConflict":     func(t *identity.Type) { t.OnConflict = "" },
		"limitWindow":    func(t *identity.Type) { t.LimitWindow = "P1M" },
		"normalizer":     func(t *identity.Type) { t.Normalizer = "Phone" },
		"blocked[1]":     func(t *identity.Type) { t.Blocked = []string{"fine(", "/jo@x.com(/"} },
		"blocked[0]":     func(t *identity.Type) { t.Blocked = []string{"/a)|(b/"} },
	} {
		typ := identity.NewType("mine")
		change(&typ)
		_, err := identity.NewRegistry([]identity.Type{typ}, "CN")
		for _, err := range []error{err, typ.Validate()} {
			faults := fault.All(err)
			if len(faults) != 1 || faults[0].Code != fault.BadUserInput || faults[0].Path.String() != want {
				t.Errorf("%s: %v", want, err)
				continue
			}
			if strings.Contains(err.Error(), "jo@x.com") {
				t.Errorf("the error repeats a blocked value: %v", err)
			}
		}
	}
	if err := identity.NewType("mine").Validate(); err != nil {
		t.Error(err)
	}
	if _, err := identity.NewRegistry([]identity.Type{identity.NewType("a"), identity.NewType("a")}, "CN"); err == nil {
		t.Error("defined twice")
	}
}

func TestWindows(t *testing.T) {
	day := 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"": 0, "P30D": 30 * day, "P1W": 7 * day, "P1W2DT3H4M5S": 9*day + 3*time.Hour + 4*time.Minute + 5*time.Second, "PT100H": 100 * time.Hour,
		"PT5M": 5 * time.Minute, "PT1S": time.Second, "P1DT12H": 36 * time.Hour, "PT36H90M": 37*time.Hour + 30*time.Minute,
	} {
		if got, err := identity.ParseWindow(text); err != nil || got != want {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
	for _, text := range []string{"P", "PT", "P1M", "P1Y", "1D", "P0D", "PT0S", "P1DT", "PT1D", "P1H", "P-1D", "P1", "p1d", "P1D ", "P1D2W", "P1D1D", "PT1.5S", "P99999999999D", "P106752D", "PTT1H"} {
		if got, err := identity.ParseWindow(text); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestSingleValued(t *testing.T) {
	one, two := 1, 2
	for _, c := range []struct {
		typ  identity.Type
		want bool
	}{
		{identity.Type{}, false}, {identity.Type{MaxPerCustomer: &one}, true}, {identity.Type{MaxPerCustomer: &two}, false}, {identity.Type{MaxPerCustomer: &one, LimitWindow: "P1D"}, false},
	} {
		if c.typ.SingleValued() != c.want {
			t.Errorf("%+v", c.typ)
		}
	}
}

func TestARegistryKeepsItsTypes(t *testing.T) {
	types := identity.Defaults()
	r, err := identity.NewRegistry(types, "CN")
	if err != nil {
		t.Fatal(err)
	}
	*types[4].MaxPerCustomer = 99
	if phone, ok := r.Type("phone"); !ok || *phone.MaxPerCustomer != 3 {
		t.Error("changed from outside")
	}
	if _, ok := r.Type("nothing"); ok {
		t.Error("declared?")
	}
	if !slices.IsSorted(identity.Normalizers()) {
		t.Error("not sorted")
	}
}
