package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/onecdp/onecdp/graph/guard"
	"github.com/onecdp/onecdp/graph/model"
	"github.com/onecdp/onecdp/graph/transport"
	"github.com/onecdp/onecdp/internal/fault"
)

// The bounds of what is repeated of a query, in bytes.
const (
	longestMessage = 300 // of one that cannot be read
	longestStep    = 100 // of a name in a path
)

// presenter turns errors into GraphQL's. It is the one place that knows extensions.code and extensions.inputPath.
//
// Faults are shown with all they have, several of them as several errors. What gqlparser refuses is BAD_USER_INPUT. Everything else
// is ours: it is logged, and the caller sees INTERNAL and the request's id to ask us about.
type presenter struct{ log *slog.Logger }

func (p presenter) present(ctx context.Context, err error) *gqlerror.Error {
	path := graphql.GetPath(ctx)
	var (
		outer     *gqlerror.Error
		input     ast.Path
		locations []gqlerror.Location
	)
	if errors.As(err, &outer) {
		if outer.Rule == presented {
			return outer
		}
		if several, ok := outer.Err.(gqlerror.List); ok { //nolint:errorlint // guard's way to refuse a query with more than one error
			for _, earlier := range several[:len(several)-1] {
				graphql.AddError(ctx, earlier)
			}
			return p.present(ctx, several[len(several)-1])
		}
		path, input = split(outer.Path, path)
		locations = outer.Locations
	}
	if field := graphql.GetFieldContext(ctx); locations == nil && field != nil && field.Field.Field != nil && field.Field.Position != nil {
		locations = []gqlerror.Location{{Line: field.Field.Position.Line, Column: field.Field.Position.Column}}
	}
	faults := fault.All(err)
	if len(faults) == 0 {
		faults = []*fault.Error{p.other(ctx, err, outer)}
	}
	for _, earlier := range faults[:len(faults)-1] {
		graphql.AddError(ctx, shown(earlier, path, input, locations))
	}
	return shown(faults[len(faults)-1], path, input, locations)
}

// presented marks, as the rule that was broken, errors that need no more work.
const presented = "presented"

// other makes a fault of an error that is none.
func (p presenter) other(ctx context.Context, err error, outer *gqlerror.Error) *fault.Error {
	if outer != nil && outer.Err == nil {
		switch outer.Extensions["code"] {
		case errcode.ValidationFailed, errcode.ParseFailed:
			return fault.New(fault.BadUserInput, "%s", clipped(guard.WithoutValues(outer.Message)))
		case string(fault.PersistedQueryGone):
			return fault.New(fault.PersistedQueryGone, "%s", outer.Message)
		}
	}
	return p.internal(ctx, err)
}

// clipped bounds a message that repeats parts of the query.
func clipped(message string) string {
	if len(message) <= longestMessage {
		return message
	}
	return strings.ToValidUTF8(message[:longestMessage], "") + "..."
}

// clippedStep bounds a name in a path, which is the caller's.
func clippedStep(name string) string {
	if len(name) <= longestStep {
		return name
	}
	return strings.ToValidUTF8(name[:longestStep], "") + "..."
}

func clippedPath(path ast.Path) ast.Path {
	clipped := slices.Clone(path)
	for i, step := range clipped {
		if name, isName := step.(ast.PathName); isName {
			clipped[i] = ast.PathName(clippedStep(string(name)))
		}
	}
	return clipped
}

// split takes the path of a field apart from the path into its arguments, which gqlgen writes one after the other.
func split(whole, field ast.Path) (response, input ast.Path) {
	if len(whole) > 0 && whole[0] == ast.PathName("variable") && len(field) == 0 { // gqlparser's, of variables
		return nil, whole[1:]
	}
	if len(whole) > len(field) && len(field) > 0 && slices.Equal(whole[:len(field)], field) {
		return field, whole[len(field):]
	}
	return whole, nil
}

// shown is a fault as GraphQL shows it.
func shown(f *fault.Error, path, input ast.Path, locations []gqlerror.Location) *gqlerror.Error {
	extensions := map[string]any{"code": string(f.Code)}
	place := make([]any, 0, len(input)+len(f.Path))
	for _, step := range input {
		switch step := step.(type) {
		case ast.PathName:
			place = append(place, clippedStep(string(step)))
		case ast.PathIndex:
			place = append(place, int(step))
		}
	}
	for _, step := range f.Path {
		if name, isName := step.(string); isName {
			step = clippedStep(name)
		}
		place = append(place, step)
	}
	if len(place) > 0 {
		extensions["inputPath"] = place
	}
	if f.Hint != "" {
		extensions["hint"] = f.Hint
	}
	if f.RetryAfter > 0 {
		extensions["retryAfter"] = int(math.Ceil(f.RetryAfter.Seconds()))
	}
	return &gqlerror.Error{Message: clipped(f.Message), Path: clippedPath(path), Locations: locations, Extensions: extensions, Rule: presented}
}

// internal logs an error that is ours, without what may hold personal data, and returns what the caller sees.
func (p presenter) internal(ctx context.Context, err error) *fault.Error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fault.New(fault.CostLimitExceeded, "this took too long").WithHint("ask for less at once")
	case errors.Is(err, context.Canceled):
		return fault.New(fault.Internal, "the request was given up")
	}
	id := transport.RequestID(ctx)
	if !errors.Is(err, errPanic) { // that is in the log already
		p.log.ErrorContext(ctx, "internal error", "request", id, "field", graphql.GetPath(ctx).String(), "error", err)
	}
	return fault.New(fault.Internal, "internal error").WithHint("the log has the cause under the request id %s", id)
}

var errPanic = errors.New("panic")

// recovered turns a panic into an error. Its value is not logged: it may hold what the caller sent.
func (p presenter) recovered(ctx context.Context, cause any) error {
	p.log.ErrorContext(ctx, "panic", "request", transport.RequestID(ctx), "kind", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
	return errPanic
}

// userErrors shows the faults of a mutation in its payload. What is no fault stays an error.
func userErrors(err error) ([]*model.UserError, error) {
	faults := fault.All(err)
	if err != nil && len(faults) == 0 {
		return nil, err
	}
	shown := make([]*model.UserError, len(faults))
	for i, f := range faults {
		shown[i] = userError(f)
	}
	return shown, nil
}

// below puts the faults of a value that was given in an argument at their place below it. What is no fault stays as it is.
func below(argument string, err error) error {
	faults := fault.All(err)
	if len(faults) == 0 {
		return err
	}
	placed := make([]error, len(faults))
	for i, f := range faults {
		placed[i] = f.Under(fault.Path{argument})
	}
	return errors.Join(placed...)
}

func userError(f *fault.Error) *model.UserError {
	if f == nil {
		return nil
	}
	message := f.Message
	if f.Hint != "" {
		message += " (" + f.Hint + ")"
	}
	shown := &model.UserError{Code: string(f.Code), Message: message}
	if len(f.Path) > 0 {
		shown.Field = f.Path.Strings()
	}
	return shown
}
