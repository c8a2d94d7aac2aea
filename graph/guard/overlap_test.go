package guard

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"
	"pgregory.net/rapid"
)

var animals = gqlparser.MustLoadSchema(&ast.Source{Input: `
	type Query { animal: Animal cat: Cat dog: Dog any: Any cats: [Cat!]! dogs: [Dog] }
	interface Animal { name(long: Boolean, tags: [Tag]): String friend: Animal friends: [Animal!] age: Int }
	type Cat implements Animal { name(long: Boolean, tags: [Tag]): String friend: Animal friends: [Animal!] age: Int lives: Int! meow: String home: Home other: Cat }
	type Dog implements Animal { name(long: Boolean, tags: [Tag]): String friend: Animal friends: [Animal!] age: Int lives: String bark: String home: Home! other: Dog }
	type Home { name: String! owner: Animal cat: Cat dog: Dog }
	union Any = Cat | Dog | Home
	input Tag { key: String value: Int }
`})

// theirs is whether gqlparser's own rule refuses a document.
func theirs(t interface{ Fatal(args ...any) }, text string) (refused bool) {
	query, err := parser.ParseQuery(&ast.Source{Input: text})
	if err != nil {
		t.Fatal(text, err)
	}
	observers := &core.Events{}
	rules.OverlappingFieldsCanBeMergedRule.RuleFunc(observers, func(...core.ErrorOption) { refused = true })
	core.Walk(animals, query, observers)
	return refused
}

// ours is whether ours does.
func ours(t interface{ Fatal(args ...any) }, text string) bool {
	query, err := parser.ParseQuery(&ast.Source{Input: text})
	if err != nil {
		t.Fatal(text, err)
	}
	core.Walk(animals, query, &core.Events{})
	return len(overlaps(animals, query)) > 0
}

// writer draws valid queries whose fields often meet under one name.
type writer struct {
	*rapid.T
	fragments []string // type conditions, by number
}

func (w writer) number(n int) int { return rapid.IntRange(0, n-1).Draw(w.T, "n") }

func (w writer) selections(b *strings.Builder, on string, depth, fragment int) {
	definition := animals.Types[on]
	b.WriteString("{ ")
	for range 1 + w.number(4) {
		switch kind := w.number(6); {
		case kind == 0:
			if types := possible(on); len(types) > 0 {
				fmt.Fprintf(b, "... on %s ", types[w.number(len(types))])
			} else {
				b.WriteString("... ")
			}
			on := on
			if text := strings.Fields(b.String()); text[len(text)-2] == "on" {
				on = text[len(text)-1]
			}
			if depth > 0 {
				w.selections(b, on, depth-1, fragment)
			} else {
				b.WriteString("{ __typename }")
			}
		case kind == 1 && fragment < len(w.fragments):
			for n := fragment + w.number(len(w.fragments)-fragment); n < len(w.fragments); n++ {
				if meets(on, w.fragments[n]) {
					fmt.Fprintf(b, "...f%d", n)
					break
				}
			}
			b.WriteString(" __typename")
		default:
			w.field(b, definition, depth, fragment)
		}
		b.WriteByte(' ')
	}
	b.WriteString("}")
}

func (w writer) field(b *strings.Builder, definition *ast.Definition, depth, fragment int) {
	var fields []*ast.FieldDefinition
	for _, field := range definition.Fields {
		if !strings.HasPrefix(field.Name, "__") && (depth > 0 || animals.Types[field.Type.Name()].IsLeafType()) {
			fields = append(fields, field)
		}
	}
	if len(fields) == 0 {
		b.WriteString([]string{"__typename", "a: __typename"}[w.number(2)])
		return
	}
	field := fields[w.number(len(fields))]
	b.WriteString([]string{"", "", "a: ", "name: ", "home: "}[w.number(5)] + field.Name)
	if len(field.Arguments) > 0 {
		b.WriteString([]string{"", "(long: true)", "(long: false)", `(tags: [{key: "a", value: 1}])`, `(tags: [{value: 1, key: "a"}])`, `(tags: {key: "a"})`}[w.number(6)])
	}
	if !animals.Types[field.Type.Name()].IsLeafType() {
		b.WriteByte(' ')
		w.selections(b, field.Type.Name(), depth-1, fragment)
	}
}

func possible(on string) []string {
	var names []string
	for _, name := range []string{"Animal", "Cat", "Dog", "Home", "Any"} {
		if meets(on, name) {
			names = append(names, name)
		}
	}
	return names
}

func meets(on, other string) bool {
	for _, a := range animals.GetPossibleTypes(animals.Types[on]) {
		for _, b := range animals.GetPossibleTypes(animals.Types[other]) {
			if a == b {
				return true
			}
		}
	}
	return false
}

func TestFieldsMergeAsInGqlparser(t *testing.T) {
	t.Parallel()
	refused, all := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := writer{T: t}
		for range w.number(4) {
			w.fragments = append(w.fragments, []string{"Animal", "Cat", "Dog", "Home"}[w.number(4)])
		}
		var b strings.Builder
		w.selections(&b, "Query", 3, 0)
		for n, on := range w.fragments {
			fmt.Fprintf(&b, "\nfragment f%d on %s ", n, on)
			w.selections(&b, on, 2, n+1)
		}
		text := spreadAll(b.String(), w.fragments)
		want := theirs(t, text)
		if got := ours(t, text); got != want {
			t.Fatalf("we refuse %v, gqlparser %v:\n%s", got, want, text)
		}
		if all++; want {
			refused++
		}
	})
	if refused < all/20 || refused > all*19/20 {
		t.Errorf("%d of %d queries are refused: that compares little", refused, all)
	}
}

// spreadAll uses each fragment in an operation: gqlparser looks into those that are not used only a little.
func spreadAll(text string, fragments []string) string {
	var b strings.Builder
	for n, on := range fragments {
		if on == "Home" {
			fmt.Fprintf(&b, " u%d: cat { home { ...f%d } }", n, n)
		} else {
			fmt.Fprintf(&b, " u%d: animal { ...f%d }", n, n)
		}
	}
	return "{" + b.String() + text[1:]
}

func TestConflictsAreSaidAsGqlparserSaysThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{ animal { name name: age } }`:                                `Fields "name" conflict because "name" and "age" are different fields. Use different aliases on the fields to fetch both if this was intentional.`,
		`{ animal { name name(long: true) } }`:                         `Fields "name" conflict because they have differing arguments. Use different aliases on the fields to fetch both if this was intentional.`,
		`{ animal { ... on Cat { x: lives } ... on Dog { x: lives }}}`: `Fields "x" conflict because they return conflicting types "Int!" and "String". Use different aliases on the fields to fetch both if this was intentional.`,
	} {
		query, err := parser.ParseQuery(&ast.Source{Input: text})
		if err != nil {
			t.Fatal(err)
		}
		errors := validate(animals, query)
		if len(errors) != 1 || errors[0].Message != want || errors[0].Locations[0].Column < 14 {
			t.Errorf("%s: %v", text, errors)
		}
	}
}

func TestManyFieldsOfOneNameAreComparedInNoTime(t *testing.T) {
	t.Parallel()
	level := "name"
	for range 6 {
		level = strings.Repeat("friend { "+level+" } ", 6)
	}
	text := "{ animal { " + level + " } }"
	query, err := parser.ParseQuery(&ast.Source{Input: text})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	core.Walk(animals, query, &core.Events{})
	if errors := overlaps(animals, query); len(errors) > 0 {
		t.Error(errors)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("%d bytes took %v", len(text), took)
	}
}
