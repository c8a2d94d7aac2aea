package golden_test

import (
	"encoding/json"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/onecdp/onecdp/internal/golden"
)

// said is a statement in short: identity, source, time and value.
func said(identity int64, source int32, at int64, text string) golden.Statement {
	return golden.Statement{Value: json.RawMessage(text), Provenance: golden.Provenance{Time: at, Source: source, Identity: identity, Record: 1}}
}

func TestEachPolicyChoosesItsValue(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		policy     golden.Policy
		statements []golden.Statement
		want       string
		time       int64 // of the provenance
	}{
		"the newest":                            {golden.Policy{}, []golden.Statement{said(1, 1, 1, `"a"`), said(1, 1, 2, `"b"`)}, `"b"`, 2},
		"the oldest":                            {policy(golden.Earliest), []golden.Statement{said(1, 1, 1, `"a"`), said(1, 1, 2, `"b"`)}, `"a"`, 1},
		"the oldest, but not an empty one":      {policy(golden.Earliest), []golden.Statement{said(1, 1, 1, `""`), said(1, 1, 2, `"b"`)}, `"b"`, 2},
		"the trusted source":                    {trusting(2, 1), []golden.Statement{said(1, 2, 1, `"a"`), said(1, 1, 9, `"b"`), said(1, 3, 10, `"c"`)}, `"a"`, 1},
		"the newest of the trusted source":      {trusting(2, 1), []golden.Statement{said(1, 2, 1, `"a"`), said(1, 2, 2, `"b"`)}, `"b"`, 2},
		"an unknown source, if nobody else":     {trusting(2, 1), []golden.Statement{said(1, 4, 1, `"a"`), said(1, 3, 2, `"b"`)}, `"b"`, 2},
		"trust does not make empty a value":     {trusting(2, 1), []golden.Statement{said(1, 2, 5, `""`), said(1, 3, 2, `"b"`)}, `"b"`, 2},
		"who denies wins a tie":                 {policy(golden.Consent), []golden.Statement{said(1, 1, 5, `"denied"`), said(2, 2, 5, `"granted"`)}, `"denied"`, 5},
		"the newest consent":                    {policy(golden.Consent), []golden.Statement{said(1, 1, 5, `"denied"`), said(2, 2, 6, `"granted"`)}, `"granted"`, 6},
		"a sum is exact":                        {policy(golden.Sum), []golden.Statement{said(1, 1, 5, `0.10`), said(2, 2, 6, `0.2`)}, `0.3`, 6},
		"a sum of corrections":                  {policy(golden.Sum), []golden.Statement{said(1, 1, 1, `3`), said(1, 1, 5, `4`), said(1, 2, 2, `2`), said(2, 1, 1, `10`)}, `16`, 5},
		"empty corrects nothing":                {policy(golden.Sum), []golden.Statement{said(1, 1, 1, `3`), said(1, 1, 5, `""`)}, `3`, 1},
		"what is no number adds nothing":        {policy(golden.Sum), []golden.Statement{said(1, 1, 1, `3`), said(2, 1, 5, `"4"`)}, `3`, 1},
		"no number at all":                      {policy(golden.Sum), []golden.Statement{said(1, 1, 1, `"a"`), said(2, 1, 5, `"b"`)}, `"b"`, 5},
		"the sum of large and small":            {policy(golden.Sum), []golden.Statement{said(1, 1, 1, `123456789012345678901234567890`), said(2, 1, 1, `0.000000000000000000001`)}, `123456789012345678901234567890.000000000000000000001`, 1},
		"the least":                             {policy(golden.Min), []golden.Statement{said(1, 1, 1, `10`), said(2, 1, 5, `9.50`)}, `9.50`, 5},
		"the greatest":                          {policy(golden.Max), []golden.Statement{said(1, 1, 1, `10`), said(2, 1, 5, `9`)}, `10`, 1},
		"a corrected greatest":                  {policy(golden.Max), []golden.Statement{said(1, 1, 1, `10`), said(1, 1, 5, `9`)}, `9`, 5},
		"the greatest number among texts":       {policy(golden.Max), []golden.Statement{said(1, 1, 1, `10`), said(2, 1, 5, `"n/a"`)}, `10`, 1},
		"the first day":                         {policy(golden.Min), []golden.Statement{said(1, 1, 1, `"2024-02-01"`), said(2, 1, 5, `"2023-12-31"`)}, `"2023-12-31"`, 5},
		"the newest of equals":                  {policy(golden.Max), []golden.Statement{said(1, 1, 1, `1.0`), said(2, 1, 5, `1`)}, `1`, 5},
		"a union":                               {policy(golden.Union), []golden.Statement{said(1, 1, 1, `["b","a"]`), said(2, 1, 5, `["c","b"]`)}, `["a","b","c"]`, 5},
		"a union of what is equal by value":     {policy(golden.Union), []golden.Statement{said(1, 1, 1, `[1.50,{"b":1,"a":2}]`), said(2, 1, 5, `[1.5,{"a":2.0,"b":1}]`)}, `[1.5,{"a":2,"b":1}]`, 5},
		"a union of what is corrected":          {policy(golden.Union), []golden.Statement{said(1, 1, 1, `["a","b"]`), said(1, 1, 5, `["a"]`)}, `["a"]`, 5},
		"a union with one that is no list":      {policy(golden.Union), []golden.Statement{said(1, 1, 1, `["b"]`), said(2, 1, 5, `"a"`)}, `["a","b"]`, 5},
		"a union of nothing":                    {policy(golden.Union), []golden.Statement{said(1, 1, 1, `[]`), said(2, 1, 5, `[]`)}, `[]`, 5},
		"a union ascends through all kinds":     {policy(golden.Union), []golden.Statement{said(1, 1, 1, `["é","z",[1],10,9,true,null,{"a":1},false,[]]`)}, `[null,false,true,9,10,"z","é",[],[1],{"a":1}]`, 1},
		"empty survives if there is no other":   {policy(golden.Max), []golden.Statement{said(1, 1, 1, `""`), said(2, 1, 5, `{}`)}, `{}`, 5},
		"of one instant the greatest identity":  {golden.Policy{}, []golden.Statement{said(2, 1, 5, `"a"`), said(1, 2, 5, `"b"`)}, `"a"`, 5},
		"then the greatest source":              {golden.Policy{}, []golden.Statement{said(1, 2, 5, `"a"`), said(1, 1, 5, `"b"`)}, `"a"`, 5},
		"then the greatest text, numbers short": {golden.Policy{}, []golden.Statement{said(1, 1, 5, `1.50`), said(1, 1, 5, `1.6`)}, `1.6`, 5},
		"the oldest of one instant mirrors it":  {policy(golden.Earliest), []golden.Statement{said(2, 1, 5, `"a"`), said(1, 2, 5, `"b"`)}, `"b"`, 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 2 {
				survivor, ok := golden.Survive(test.policy, test.statements, byNumber{})
				if !ok || string(survivor.Value) != test.want || survivor.Time != test.time {
					t.Errorf("%s of time %d survives, want %s of %d", survivor.Value, survivor.Time, test.want, test.time)
				}
				slices.Reverse(test.statements)
			}
		})
	}
}

