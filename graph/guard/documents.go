package guard

import (
	"crypto/sha256"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/99designs/gqlgen/graphql/errcode"
)

// The bounds of what is remembered of documents, so that nobody fills the memory with them.
const (
	keptDocuments = 1000
	keptNodes     = 200_000 // of all documents; a node takes some 300 bytes
	largestKept   = 10_000  // nodes; larger documents carry data and do not come again
	longestKept   = 64 << 10
	keptRefusals  = 1000 // by digest
)

// document is what is known of a query's text, for as long as it is remembered. It is not changed.
type document struct {
	refusal *gqlerror.Error // then there is nothing else
	query   *ast.QueryDocument
	plans   map[*ast.OperationDefinition]*plan
	nodes   int
}

// read looks at a text for the first time.
func read(text string, schema *ast.Schema, costs *costs, prepare func(*ast.QueryDocument)) *document {
	if refusal := scan(text); refusal != nil {
		return refused(refusal)
	}
	query, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, mostTokens)
	if err != nil {
		unread := &gqlerror.Error{Message: err.Error()}
		if parsing, ok := err.(*gqlerror.Error); ok { //nolint:errorlint // the parser wraps nothing
			unread = &gqlerror.Error{Message: clipped(WithoutValues(parsing.Message)), Locations: parsing.Locations}
		}
		errcode.Set(unread, errcode.ParseFailed)
		return &document{refusal: unread}
	}
	if len(query.Operations) == 0 {
		return &document{refusal: invalid(&gqlerror.Error{Message: "no operation provided"})}
	}
	nodes, refusal := measured(query)
	if refusal != nil {
		return &document{refusal: refusal}
	}
	if errors := validate(schema, query); len(errors) == 1 {
		return &document{refusal: errors[0]}
	} else if len(errors) > 0 {
		return refused(errors)
	}
	plans := make(map[*ast.OperationDefinition]*plan, len(query.Operations))
	for _, operation := range query.Operations {
		if plans[operation], refusal = planOf(operation, costs); refusal != nil {
			return &document{refusal: refusal}
		}
	}
	prepare(query)
	return &document{query: query, plans: plans, nodes: nodes}
}

func refused(err error) *document { return &document{refusal: gqlerror.Wrap(err)} }

// documents remembers what it has read.
type documents struct {
	read func(text string) *document

	lock     sync.Mutex
	valid    *simplelru.LRU[string, *document]
	nodes    int // of all in valid
	refusals *simplelru.LRU[[sha256.Size]byte, *document]
}

func newDocuments(read func(text string) *document) *documents {
	d := &documents{read: read}
	var err error
	if d.valid, err = simplelru.NewLRU(keptDocuments, func(_ string, gone *document) { d.nodes -= gone.nodes }); err != nil {
		panic(err) // the size is a constant
	}
	if d.refusals, err = simplelru.NewLRU[[sha256.Size]byte, *document](keptRefusals, nil); err != nil {
		panic(err)
	}
	return d
}

// get finds a document, or reads it. Two requests that bring the same new text at once may both read it.
func (d *documents) get(text string) *document {
	if len(text) <= longestKept {
		d.lock.Lock()
		known, ok := d.valid.Get(text)
		d.lock.Unlock()
		if ok {
			return known
		}
	}
	digest := sha256.Sum256([]byte(text))
	d.lock.Lock()
	known, ok := d.refusals.Get(digest)
	d.lock.Unlock()
	if ok {
		return known
	}
	read := d.read(text)
	d.lock.Lock()
	defer d.lock.Unlock()
	switch {
	case read.refusal != nil:
		d.refusals.Add(digest, read)
	case len(text) <= longestKept && read.nodes <= largestKept:
		d.keep(text, read)
	}
	return read
}

func (d *documents) keep(text string, read *document) {
	if d.valid.Contains(text) {
		return
	}
	d.nodes += read.nodes
	d.valid.Add(text, read)
	for d.nodes > keptNodes {
		d.valid.RemoveOldest()
	}
}
