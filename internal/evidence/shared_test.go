package evidence_test

import (
	"fmt"
	"testing"

	"github.com/onecdp/onecdp/internal/identity"
)

func maxOwners(of identity.TypeName, most int) func(*identity.Type) {
	return func(t *identity.Type) {
		if t.Name == of {
			t.MaxOwners = &most
		}
	}
}

func TestAValueWithTooManyOwnersIsSharedAndLinksNothing(t *testing.T) {
	t.Parallel()
	s := tell(t).with(t, maxOwners("phone", 2))
	s.record(0, "member_no:a phone:1").record(1, "member_no:b phone:1").
		expect(t, []string{"member_no:a", "member_no:b phone:1"}, "member_no:a phone:1 limit")
	solution := s.record(2, "member_no:c phone:1 email:e").expect(t, []string{"member_no:a", "member_no:b", "member_no:c email:e", "phone:1"},
		"member_no:c phone:1 shared", "member_no:b phone:1 shared", "member_no:a phone:1 shared")
	if got := fmt.Sprint(solution.Shared, solution.Parts, solution.Contested); got != "[false true false false false] [[0] [1] [2] [3]] [false false false true]" {
		t.Errorf("got %s", got)
	}
}

func TestWithoutTheSharedOneTheNextStrongestIsTheCenter(t *testing.T) {
	t.Parallel()
	s := tell(t).with(t, maxOwners("phone", 1))
	s.record(0, "member_no:a phone:1").record(0, "member_no:b phone:1").record(0, "phone:1 email:e device_id:d").
		expect(t, []string{"member_no:a", "member_no:b", "phone:1", "email:e device_id:d"},
			"member_no:a phone:1 shared", "member_no:b phone:1 shared", "phone:1 email:e shared", "phone:1 device_id:d shared")
}

func TestOwnersAreCountedWithinOneTypeAndScope(t *testing.T) {
	t.Parallel()
	s := tell(t).with(t, maxOwners("phone", 2))
	for i, owner := range []string{"member_no/x:a", "member_no/x:b", "member_no/y:a", "member_no/y:b", "user_id:a", "user_id:b"} {
		s.record(i, owner+" phone:1")
	}
	if s.solve().Shared[1] {
		t.Error("two of each are not more than two")
	}
	s.record(9, "member_no/y:c phone:1")
	if !s.solve().Shared[1] {
		t.Error("three of one scope are more than two")
	}
	compareLines(t, describe(s.world, s.solve()), s.naively())
}

func TestOnlyStrongerSingleValuedTypesOwn(t *testing.T) {
	t.Parallel()
	s := tell(t).with(t, maxOwners("email", 1))
	// Phones are three to a customer, openids are weaker than an email.
	s.record(0, "phone:1 email:e").record(0, "phone:2 email:e").record(0, "email:e wechat_openid/a:x").record(0, "email:e wechat_openid/a:y")
	if s.solve().Shared[1] {
		t.Error("none of them is an owner")
	}
	// One value in 30 days is not single-valued; one for ever is.
	phone := func(window string) func(*identity.Type) {
		return func(t *identity.Type) {
			if t.Name == "phone" {
				t.MaxPerCustomer, t.LimitWindow = new(1), window
			}
		}
	}
	if s.with(t, phone("P30D")).solve().Shared[1] {
		t.Error("a window makes no single value")
	}
	if !s.with(t, phone("")).solve().Shared[1] {
		t.Error("two phones own the email")
	}
}

func TestAnOwnerHasALowerPriorityNumber(t *testing.T) {
	t.Parallel()
	// The same type, and another one of the same priority, are not stronger, although their identities come first.
	s := tell(t).with(t, func(typ *identity.Type) {
		if typ.Name == "user_id" || typ.Name == "wechat_unionid" {
			typ.Priority, typ.MaxOwners = 3, new(1)
		}
	})
	s.record(0, "user_id:a user_id:c").record(0, "user_id:b user_id:c").record(0, "user_id:a wechat_unionid:x").record(0, "user_id:b wechat_unionid:x").
		expect(t, []string{"user_id:a wechat_unionid:x", "user_id:b", "user_id:c"},
			"user_id:b wechat_unionid:x limit", "user_id:a user_id:c limit", "user_id:b user_id:c limit")
}

func TestOwnersAreCountedBeforeSharedOnesAreLeftOut(t *testing.T) {
	t.Parallel()
	// One of the email's two owners is itself shared, and counts as an owner all the same.
	s := tell(t).with(t, func(typ *identity.Type) {
		if typ.Name == "wechat_unionid" || typ.Name == "email" {
			typ.MaxOwners = new(1)
		}
	})
	s.record(0, "user_id:a wechat_unionid:w").record(0, "user_id:b wechat_unionid:w").record(0, "wechat_unionid:w email:e").record(0, "wechat_unionid:v email:e").
		expect(t, []string{"user_id:a", "user_id:b", "wechat_unionid:v", "wechat_unionid:w", "email:e"},
			"user_id:a wechat_unionid:w shared", "user_id:b wechat_unionid:w shared", "wechat_unionid:v email:e shared", "wechat_unionid:w email:e shared")
}

func TestAForcedLinkIsNoOwnerAndDoesNotJoinASharedValue(t *testing.T) {
	t.Parallel()
	s := tell(t).with(t, maxOwners("phone", 1))
	s.record(0, "member_no:a phone:1").force("member_no:b", "phone:1")
	if s.solve().Shared[1] {
		t.Error("the operator's link is counted")
	}
	s.record(0, "member_no:b phone:1").expect(t, []string{"member_no:a", "member_no:b", "phone:1"},
		"member_no:b phone:1 shared", "member_no:a phone:1 shared", "member_no:b phone:1 shared")
}

func TestValuesAreNoAliasesThroughASharedOne(t *testing.T) {
	t.Parallel()
	s := tell(t).with(t, func(typ *identity.Type) {
		if typ.Name == "user_id" {
			typ.MaxOwners = new(1)
		}
	})
	s.record(0, "member_no:a user_id:s").record(0, "member_no:b user_id:s").force("user_id:x", "user_id:s").force("user_id:s", "user_id:y").
		record(5, "user_id:x phone:1").record(0, "user_id:y phone:1").
		expect(t, []string{"member_no:a", "member_no:b", "user_id:s", "user_id:x phone:1", "user_id:y"}, "user_id:y phone:1 limit",
			"user_id:s user_id:x shared", "user_id:s user_id:y shared", "member_no:a user_id:s shared", "member_no:b user_id:s shared")
}

func TestWhoIsKnownToBeSharedIsNotCountedAgain(t *testing.T) {
	t.Parallel()
	s := tell(t).record(0, "member_no:a phone:1 email:e")
	s.part.Shared = []bool{false, true, false}
	s.expect(t, []string{"member_no:a email:e", "phone:1"}, "member_no:a phone:1 shared")
}
