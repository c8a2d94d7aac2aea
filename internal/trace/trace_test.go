package trace_test

import (
	"context"
	"errors"
	"testing"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/trace"
)

func TestWorkThatNobodyTracesCostsNoMemory(t *testing.T) { //nolint:paralleltest // counts what is allocated
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, 1)
	if trace.On(ctx) {
		t.Error("on")
	}
	failure := errors.New("it did not work")
	if n := testing.AllocsPerRun(100, func() {
		inside, span := trace.Start(ctx, "work")
		span.Name("other")
		span.Text("word", "x")
		span.Number("number", 1)
		span.Fail(fault.Internal)
		span.End(failure)
		if inside != ctx || span.Within(ctx) != ctx {
			t.Error("another context")
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkWorkThatNobodyTraces(b *testing.B) {
	ctx := b.Context()
	for range 12 { // as deep as the context of a request
		ctx = context.WithValue(ctx, new(int), 1)
	}
	for b.Loop() {
		_, span := trace.Start(ctx, "work")
		span.End(nil)
	}
}
