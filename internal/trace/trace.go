// Package trace makes the spans below a request that somebody traces. Whether one does is in the context: without a span there
// nothing is made, and asking costs a look into the context.
//
// A span says what kind of work was done and how it ended: never a value, a text of a client, or the message of an error.
package trace

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/onecdp/onecdp/internal/fault"
)

// Scope names this program's spans among those of others.
const Scope = "github.com/onecdp/onecdp"

// Span is a piece of work. The zero value is of work that nobody traces; its methods do nothing.
type Span struct{ span trace.Span }

// On says that the context's work is traced.
func On(ctx context.Context) bool { return trace.SpanFromContext(ctx).IsRecording() }

// Start begins a piece of work, a part of the context's. Work that nobody traces gets its context back and the zero Span.
func Start(ctx context.Context, name string) (context.Context, Span) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, Span{}
	}
	ctx, span := parent.TracerProvider().Tracer(Scope).Start(ctx, name)
	return ctx, Span{span}
}

// Within returns a context in which work is a part of the span's.
func (s Span) Within(ctx context.Context) context.Context {
	if s.span == nil {
		return ctx
	}
	return trace.ContextWithSpan(ctx, s.span)
}

// Text notes a word of ours about the work.
func (s Span) Text(name, word string) {
	if s.span != nil {
		s.span.SetAttributes(attribute.String(name, word))
	}
}

// Number notes a number about the work.
func (s Span) Number(name string, n int) {
	if s.span != nil {
		s.span.SetAttributes(attribute.Int(name, n))
	}
}

// Name gives the work another name than it began with.
func (s Span) Name(name string) {
	if s.span != nil {
		s.span.SetName(name)
	}
}

// Fail says that the work failed, by one of the codes that callers see.
func (s Span) Fail(code fault.Code) {
	if s.span != nil {
		s.span.SetAttributes(attribute.String("error.type", string(code)))
		s.span.SetStatus(codes.Error, "")
	}
}

// End ends the work; err is how: an error is told by its code alone.
func (s Span) End(err error) {
	if s.span == nil {
		return
	}
	if err != nil {
		code := fault.Internal
		var told *fault.Error
		if errors.As(err, &told) {
			code = told.Code
		}
		s.Fail(code)
	}
	s.span.End()
}
