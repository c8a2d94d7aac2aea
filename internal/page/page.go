// Package page cuts ordered rows into pages, the same way for every connection of the API.
//
// Pages are found by key, not by counting: a page begins after the key values its cursor carries, so that rows which come or
// go elsewhere neither repeat nor hide others, and a late page costs what the first one does.
package page

import "github.com/onecdp/onecdp/internal/fault"

// Most is the largest page; the smallest has one item.
const Most = 100

// Connection is a list that is read in pages.
type Connection struct {
	// Name tells the list and its order from all others. A cursor of another name is refused.
	Name string
	// Keys is how many numbers say where a row stands in the order. The last one makes it unique.
	Keys int
}

// Request is one page, asked for and checked.
type Request struct {
	// First is how many items the page holds at most.
	First int
	// After are the key values the page begins after; nil at the beginning.
	After []int64

	of Connection
}

// Read checks the arguments first and after of a connection; usual is the page's size when first is not given.
// A size outside 1 to Most is a BAD_USER_INPUT at first, a cursor of anything else one at after.
func (c Connection) Read(first *int, after *string, usual int, at fault.Path) (Request, error) {
	request := Request{First: usual, of: c}
	if first != nil {
		request.First = *first
	}
	if request.First < 1 || request.First > Most {
		return Request{}, fault.Bad(at.With("first"), "a page has 1 to %d items", Most)
	}
	if after != nil {
		keys, ok := c.open(*after)
		if !ok {
			return Request{}, fault.Bad(at.With("after"), "this is not a cursor of this list").
				WithHint("cursors come from pageInfo.endCursor or an edge of the same list")
		}
		request.After = keys
	}
	return request, nil
}

// Start is the first page of a connection, of a size that is no caller's wish.
func (c Connection) Start(first int) Request { return Request{First: first, of: c} }

// Limit is how many rows to fetch: one more than the page holds tells whether another page follows.
func (r Request) Limit() int { return r.First + 1 }

// Page is a part of a list.
type Page[T any] struct {
	Items []T
	// HasNext says that more items follow.
	HasNext bool
	// HasPrevious says that the page began after a cursor.
	HasPrevious bool

	of   Connection
	keys func(T) []int64
}

// Cut makes the page of up to Request.Limit rows, which are in order and begin after Request.After.
// keys gives where a row stands.
func Cut[T any](r Request, rows []T, keys func(T) []int64) Page[T] {
	p := Page[T]{Items: rows, HasPrevious: r.After != nil, of: r.of, keys: keys}
	if len(rows) > r.First {
		p.Items, p.HasNext = rows[:r.First:r.First], true
	}
	return p
}

// Cursor is the cursor of item i.
func (p Page[T]) Cursor(i int) string { return p.of.seal(p.keys(p.Items[i])) }

// Ends are the cursors of the first and the last item; nil when there is none.
func (p Page[T]) Ends() (start, end *string) {
	if len(p.Items) == 0 {
		return nil, nil
	}
	return new(p.Cursor(0)), new(p.Cursor(len(p.Items) - 1))
}
