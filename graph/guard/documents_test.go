package guard

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

func TestADocumentIsReadOnce(t *testing.T) {
	t.Parallel()
	times := 0
	d := newDocuments(func(text string) *document {
		times++
		return reading(text)
	})
	long := `{ customer(id: "` + strings.Repeat("x", longestText) + `") { id } }`
	for range 3 {
		for _, text := range []string{`{ customers { totalCount } }`, `{ nothing }`, `{ nothing`, long} {
			if a, b := d.get(text), d.get(text); a != b {
				t.Errorf("%.30s is read again", text)
			}
		}
	}
	if times != 4 {
		t.Errorf("4 documents were read %d times", times)
	}
}

func TestLargeDocumentsAreNotRemembered(t *testing.T) {
	t.Parallel()
	d := newDocuments(reading)
	d.get(`mutation { ingest(records: [` + strings.Repeat(`{identities: [{type: "a", value: "b"}]} `, 5000) + `]) { accepted } }`)
	if d.nodes != 0 || d.valid.Len() != 0 {
		t.Errorf("%d nodes", d.nodes)
	}
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	t.Parallel()
	d := newDocuments(func(text string) *document { return &document{query: &ast.QueryDocument{}, nodes: len(text)} })
	for i := range 3000 {
		d.get(fmt.Sprint(i, strings.Repeat(" ", i%largestKept)))
	}
	sum := 0
	for _, kept := range d.valid.Values() {
		sum += kept.nodes
	}
	if d.nodes > keptNodes || d.nodes != sum || d.valid.Len() > keptDocuments || d.valid.Len() < 50 {
		t.Errorf("%d documents of %d nodes, counted as %d", d.valid.Len(), sum, d.nodes)
	}
	for i := range 3000 {
		d.get(fmt.Sprint(i))
	}
	if d.valid.Len() != keptDocuments {
		t.Errorf("%d documents", d.valid.Len())
	}
}

func TestHostileDocumentsAreRefusedForWhatTheyAre(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{ customers { totalCount } }`:                                                                  "",
		strings.Repeat(" ", longestText+1):                                                              "COST_LIMIT_EXCEEDED",
		"{" + strings.Repeat(" a", mostStructure) + "}":                                                 "COST_LIMIT_EXCEEDED",
		"{ a(b: [" + strings.Repeat("1 ", mostTokens) + "]) }":                                          "COST_LIMIT_EXCEEDED",
		"{ " + strings.Repeat("a", longestName+1) + " }":                                                "BAD_USER_INPUT",
		"{ a(b: " + strings.Repeat("1", longestName+1) + ") }":                                          "BAD_USER_INPUT",
		"{ a(b: 1." + strings.Repeat("1", longestName) + ") }":                                          "BAD_USER_INPUT",
		strings.Repeat("{ a ", deepestBraces+1):                                                         "TOO_DEEP",
		"{ a(b: " + strings.Repeat("[", deepestLiterals+1):                                              "TOO_DEEP",
		strings.Repeat("{ a ", 30) + strings.Repeat("}", 30):                                            "TOO_DEEP",
		`{ a(b: "` + strings.Repeat("[{", 500) + `", c: """` + strings.Repeat("{", 500) + `\""" """) }`: "INVALID",
		"fragment a on Query { ...a } { ...a }":                                                         "BAD_USER_INPUT",
		"fragment a on Query { ...b } fragment b on Query { ...a } { ...c }":                            "BAD_USER_INPUT",
		"{ ...a }":              "INVALID",
		"{ customers":           "INVALID",
		"":                      "INVALID",
		"#":                     "INVALID",
		"fragment a on A { a }": "INVALID",
		"query ($a: [[[[[[[[[Int]]]]]]]]]) { customers(first: $a) { totalCount } }": "TOO_DEEP",
		"{ customers { totalCount @defer } }":                                       "INVALID",
		"{ ... @defer { customers { totalCount } } }":                               "INVALID",
	} {
		if got := codeOf(read(text, withoutDefer(api), apiCosts, func(*ast.QueryDocument) {})); got != want {
			t.Errorf("%.60s: %q, want %q", text, got, want)
		}
	}
}