func TestNothingSurvivesOfNothing(t *testing.T) {
	t.Parallel()
	for _, survivorship := range golden.Survivorships() {
		if _, ok := golden.Survive(policy(survivorship), nil, byNumber{}); ok {
			t.Errorf("%s: something survives of nothing", survivorship)
		}
	}
}

func policy(s golden.Survivorship) golden.Policy { return golden.Policy{Survivorship: s} }

func trusting(sources ...int32) golden.Policy {
	return golden.Policy{Survivorship: golden.SourcePriority, Sources: sources}
}

func anyPolicy(t *rapid.T) golden.Policy {
	return golden.Policy{
		Survivorship: rapid.SampledFrom(golden.Survivorships()).Draw(t, "survivorship"),
		Sources:      rapid.SliceOfNDistinct(rapid.Int32Range(1, 3), 0, 2, rapid.ID[int32]).Draw(t, "sources"),
	}
}

func TestWhatSurvivesOfAllDependsOnNoOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		statements := rapid.SliceOfN(rapid.Custom(statement), 1, 10).Draw(t, "statements")
		p := anyPolicy(t)
		one, _ := golden.Survive(p, statements, byNumber{})
		other, _ := golden.Survive(p, rapid.Permutation(statements).Draw(t, "order"), byNumber{})
		if string(one.Value) != string(other.Value) && golden.Compare(golden.Policy{}, one, other, byNumber{}) != 0 || one.Time != other.Time || one.Identity != other.Identity {
			t.Fatalf("%s: %s %+v and %s %+v", p.Survivorship, one.Value, one.Provenance, other.Value, other.Provenance)
		}
	})
}

func TestTakingOneByOneIsSurvivingOfAll(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		statements := rapid.SliceOfN(rapid.Custom(statement), 1, 10).Draw(t, "statements")
		p := anyPolicy(t)
		if !p.Pairwise() {
			t.Skip("a fold")
		}
		record := golden.Record{}
		for _, s := range statements {
			record.Compete("a", p, s, byNumber{})
		}
		survivor, _ := golden.Survive(p, statements, byNumber{})
		if golden.Compare(p, record["a"], survivor, byNumber{}) != 0 {
			t.Fatalf("%s: %+v and %+v", p.Survivorship, record["a"], survivor)
		}
	})
}

func TestComparingIsATotalOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, draw := anyPolicy(t), rapid.Custom(statement)
		a, b, c := draw.Draw(t, "a"), draw.Draw(t, "b"), draw.Draw(t, "c")
		compare := func(x, y golden.Statement) int { return golden.Compare(p, x, y, byNumber{}) }
		if compare(a, b) != -compare(b, a) {
			t.Fatal("not antisymmetric")
		}
		if compare(a, b) >= 0 && compare(b, c) >= 0 && compare(a, c) < 0 {
			t.Fatal("not transitive")
		}
	})
}

func TestRestatingReplacesWhatItNames(t *testing.T) {
	t.Parallel()
	record := golden.Record{"a": said(1, 1, 1, "1"), "b": said(1, 1, 1, "2"), "c": said(1, 1, 1, "3")}
	if record.Restate(golden.Record{"a": said(1, 1, 1, "1")}, []string{"a"}) {
		t.Error("nothing changed")
	}
	if !record.Restate(golden.Record{"a": said(1, 1, 2, "1")}, []string{"a", "b"}) || record["a"].Time != 2 || len(record) != 2 {
		t.Errorf("%+v", record)
	}
	if !record.Restate(golden.Record{"d": said(1, 1, 2, "1")}, nil) || len(record) != 1 {
		t.Errorf("%+v", record)
	}
}
