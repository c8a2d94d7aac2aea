package guard_test

import (
	"testing"

	"github.com/onecdp/onecdp/graph/guard"
)

func TestMessagesAreToldWithoutValues(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		`String cannot represent a non string value: 13738761188`:                                          `String cannot represent a non string value.`,
		`Expected value of type "IdentityInput!", found "a@ex.com".`:                                       `Expected value of type "IdentityInput!".`,
		`Int cannot represent non 32-bit signed integer value: 13738761188`:                                `Int cannot represent non 32-bit signed integer value.`,
		`ID cannot represent a non-string and non-integer value: {a:"13738761188, found"}`:                 `ID cannot represent a non-string and non-integer value.`,
		"Enum \"Aggregate!\" cannot represent non-enum value: \"a\n\".":                                    `Enum "Aggregate!" cannot represent non-enum value.`,
		`Value "a does not exist in "B" enum." does not exist in "Aggregate" enum.`:                        `The value does not exist in "Aggregate" enum.`,
		`Expected Name, found String "13738761188"`:                                                        `Expected Name, found String`,
		`Unexpected Int "13738761188"`:                                                                     `Unexpected Int`,
		`Unexpected Name "phone"`:                                                                          `Unexpected Name "phone"`,
		"Invalid character escape sequence: \\u13738761188 and the rest\n.":                                `Invalid character escape sequence.`,
		`13738761188 is not a valid Aggregate`:                                                             `this is not a valid Aggregate`,
		`cannot use value 13738761188 as String`:                                                           `cannot use the value as String`,
		`cannot use 1.3738761188e+10 as ID: integers beyond 2^53-1 may have been rounded; decode elsewise`: `cannot use the value as ID: integers beyond 2^53-1 may have been rounded; decode elsewise`,
		`cannot use string as Int`:                                                                         `cannot use string as Int`,
		`operation 13738761188 not found`:                                                                  `there is no operation of that name`,
		`Cannot query field "phones" on type "Query".`:                                                     `Cannot query field "phones" on type "Query".`,
		`Unknown argument "x" on field "Query.customers".`:                                                 `Unknown argument "x" on field "Query.customers".`,
	} {
		if got := guard.WithoutValues(message); got != want {
			t.Errorf("%s\nbecomes %s\nnot     %s", message, got, want)
		}
	}
}
