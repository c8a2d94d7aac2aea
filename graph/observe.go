package graph

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/trace"
)

// Observer is told what became of requests, in words of the schema alone: nothing that a client chose.
//
// kind is query, mutation or subscription. field is the one root field, "several" or, where it is not known, "none".
// outcome is "ok", "canceled" or one of the codes that errors have, INTERNAL before all others.
type Observer interface {
	// Answered tells of a query or mutation that was executed.
	Answered(kind, field, outcome string, took time.Duration)
	// Refused tells of a request that was not executed. Where it could not be read, its kind is "none".
	Refused(kind, field, outcome string)
	// Subscribed tells that a subscription begins. It is over when ended is called.
	Subscribed(field string) (ended func())
	// Sent tells of an event that a subscription sent.
	Sent(field, outcome string)
}

// What an operation is called where its own words say nothing.
const (
	several = "several" // root fields
	none    = "none"    // that could be read
)

// observed tells an observer of all answers, and makes the span of an operation where the request is traced. It is the same
// whichever way an operation is executed.
type observed struct{ by Observer }

// ExtensionName implements graphql.HandlerExtension.
func (observed) ExtensionName() string { return "Observed" }

// Validate implements graphql.HandlerExtension.
func (observed) Validate(graphql.ExecutableSchema) error { return nil }

// dispatchedKey marks the context of an operation that is executed: its answer is told of by InterceptOperation.
type dispatchedKey struct{}

// InterceptOperation implements graphql.OperationInterceptor.
func (o observed) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	operation := graphql.GetOperationContext(ctx)
	kind, field := described(operation)
	ctx = context.WithValue(ctx, dispatchedKey{}, true)
	if operation.Operation.Operation == ast.Subscription {
		context.AfterFunc(ctx, o.by.Subscribed(field))
		responses := next(ctx)
		return func(ctx context.Context) *graphql.Response {
			response := responses(ctx)
			if response != nil {
				o.by.Sent(field, outcome(response.Errors))
			}
			return response
		}
	}
	began := operation.Stats.OperationStart
	ctx, span := trace.Start(ctx, "graphql")
	responses := next(ctx)
	told := false
	return func(ctx context.Context) *graphql.Response {
		response := responses(ctx)
		if told { // a transport asks until there is nothing more
			return response
		}
		told = true
		result := "canceled"
		if response != nil {
			result = outcome(response.Errors)
		}
		trace.SayOutcome(ctx, result)
		o.by.Answered(kind, field, result, graphql.Now().Sub(began))
		span.Name(kind + " " + field)
		span.Text("graphql.operation.type", kind)
		span.Text("onecdp.field", field)
		span.Text("onecdp.outcome", result)
		if result == string(fault.Internal) {
			span.Fail(fault.Internal)
		}
		span.End(nil)
		return response
	}
}

// InterceptResponse implements graphql.ResponseInterceptor: of what was not executed, nothing else hears.
func (o observed) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	response := next(ctx)
	if response == nil || ctx.Value(dispatchedKey{}) != nil {
		return response
	}
	kind, field := none, none
	if graphql.HasOperationContext(ctx) {
		kind, field = described(graphql.GetOperationContext(ctx))
	}
	result := outcome(response.Errors)
	trace.SayOutcome(ctx, result)
	o.by.Refused(kind, field, result)
	return response
}

// described is an operation's kind and root field.
func described(operation *graphql.OperationContext) (kind, field string) {
	if operation == nil || operation.Operation == nil {
		return none, none
	}
	field = root(operation.Operation.SelectionSet)
	if field == "" {
		field = none
	}
	return string(operation.Operation.Operation), field
}

// root is the name, in the schema, of the only field selected; "several" when there are more, fragments looked through. It looks at two
// fields at most, so that it costs nothing whatever the query is like.
func root(set ast.SelectionSet) string {
	found := ""
	for _, selection := range set {
		one := ""
		switch selection := selection.(type) {
		case *ast.Field:
			one = "__typename"
			if selection.Definition != nil {
				one = selection.Definition.Name
			}
		case *ast.InlineFragment:
			one = root(selection.SelectionSet)
		case *ast.FragmentSpread:
			if selection.Definition != nil {
				one = root(selection.Definition.SelectionSet)
			}
		}
		switch {
		case found != "" && one != "", one == several:
			return several
		case one != "":
			found = one
		}
	}
	return found
}

// outcome is the code of an answer's errors, INTERNAL before all others: it is what an operator must look at.
func outcome(errors gqlerror.List) string {
	if len(errors) == 0 {
		return "ok"
	}
	first := ""
	for _, one := range errors {
		code, _ := one.Extensions["code"].(string)
		if first == "" {
			first = code
		}
		if code == string(fault.Internal) || code == "" {
			return string(fault.Internal)
		}
	}
	return first
}
