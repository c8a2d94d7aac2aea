// Package fault holds the errors that people outside may see.
//
// An error is a code, a message and a place. The message is written for the caller and never
// carries personal data, SQL or the text of another error; everything that is not a *Error is
// shown as INTERNAL by the edges.
package fault

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Code says what kind of error it is. The list is closed: clients branch on it.
type Code string

// The codes, as they appear in extensions.code and UserError.code.
const (
	Unauthenticated    Code = "UNAUTHENTICATED"           // no key, or one that does not work
	Forbidden          Code = "FORBIDDEN"                 // the key lacks a scope
	NotFound           Code = "NOT_FOUND"                 // what the caller named does not exist
	BadUserInput       Code = "BAD_USER_INPUT"            // the input is wrong; Path says where
	Conflict           Code = "CONFLICT"                  // the input is well formed, the state forbids it
	RateLimited        Code = "RATE_LIMITED"              // too many requests for this key
	CostLimitExceeded  Code = "COST_LIMIT_EXCEEDED"       // the query asks for too much at once
	TooDeep            Code = "TOO_DEEP"                  // the query is nested too deeply
	PersistedQueryGone Code = "PERSISTED_QUERY_NOT_FOUND" // the hash of a persisted query is unknown
	NotImplemented     Code = "NOT_IMPLEMENTED"           // promised, not built yet
	Internal           Code = "INTERNAL"                  // our fault; the log has the cause
)

// Path is a place in the caller's input: names (string) and list positions (int), outermost first.
type Path []any

// With returns the path one step deeper. The receiver is not changed.
func (p Path) With(step ...any) Path {
	return append(append(make(Path, 0, len(p)+len(step)), p...), step...)
}

// Strings is the path as UserError.field shows it.
func (p Path) Strings() []string {
	steps := make([]string, len(p))
	for i, step := range p {
		switch step := step.(type) {
		case string:
			steps[i] = step
		case int:
			steps[i] = strconv.Itoa(step)
		default:
			steps[i] = fmt.Sprint(step)
		}
	}
	return steps
}

// String is the path as a person reads it: where.all[1].not.
func (p Path) String() string {
	var b strings.Builder
	for i, step := range p {
		if n, ok := step.(int); ok {
			fmt.Fprintf(&b, "[%d]", n)
			continue
		}
		if i > 0 {
			b.WriteByte('.')
		}
		fmt.Fprint(&b, step)
	}
	return b.String()
}

// Error is one fault of one place.
type Error struct {
	Code    Code
	Message string
	Path    Path   // nil when the fault has no place in the input
	Hint    string // what to write instead; may be empty

	RetryAfter time.Duration // RATE_LIMITED: when to ask again; else 0
}

// New makes an error without a place.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Bad makes a BAD_USER_INPUT error at a place.
func Bad(at Path, format string, args ...any) *Error {
	return New(BadUserInput, format, args...).At(at)
}

// At returns a copy of the error with its place.
func (e *Error) At(path Path) *Error {
	moved := *e
	moved.Path = path
	return &moved
}

// Under returns a copy of the error whose place lies below prefix.
func (e *Error) Under(prefix Path) *Error { return e.At(prefix.With(e.Path...)) }

// WithHint returns a copy of the error with advice.
func (e *Error) WithHint(format string, args ...any) *Error {
	hinted := *e
	hinted.Hint = fmt.Sprintf(format, args...)
	return &hinted
}

// Error is the message with its place, fit to be shown.
func (e *Error) Error() string {
	text := e.Message
	if e.Hint != "" {
		text += " (" + e.Hint + ")"
	}
	if len(e.Path) > 0 {
		text = e.Path.String() + ": " + text
	}
	return text
}

// All returns the faults inside err, however they were joined or wrapped.
// It is empty when err holds none: then err is ours and must not be shown.
func All(err error) []*Error {
	switch e := err.(type) {
	case nil:
		return nil
	case *Error:
		return []*Error{e}
	case interface{ Unwrap() []error }:
		var all []*Error
		for _, one := range e.Unwrap() {
			all = append(all, All(one)...)
		}
		return all
	default:
		return All(errors.Unwrap(err))
	}
}
