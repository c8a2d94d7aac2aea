package guard

import (
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/onecdp/onecdp/internal/fault"
)

// The bounds of a document.
const (
	deepest        = 24      // levels of fields
	mostExpanded   = 20_000  // fields of an operation, each fragment as often as it is spread
	mostRoots      = 60      // fields of Query or Mutation in an operation
	mostOperations = 50      // of a document
	mostFragments  = 300     // of a document
	mostVariables  = 250     // of an operation
	mostArguments  = 100     // of a field or directive
	mostDirectives = 20      // at one place
	mostSameKeys   = 200     // fields of one selection with one name in the answer
	mostSelected   = 2_000   // selections in one pair of braces
	deepestType    = 8       // lists inside one another in a variable's type
	mostVisits     = 200_000 // nodes that validation passes: each operation and fragment with all it reaches
)

// extent is how far a selection reaches, fragments included.
type extent struct {
	levels int
	fields float64 // may overflow an integer many times over
}

// fragment is what is known of a fragment.
type fragment struct {
	definition *ast.FragmentDefinition
	number     int
	measuring  bool
	measured   bool
	extent     extent
	size       int    // nodes of its own
	spreads    bitset // fragments that it reaches
}

// measure looks at each node of a document once. The document was parsed and is not validated: fragments may be missing, or spread
// themselves.
type measure struct {
	fragments map[string]*fragment
	size      int // nodes of the operation or fragment that is being measured
	spreads   bitset
	variables int            // that the operations define, at most
	keys      map[string]int // scratch of countKeys
	refusal   *gqlerror.Error
}

// measured refuses a document that is too large or spreads a fragment in itself. nodes is how large it is.
func measured(query *ast.QueryDocument) (nodes int, refusal *gqlerror.Error) {
	m := &measure{fragments: make(map[string]*fragment, len(query.Fragments)), keys: map[string]int{}}
	switch {
	case len(query.Operations) > mostOperations:
		m.refuse(query.Operations[mostOperations].Position, tooMuch("the document has more than %d operations", mostOperations))
	case len(query.Fragments) > mostFragments:
		m.refuse(query.Fragments[mostFragments].Position, tooMuch("the document has more than %d fragments", mostFragments))
	}
	if m.refusal != nil {
		return 0, m.refusal
	}
	for i, definition := range query.Fragments {
		if m.fragments[definition.Name] == nil { // a second one of this name is refused by validation
			m.fragments[definition.Name] = &fragment{definition: definition, number: i}
		}
	}
	for _, operation := range query.Operations {
		m.variables = max(m.variables, len(operation.VariableDefinitions))
	}
	visits := 0
	for _, definition := range query.Fragments {
		if f := m.fragments[definition.Name]; f.definition == definition {
			m.fragment(f)
			nodes += f.size
		}
	}
	for _, f := range m.fragments {
		visits += f.size + m.reached(f.spreads)
	}
	for _, operation := range query.Operations {
		m.size, m.spreads = 0, bitset{}
		m.operation(operation)
		nodes += m.size
		visits += m.size + m.reached(m.spreads)
	}
	if visits > mostVisits {
		m.refuse(query.Position, tooMuch("the document is too large: its operations and fragments reach %d nodes", visits))
	}
	return nodes, m.refusal
}

func (m *measure) refuse(at *ast.Position, err error) {
	if m.refusal != nil {
		return
	}
	m.refusal = gqlerror.Wrap(err)
	if at != nil {
		m.refusal.Locations = []gqlerror.Location{{Line: at.Line, Column: at.Column}}
	}
}

func (m *measure) reached(spreads bitset) int {
	size := 0
	for _, f := range m.fragments {
		if spreads.has(f.number) {
			size += f.size
		}
	}
	return size
}

