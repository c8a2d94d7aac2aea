package trace

import (
	"context"
	"sync"
)

// Outcome is what became of a request, in words of the program alone: for its line in the log.
type Outcome struct {
	mu           sync.Mutex
	word, closed string
}

type outcomeKey struct{}

// WithOutcome returns a context whose work says what became of it.
func WithOutcome(ctx context.Context) (context.Context, *Outcome) {
	o := &Outcome{}
	return context.WithValue(ctx, outcomeKey{}, o), o
}

// Said is the word and how the connection was closed; "" where nobody said so.
func (o *Outcome) Said() (word, closed string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.word, o.closed
}

// SayOutcome says what became of the context's request: ok, canceled, or the code of an error. The last word counts.
func SayOutcome(ctx context.Context, word string) {
	if o, ok := ctx.Value(outcomeKey{}).(*Outcome); ok {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.word = word
	}
}

// SayClosed says how the context's connection, which stayed open, was closed. The first word counts.
func SayClosed(ctx context.Context, how string) {
	if o, ok := ctx.Value(outcomeKey{}).(*Outcome); ok {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.closed == "" {
			o.closed = how
		}
	}
}
