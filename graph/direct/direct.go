// Package direct writes the answers of queries straight into bytes.
//
// gqlgen's generated code resolves each field by itself: it makes a context for it, starts a goroutine for what may wait and for each
// element of a list, and keeps what it found until everything is there. That is some microseconds a field, and most fields of an
// answer are a column that was read long ago. The code in graph/generated/direct.generated.go walks a selection instead, from the top
// to the bottom, calls the same resolvers with the same arguments under the same directives, and appends.
//
// It answers what went well and nothing else: whatever it cannot do (introspection), and every error, panic and null in a place where
// none may be, makes it give up, and the query is answered by gqlgen's code from the beginning, which knows how to present them.
// Queries change nothing, so that asking twice is safe. A test compares the bytes of both.
package direct

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/onecdp/onecdp/graph/guard"
	"github.com/onecdp/onecdp/graph/scalar"
)

// The reasons to give up.
var (
	ErrNotPlain = errors.New("direct: a field that only the generated code answers")
	ErrNull     = errors.New("direct: null where none may be")
	ErrTooLong  = errors.New("direct: the answer is too long") // nobody has to answer this
	errPanic    = errors.New("direct: a panic")
)

// Field is a field that a selection asks of an object of one type. It is shared by requests, and nobody changes it.
type Field struct {
	// Number tells the field among those of its type, as the generated code counts them.
	Number int
	// Args are the arguments, read.
	Args map[string]any
	// Below is what is asked of the value.
	Below *Selection
	// Collected is the field as gqlgen knows it.
	Collected graphql.CollectedField

	key    []byte  // the comma before it, the key and the colon
	points float64 // what it costs each time
	asks   bool    // its arguments have variables: Args and points are those of one request
}

// Selection is what is asked of a value. Its fields are found when the first object of a type is met, and kept: for the next object,
// and, where they do not depend on variables, for the next request with this document.
type Selection struct {
	set   ast.SelectionSet
	lock  sync.Mutex
	plans atomic.Pointer[[]plan] // nearly always one: only an interface has several
}

type plan struct {
	objectType int
	fields     []Field
}

// Writer writes a part of an answer. It belongs to one goroutine.
type Writer struct {
	// Bytes is what has been written.
	Bytes []byte
	// Points is what the fields that were written cost.
	Points float64

	most      int // bytes
	operation *graphql.OperationContext
	own       map[*Field]*Field // fields with the arguments of this request, by those that are shared
}

// Binder completes a field of one type: its number and its arguments. It fails with ErrNotPlain when the field cannot be written.
type Binder func(ctx context.Context, field *Field) error

// Fields are the fields that a selection asks of an object. satisfies names its type and the interfaces of it.
func (w *Writer) Fields(ctx context.Context, s *Selection, objectType int, satisfies []string, bind Binder) ([]Field, error) {
	if fields, known := s.known(objectType); known {
		return fields, nil
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	if fields, known := s.known(objectType); known {
		return fields, nil
	}
	collected := graphql.CollectFields(w.operation, s.set, satisfies)
	fields := make([]Field, len(collected))
	for i := range collected {
		field := &fields[i]
		if len(collected[i].Deferrables) > 0 {
			return nil, ErrNotPlain
		}
		field.Collected, field.Below = collected[i], &Selection{set: collected[i].Selections}
		field.points, field.asks = guard.Weight(w.operation, collected[i].Field), asks(collected[i].Arguments)
		if i > 0 {
			field.key = append(field.key, ',')
		}
		field.key = append(scalar.AppendString(field.key, collected[i].Alias), ':')
		if err := bind(ctx, field); err != nil {
			return nil, err
		}
	}
	var plans []plan
	if kept := s.plans.Load(); kept != nil {
		plans = *kept
	}
	plans = append(plans[:len(plans):len(plans)], plan{objectType, fields})
	s.plans.Store(&plans)
	return fields, nil
}

func (s *Selection) known(objectType int) ([]Field, bool) {
	if plans := s.plans.Load(); plans != nil {
		for i := range *plans {
			if (*plans)[i].objectType == objectType {
				return (*plans)[i].fields, true
			}
		}
	}
	return nil, false
}

// asks says that arguments have variables.
func asks(arguments ast.ArgumentList) bool {
	for _, argument := range arguments {
		if hasVariable(argument.Value) {
			return true
		}
	}
	return false
}

func hasVariable(value *ast.Value) bool {
	if value.Kind == ast.Variable {
		return true
	}
	for _, child := range value.Children {
		if hasVariable(child.Value) {
			return true
		}
	}
	return false
}

// Begin begins a field: it writes the key, and returns the field with the arguments of this request.
func (w *Writer) Begin(ctx context.Context, field *Field, bind Binder) (*Field, error) {
	w.Bytes = append(w.Bytes, field.key...)
	if len(w.Bytes) > w.most {
		return nil, ErrTooLong
	}
	if field.asks {
		own, err := w.ownOf(ctx, field, bind)
		if err != nil {
			return nil, err
		}
		field = own
	}
	w.Points += field.points
	return field, nil
}

func (w *Writer) ownOf(ctx context.Context, field *Field, bind Binder) (*Field, error) {
	if own := w.own[field]; own != nil {
		return own, nil
	}
	own := *field
	own.points = guard.Weight(w.operation, field.Collected.Field)
	if err := bind(ctx, &own); err != nil {
		return nil, err
	}
	if w.own == nil {
		w.own = map[*Field]*Field{}
	}
	w.own[field] = &own
	return &own, nil
}

// Open begins an object.
func (w *Writer) Open() { w.Bytes = append(w.Bytes, '{') }

// Close ends an object.
func (w *Writer) Close() { w.Bytes = append(w.Bytes, '}') }

// Text writes a text of the schema, which needs no escapes.
func (w *Writer) Text(text string) {
	w.Bytes = append(append(append(w.Bytes, '"'), text...), '"')
}

// Null writes null.
func (w *Writer) Null() { w.Bytes = append(w.Bytes, "null"...) }

// Write implements io.Writer, for values that write themselves.
func (w *Writer) Write(text []byte) (int, error) {
	w.Bytes = append(w.Bytes, text...)
	return len(text), nil
}

// Arg is an argument of a field.
func Arg[T any](field *Field, name string) T {
	return field.Args[name].(T) // another type is a fault of the generator: the panic makes us give up
}

// Guarded resolves a field under a directive. What the directive does to the context holds for everything below the field.
func Guarded[T any](
	ctx context.Context, field *Field, object string,
	directive func(ctx context.Context, next graphql.Resolver) (any, error), resolve func(ctx context.Context) (T, error),
) (context.Context, T, error) {
	below := ctx
	found, err := directive(graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: object, Field: field.Collected, Args: field.Args}),
		func(ctx context.Context) (any, error) {
			below = ctx
			return resolve(ctx)
		})
	value, _ := found.(T)
	return below, value, err
}