func (m *measure) operation(operation *ast.OperationDefinition) {
	if len(operation.VariableDefinitions) > mostVariables {
		m.refuse(operation.Position, tooMuch("an operation has more than %d variables", mostVariables))
		return
	}
	for _, variable := range operation.VariableDefinitions {
		m.size++
		levels := 0
		for t := variable.Type; t != nil && t.Elem != nil; t = t.Elem {
			levels++
		}
		if levels > deepestType {
			m.refuse(variable.Position, fault.New(fault.TooDeep, "the type of a variable nests more than %d lists", deepestType))
		}
		if variable.DefaultValue != nil {
			m.value(variable.DefaultValue)
		}
		m.directives(variable.Directives, variable.Position)
	}
	m.directives(operation.Directives, operation.Position)
	total := m.selections(operation.SelectionSet)
	switch {
	case total.levels > deepest:
		m.refuse(operation.Position, fault.New(fault.TooDeep, "the query is %d levels deep; at most %d are answered", total.levels, deepest))
	case total.fields > mostExpanded:
		m.refuse(operation.Position, tooMuch("the query asks for more than %d fields, its fragments included", mostExpanded))
	}
}

func (m *measure) fragment(f *fragment) {
	if f.measured || f.measuring {
		return
	}
	size, spreads := m.size, m.spreads
	m.size, m.spreads = 0, bitset{}
	f.measuring = true
	m.directives(f.definition.Directives, f.definition.Position)
	f.extent = m.selections(f.definition.SelectionSet)
	f.measuring, f.measured = false, true
	f.size, f.spreads = m.size+1, m.spreads
	m.size, m.spreads = size, spreads
}

func (m *measure) selections(set ast.SelectionSet) extent {
	if len(set) > mostSelected {
		m.refuse(set[mostSelected].GetPosition(), tooMuch("more than %d fields are selected in one place", mostSelected))
	}
	m.countKeys(set)
	var total extent
	for _, selection := range set {
		m.size++
		var one extent
		switch selection := selection.(type) {
		case *ast.Field:
			m.arguments(selection.Arguments, selection.Position)
			m.directives(selection.Directives, selection.Position)
			one = m.selections(selection.SelectionSet)
			one = extent{one.levels + 1, one.fields + 1}
		case *ast.InlineFragment:
			m.directives(selection.Directives, selection.Position)
			one = m.selections(selection.SelectionSet)
		case *ast.FragmentSpread:
			m.directives(selection.Directives, selection.Position)
			one = m.spread(selection)
		}
		total.levels = max(total.levels, one.levels)
		total.fields += one.fields
	}
	return total
}

func (m *measure) spread(spread *ast.FragmentSpread) extent {
	f := m.fragments[spread.Name]
	switch {
	case f == nil:
		return extent{}
	case f.measuring:
		m.refuse(spread.Position, fault.New(fault.BadUserInput, "the fragment %s is spread within itself", clipped(spread.Name)))
		return extent{}
	}
	m.fragment(f)
	m.spreads.add(f.number)
	m.spreads.join(f.spreads)
	return f.extent
}

// countKeys refuses many fields of one name in the answer.
func (m *measure) countKeys(set ast.SelectionSet) {
	if len(set) <= mostSameKeys {
		return
	}
	clear(m.keys)
	for _, selection := range set {
		if field, ok := selection.(*ast.Field); ok {
			if m.keys[field.Alias]++; m.keys[field.Alias] > mostSameKeys {
				m.refuse(field.Position, tooMuch("one field is selected more than %d times in one place", mostSameKeys))
				return
			}
		}
	}
}

func (m *measure) directives(directives ast.DirectiveList, at *ast.Position) {
	if len(directives) > mostDirectives {
		m.refuse(at, tooMuch("more than %d directives in one place", mostDirectives))
		return
	}
	for _, directive := range directives {
		m.size++
		m.arguments(directive.Arguments, at)
	}
}

func (m *measure) arguments(arguments ast.ArgumentList, at *ast.Position) {
	if len(arguments) > mostArguments {
		m.refuse(at, tooMuch("more than %d arguments in one place", mostArguments))
		return
	}
	for _, argument := range arguments {
		m.value(argument.Value)
	}
}

// value counts a literal. A variable is looked for among all that the operation defines.
func (m *measure) value(value *ast.Value) {
	m.size++
	if value.Kind == ast.Variable {
		m.size += m.variables / 16
	}
	for _, child := range value.Children {
		m.value(child.Value)
	}
}

// bitset is a set of fragments, by number.
type bitset [(mostFragments + 63) / 64]uint64

func (b *bitset) add(n int) { b[n/64] |= 1 << (n % 64) }

func (b *bitset) has(n int) bool { return b[n/64]&(1<<(n%64)) != 0 }

func (b *bitset) join(other bitset) {
	for i, word := range other {
		b[i] |= word
	}
}
