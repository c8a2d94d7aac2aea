package transport

import (
	"cmp"
	"encoding/json"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/onecdp/onecdp/internal/fault"
)

// The time that a reader has to take an answer longer than a socket's buffers, which is time enough for a slow line. The server's own
// limit, which is longer, stands for shorter ones.
const (
	longAnswer   = 64 << 10 // bytes
	patience     = 15 * time.Second
	slowestLine  = 128 << 10 // bytes a second
	internalText = `{"message":"internal error","extensions":{"code":"INTERNAL"}}`
)

// reply writes one answer.
type reply struct {
	w         http.ResponseWriter
	mediaType string
}

// statusOf is the status of an operation that was refused before it was read. See statusOfCode for those that were.
func (a reply) statusOf(refusal *fault.Error) int {
	if refusal.Code == fault.PersistedQueryGone {
		return a.statusOfCode(string(refusal.Code))
	}
	return http.StatusBadRequest
}

// statusOfRefusal is the status of an answer to a well-formed request that was refused as a whole.
func (a reply) statusOfRefusal(response *graphql.Response) int {
	if len(response.Errors) == 0 {
		return http.StatusInternalServerError
	}
	code, _ := response.Errors[0].Extensions["code"].(string)
	return a.statusOfCode(code)
}

// statusOfCode is the status of a well-formed request that was refused. application/json has always been answered with 200: its clients
// take other statuses for answers of something in between. Whoever is to come later is told so by the status in any case.
func (a reply) statusOfCode(code string) int {
	kind, plain := fault.Code(code), a.mediaType != typeGraphQL
	switch {
	case kind == fault.Unauthenticated:
		return http.StatusUnauthorized
	case kind == fault.RateLimited:
		return http.StatusTooManyRequests
	case plain:
		return http.StatusOK
	case kind == fault.Forbidden:
		return http.StatusForbidden
	case kind == fault.Internal:
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// refuse answers that nothing was executed.
func (a reply) refuse(status int, response *graphql.Response) {
	switch status {
	case http.StatusUnauthorized:
		a.w.Header().Set("WWW-Authenticate", "Bearer")
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		a.w.Header().Set("Retry-After", strconv.Itoa(retryAfter(response.Errors)))
	}
	response.Data = nil
	a.write(status, response)
}

// retryAfter is when a refused client may come again, in seconds.
func retryAfter(errors gqlerror.List) int {
	seconds := 1.0
	for _, refusal := range errors {
		switch after := refusal.Extensions["retryAfter"].(type) {
		case int:
			seconds = max(seconds, float64(after))
		case int64:
			seconds = max(seconds, float64(after))
		case float64:
			seconds = max(seconds, after)
		}
	}
	return int(math.Ceil(min(seconds, math.MaxInt32)))
}

func (a reply) send(response *graphql.Response) {
	if response.Data == nil {
		response.Data = null
	}
	a.write(http.StatusOK, response)
}

var null = json.RawMessage("null")

// write puts the answer around the finished data, which is not copied.
func (a reply) write(status int, response *graphql.Response) {
	before, after := around(response)
	after = append(after, '\n')
	header, length := a.w.Header(), len(before)+len(response.Data)+len(after)
	header.Set("Content-Type", a.mediaType+"; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Length", strconv.Itoa(length))
	if length > longAnswer {
		deadline := time.Now().Add(patience + time.Duration(length)*time.Second/slowestLine)
		_ = http.NewResponseController(a.w).SetWriteDeadline(deadline) // not every writer has one
	}
	a.w.WriteHeader(status)
	if response.Data == nil {
		_, _ = a.w.Write(append(before, after...)) // an error: the client is gone
		return
	}
	for _, part := range [][]byte{before, response.Data, after} {
		if _, err := a.w.Write(part); err != nil {
			return
		}
	}
}

var (
	dataFirst = []byte(`{"data":`)
	closed    = []byte(`}`)
)

// around is what stands before and after the data of a response. encoding/json would read and copy the data once more.
func around(response *graphql.Response) (before, after []byte) {
	before, after = dataFirst[:len(dataFirst):len(dataFirst)], make([]byte, 0, 2)
	switch {
	case len(response.Errors) == 0 && response.Data == nil: // refused without a reason: ours
		before = []byte(`{"errors":[` + internalText + `]`)
	case len(response.Errors) > 0:
		slices.SortStableFunc(response.Errors, byPlace) // fields are resolved side by side
		before = append([]byte(`{"errors":`), errorsOf(response.Errors)...)
		if response.Data != nil {
			before = append(before, `,"data":`...)
		}
	}
	if len(response.Extensions) > 0 {
		after = append(after, `,"extensions":{`...)
		for i, name := range slices.Sorted(maps.Keys(response.Extensions)) {
			if i > 0 {
				after = append(after, ',')
			}
			after = append(strconv.AppendQuote(after, name), ':')
			after = append(after, jsonOf(response.Extensions[name])...)
		}
		after = append(after, '}')
	}
	return before, append(after, closed...)
}

// jsonOf writes an extension, which may be finished already.
func jsonOf(extension any) []byte {
	if finished, ok := extension.(json.RawMessage); ok {
		return finished
	}
	text, err := json.Marshal(extension)
	if err != nil {
		return null
	}
	return text
}

// mostErrors are told of one operation; more would repeat the same of its other fields.
const mostErrors = 20

// errorsOf writes a list of errors.
func errorsOf(list gqlerror.List) []byte {
	text, err := json.Marshal(list[:min(len(list), mostErrors)])
	if err != nil { // what is presented always marshals
		return []byte(`[` + internalText + `]`)
	}
	return text
}

// byPlace orders errors as the query is written, and those of one field as the elements of lists come.
func byPlace(a, b *gqlerror.Error) int {
	var first, second gqlerror.Location
	if len(a.Locations) > 0 {
		first = a.Locations[0]
	}
	if len(b.Locations) > 0 {
		second = b.Locations[0]
	}
	return cmp.Or(cmp.Compare(first.Line, second.Line), cmp.Compare(first.Column, second.Column), slices.CompareFunc(a.Path, b.Path, byStep))
}

// byStep orders the steps of two paths at the same place.
func byStep(a, b ast.PathElement) int {
	switch a := a.(type) {
	case ast.PathIndex:
		if b, isIndex := b.(ast.PathIndex); isIndex {
			return cmp.Compare(a, b)
		}
		return -1
	case ast.PathName:
		if b, isName := b.(ast.PathName); isName {
			return cmp.Compare(a, b)
		}
	}
	return 1
}
