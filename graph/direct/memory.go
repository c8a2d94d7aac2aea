package direct

import (
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/onecdp/onecdp/graph/guard"
)

// The bounds of what is kept with a document. A field that is kept takes some 400 bytes. Fragments can make thousands of fields of few
// words, and documents are remembered by their words: so what is kept is bounded by these, too.
const (
	mostKept    = 2000 // fields of an operation
	mostPerWord = 3    // fields of all operations, for each field that is written in the document
)

// memory is what is kept of an operation.
type memory struct {
	root *Selection // nil: nothing
}

// selectionOf is what an operation selects, as it was kept, or anew.
func selectionOf(operation *graphql.OperationContext) *Selection {
	kept := guard.Remembered(operation, func() *memory {
		if alwaysTheSame(operation.Doc) && worthKeeping(operation.Doc, operation.Operation) {
			return &memory{&Selection{set: operation.Operation.SelectionSet}}
		}
		return &memory{}
	})
	if kept.root == nil {
		return &Selection{set: operation.Operation.SelectionSet}
	}
	return kept.root
}

// worthKeeping says that an operation asks for few fields, measured by what the document says.
func worthKeeping(document *ast.QueryDocument, operation *ast.OperationDefinition) bool {
	written := 0
	for _, one := range document.Operations {
		written += fields(one.SelectionSet, false, mostKept)
	}
	for _, one := range document.Fragments {
		written += fields(one.SelectionSet, false, mostKept)
	}
	most := min(mostKept, mostPerWord*written/len(document.Operations))
	return fields(operation.SelectionSet, true, most) <= most
}

// fields counts the fields that are selected, those of fragments too where they are spread; beyond most it need not go on.
func fields(set ast.SelectionSet, spread bool, most int) int {
	count := 0
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			count += 1 + fields(selection.SelectionSet, spread, most-count-1)
		case *ast.InlineFragment:
			count += fields(selection.SelectionSet, spread, most-count)
		case *ast.FragmentSpread:
			if spread {
				count += fields(selection.Definition.SelectionSet, spread, most-count)
			}
		}
		if count > most {
			break
		}
	}
	return count
}

// alwaysTheSame says that no directive of a document decides which fields are asked for.
func alwaysTheSame(document *ast.QueryDocument) bool {
	return !slices.ContainsFunc(document.Operations, func(one *ast.OperationDefinition) bool { return decides(one.SelectionSet) }) &&
		!slices.ContainsFunc(document.Fragments, func(one *ast.FragmentDefinition) bool { return decides(one.SelectionSet) })
}

func decides(selections ast.SelectionSet) bool {
	return slices.ContainsFunc(selections, func(selection ast.Selection) bool {
		switch selection := selection.(type) {
		case *ast.Field:
			return len(selection.Directives) > 0 || decides(selection.SelectionSet)
		case *ast.InlineFragment:
			return len(selection.Directives) > 0 || decides(selection.SelectionSet)
		case *ast.FragmentSpread:
			return len(selection.Directives) > 0
		}
		return false
	})
}
