package graph

import (
	"cmp"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/onecdp/onecdp/internal/fault"
)

const (
	typeJSON    = "application/json"
	typeGraphQL = "application/graphql-response+json"
)

// server speaks GraphQL over HTTP. It differs from gqlgen's transports in that it repeats nothing of a body it cannot read, leaves
// data out of an answer when nothing was executed, and writes data as it is.
type server struct{ exec *executor.Executor }

// ServeHTTP implements http.Handler.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := graphql.Now()
	ctx := withRequestID(graphql.StartOperationTrace(r.Context()), w.Header())
	answer := reply{w: w, mediaType: mediaType(r)}
	if refusal := signedIn(ctx); refusal != nil {
		w.Header().Set("WWW-Authenticate", "Bearer")
		answer.refuse(http.StatusUnauthorized, s.exec.DispatchError(ctx, refusal))
		return
	}
	params, refusal := read(r)
	if refusal != nil {
		status := http.StatusBadRequest
		if !reads(r) && r.Method != http.MethodPost {
			w.Header().Set("Allow", "GET, POST")
			status = http.StatusMethodNotAllowed
		}
		answer.refuse(status, s.exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(refusal)}))
		return
	}
	params.Headers, params.ReadTime = r.Header, graphql.TraceTiming{Start: start, End: graphql.Now()}
	operation, refusals := s.exec.CreateOperationContext(ctx, params)
	if refusals != nil {
		for _, refusal := range refusals {
			if refusal.Extensions["code"] == nil && refusal.Err == nil {
				errcode.Set(refusal, errcode.ValidationFailed)
			}
		}
		answer.refuse(answer.statusOfRefusal(), s.exec.DispatchError(graphql.WithOperationContext(ctx, operation), refusals))
		return
	}
	if reads(r) && operation.Operation.Operation != ast.Query {
		w.Header().Set("Allow", http.MethodPost)
		refusal := fault.New(fault.BadUserInput, "a mutation changes something, and GET must not").WithHint("send it with POST")
		answer.refuse(http.StatusMethodNotAllowed, s.exec.DispatchError(graphql.WithOperationContext(ctx, operation), gqlerror.List{gqlerror.Wrap(refusal)}))
		return
	}
	responses, ctx := s.exec.DispatchOperation(ctx, operation)
	response := responses(ctx)
	if response == nil { // the request was given up; nobody reads this
		response = s.exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(ctx.Err())})
	}
	answer.send(response)
}

// reads says that the request must not change anything.
func reads(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// read takes a request out of the body or the query string.
func read(r *http.Request) (*graphql.RawParams, *fault.Error) {
	params := &graphql.RawParams{}
	switch r.Method {
	case http.MethodPost:
		decoder := json.NewDecoder(r.Body)
		decoder.UseNumber()
		if err := decoder.Decode(params); err != nil {
			return nil, fault.New(fault.BadUserInput, "the body is no GraphQL request in JSON").
				WithHint("an object with the text query, and perhaps the objects variables and extensions and the text operationName")
		}
	case http.MethodGet, http.MethodHead:
		query, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			return nil, fault.New(fault.BadUserInput, "the query string cannot be read")
		}
		params.Query, params.OperationName = query.Get("query"), query.Get("operationName")
		for name, into := range map[string]*map[string]any{"variables": &params.Variables, "extensions": &params.Extensions} {
			text := query.Get(name)
			if text == "" {
				continue
			}
			decoder := json.NewDecoder(strings.NewReader(text))
			decoder.UseNumber()
			if err := decoder.Decode(into); err != nil {
				return nil, fault.New(fault.BadUserInput, "%s is not an object in JSON", name)
			}
		}
	default:
		return nil, fault.New(fault.BadUserInput, "send the query with POST, or with GET")
	}
	params.Query = withoutSurrogates(params.Query)
	return params, nil
}

// mediaType is the type of the answer: the one made for GraphQL when the client asks for it first.
func mediaType(r *http.Request) string {
	for _, accepted := range strings.Split(r.Header.Get("Accept"), ",") {
		switch kind, _, _ := mime.ParseMediaType(accepted); kind {
		case typeGraphQL:
			return typeGraphQL
		case typeJSON, "application/*", "*/*":
			return typeJSON
		}
	}
	return typeJSON
}

// byPlace orders errors as the query is written.
func byPlace(a, b *gqlerror.Error) int {
	var first, second gqlerror.Location
	if len(a.Locations) > 0 {
		first = a.Locations[0]
	}
	if len(b.Locations) > 0 {
		second = b.Locations[0]
	}
	return cmp.Or(cmp.Compare(first.Line, second.Line), cmp.Compare(first.Column, second.Column))
}

// reply writes one answer.
type reply struct {
	w         http.ResponseWriter
	mediaType string
}

// statusOfRefusal is the status of a well-formed request that was refused. application/json has always been answered with 200: its
// clients take other statuses for answers of something in between.
func (a reply) statusOfRefusal() int {
	if a.mediaType == typeGraphQL {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

func (a reply) refuse(status int, response *graphql.Response) {
	response.Data = nil
	a.write(status, response)
}

func (a reply) send(response *graphql.Response) {
	if response.Data == nil {
		response.Data = json.RawMessage("null")
	}
	a.write(http.StatusOK, response)
}

// write puts the answer together by hand: encoding/json would read and copy the finished data once more.
func (a reply) write(status int, response *graphql.Response) {
	body := []byte{'{'}
	if len(response.Errors) > 0 {
		slices.SortStableFunc(response.Errors, byPlace) // fields are resolved side by side
		errors, err := json.Marshal(response.Errors)
		if err != nil { // what presenter makes always marshals
			errors = []byte(`[{"message":"internal error","extensions":{"code":"INTERNAL"}}]`)
		}
		body = append(append(body, `"errors":`...), errors...)
		if response.Data != nil {
			body = append(body, ',')
		}
	}
	if response.Data != nil {
		body = append(append(body, `"data":`...), response.Data...)
	}
	body = append(body, '}', '\n')
	a.w.Header().Set("Content-Type", a.mediaType+"; charset=utf-8")
	a.w.Header().Set("Cache-Control", "no-store")
	a.w.WriteHeader(status)
	_, _ = a.w.Write(body) // the client is gone
}
