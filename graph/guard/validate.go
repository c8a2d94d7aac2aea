package guard

import (
	"cmp"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

const (
	mostErrors     = 20  // told of one document
	longestMessage = 300 // bytes of what is told of one error
)

// checked are gqlparser's rules without suggestions, which compare each wrong name with every right one, and tell the schema. Instead of
// OverlappingFieldsCanBeMerged, which takes quadratic time, there is overlaps. They run in the order of their names, which is that of
// their errors.
var checked = []core.Rule{
	rules.FieldsOnCorrectTypeRuleWithoutSuggestions,
	rules.FragmentsOnCompositeTypesRule,
	rules.KnownArgumentNamesRuleWithoutSuggestions,
	rules.KnownDirectivesRule,
	rules.KnownFragmentNamesRule,
	rules.KnownRootTypeRule,
	rules.KnownTypeNamesRuleWithoutSuggestions,
	rules.LoneAnonymousOperationRule,
	rules.MaxIntrospectionDepth,
	rules.NoFragmentCyclesRule,
	rules.NoUndefinedVariablesRule,
	rules.NoUnusedFragmentsRule,
	rules.NoUnusedVariablesRule,
	rules.PossibleFragmentSpreadsRule,
	rules.ProvidedRequiredArgumentsRule,
	rules.ScalarLeafsRuleWithoutSuggestions,
	rules.SingleFieldSubscriptionsRule,
	rules.UniqueArgumentNamesRule,
	rules.UniqueDirectivesPerLocationRule,
	rules.UniqueFragmentNamesRule,
	rules.UniqueInputFieldNamesRule,
	rules.UniqueOperationNamesRule,
	rules.UniqueVariableNamesRule,
	unconditionalSubscription,
	rules.ValuesOfCorrectTypeRuleWithoutSuggestions,
	rules.VariablesAreInputTypesRule,
	rules.VariablesInAllowedPositionRule,
}

// validate checks a measured document and links it with the schema. It tells the first errors of each rule.
func validate(schema *ast.Schema, query *ast.QueryDocument) gqlerror.List {
	var errors gqlerror.List
	observers := &core.Events{}
	for _, rule := range checked {
		told := 0
		rule.RuleFunc(observers, func(options ...core.ErrorOption) {
			if told++; told > mostErrors {
				return
			}
			err := &gqlerror.Error{Rule: rule.Name}
			for _, option := range options {
				option(err)
			}
			errors = append(errors, invalid(err))
		})
	}
	core.Walk(schema, query, observers)
	if len(errors) == 0 { // what is not well typed cannot be compared
		errors = overlaps(schema, query)
	}
	slices.SortStableFunc(errors, byPlace)
	return errors[:min(len(errors), mostErrors)]
}

// invalid is an error of validation as it is kept: it repeats no value, and no more than a part of the query.
func invalid(err *gqlerror.Error) *gqlerror.Error {
	err.Message = clipped(WithoutValues(err.Message))
	errcode.Set(err, errcode.ValidationFailed)
	return err
}

func clipped(message string) string {
	if len(message) <= longestMessage {
		return message
	}
	return strings.ToValidUTF8(message[:longestMessage], "") + "..."
}

func byPlace(a, b *gqlerror.Error) int {
	var first, second gqlerror.Location
	if len(a.Locations) > 0 {
		first = a.Locations[0]
	}
	if len(b.Locations) > 0 {
		second = b.Locations[0]
	}
	return cmp.Or(cmp.Compare(first.Line, second.Line), cmp.Compare(first.Column, second.Column))
}