// Root writes the value of one field of the root.
type Root func(ctx context.Context, w *Writer, field *Field) error

// Query answers a query: the root's fields side by side, each written in one go. It returns the answer's data and what its
// fields cost. An error says only that somebody else has to answer.
func Query(ctx context.Context, objectType int, satisfies []string, bind Binder, root Root) (data []byte, points float64, err error) {
	operation := graphql.GetOperationContext(ctx)
	space := spaces.Get().(*[]byte)
	first := &Writer{operation: operation, most: longest, Bytes: (*space)[:0]}
	defer func() { // an answer grows where others have grown before, and is copied once
		if cap(first.Bytes) <= mostSpace {
			*space = first.Bytes
			spaces.Put(space)
		}
	}()
	fields, err := first.fieldsOfRoot(ctx, selectionOf(operation), objectType, satisfies, bind)
	if err != nil {
		return nil, 0, err
	}
	first.Open()
	if len(fields) == 1 {
		if err := write(ctx, first, root, bind, &fields[0]); err != nil {
			return nil, 0, err
		}
		first.Close()
		return first.whole(), first.Points, nil
	}
	var (
		parts   = make([]Writer, len(fields))
		errs    = make([]error, len(fields))
		writing sync.WaitGroup
	)
	for i := range fields {
		parts[i].operation, parts[i].most = operation, 2*longest/len(fields)
		writing.Go(func() { errs[i] = write(ctx, &parts[i], root, bind, &fields[i]) })
	}
	writing.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, 0, err
	}
	for i := range fields {
		first.Bytes = append(first.Bytes, parts[i].Bytes...)
		first.Points += parts[i].Points
	}
	first.Close()
	return first.whole(), first.Points, nil
}

// longest is how long an answer may be, in bytes; of several fields of the root each may have twice its share. A page of a hundred customers
// with a hundred events each has some four million.
const longest = 32 << 20

// whole is what was written. Short answers leave their space to the next.
func (w *Writer) whole() []byte {
	if cap(w.Bytes) > mostSpace {
		return w.Bytes
	}
	return bytes.Clone(w.Bytes)
}

// mostSpace bounds the memory that is kept for writing one answer, in bytes.
const mostSpace = 1 << 20

var spaces = sync.Pool{New: func() any { return new(make([]byte, 0, 8<<10)) }}

// fieldsOfRoot guards against a panic of a reader of arguments, which gqlgen's code guards against too.
func (w *Writer) fieldsOfRoot(ctx context.Context, s *Selection, objectType int, satisfies []string, bind Binder) (fields []Field, err error) {
	defer recovered(&err)
	return w.Fields(ctx, s, objectType, satisfies, bind)
}

func write(ctx context.Context, w *Writer, root Root, bind Binder, field *Field) (err error) {
	defer recovered(&err)
	field, err = w.Begin(ctx, field, bind)
	if err != nil {
		return err
	}
	return root(ctx, w, field)
}

// recovered makes an error of a panic: the generated code meets it again, and reports it.
func recovered(err *error) {
	if cause := recover(); cause != nil {
		*err = fmt.Errorf("%w (%T)", errPanic, cause)
	}
}
