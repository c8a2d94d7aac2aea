package guard

import (
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
)

// unconditionalSubscription refuses skip and include where a subscription selects its field, as the specification does (Single Root
// Field): without the field nothing could be told.
var unconditionalSubscription = core.Rule{
	Name: "UnconditionalSubscription",
	RuleFunc: func(observers *core.Events, addError core.AddErrFunc) {
		observers.OnOperation(func(walker *core.Walker, operation *ast.OperationDefinition) {
			if operation.Operation != ast.Subscription {
				return
			}
			seen := map[string]bool{}
			var walk func(set ast.SelectionSet)
			walk = func(set ast.SelectionSet) {
				for _, selection := range set {
					var directives ast.DirectiveList
					switch selection := selection.(type) {
					case *ast.Field:
						directives = selection.Directives
					case *ast.InlineFragment:
						directives = selection.Directives
						walk(selection.SelectionSet)
					case *ast.FragmentSpread:
						directives = selection.Directives
						if fragment := walker.Document.Fragments.ForName(selection.Name); fragment != nil && !seen[selection.Name] {
							seen[selection.Name] = true
							walk(fragment.SelectionSet)
						}
					}
					for _, directive := range directives {
						if directive.Name == "skip" || directive.Name == "include" {
							addError(core.Message("@%s must not be used at the root of a subscription.", directive.Name), core.At(directive.Position))
						}
					}
				}
			}
			walk(operation.SelectionSet)
		})
	},
}
