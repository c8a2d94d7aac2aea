package web_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/onecdp/onecdp/graph/transport"
	"github.com/onecdp/onecdp/internal/web"
)

// finished answers every operation with the same finished data.
type finished struct {
	schema *ast.Schema
	data   []byte
}

func (f finished) Schema() *ast.Schema { return f.schema }

func (f finished) Complexity(context.Context, string, string, int, map[string]any) (int, bool) {
	return 0, false
}

func (f finished) Exec(context.Context) graphql.ResponseHandler {
	return graphql.OneShot(&graphql.Response{Data: f.data})
}

// discard is an answer that nobody reads.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header            { return d.header }
func (d *discard) Write(data []byte) (int, error) { return len(data), nil }
func (d *discard) WriteHeader(int)                {}

// newBench is the whole way of a request except what GraphQL does for it.
func newBench(b *testing.B) *web.Server {
	b.Helper()
	exec := executor.New(finished{
		gqlparser.MustLoadSchema(&ast.Source{Input: `type Query { customerByIdentity(type: String!, value: String!, first: Int): Customer }
			type Customer { id: ID! attributes: String events: [Customer!] }`}),
		[]byte(`{"customerByIdentity":{"id":"` + strings.Repeat("x", 6000) + `"}}`),
	})
	exec.SetQueryCache(lru.New[*ast.QueryDocument](100))
	server, err := web.New(web.Options{
		GraphQL: transport.New(exec, slog.New(slog.DiscardHandler)), Keys: door{}, Sessions: door{}, Database: &database{}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	return server
}

const benchBody = `{"operationName":"Profile","query":"query Profile($type: String!, $value: String!, $first: Int) {\n  ` +
	`customerByIdentity(type: $type, value: $value, first: $first) {\n    id\n    attributes\n    events { id attributes }\n    __typename\n  }\n}\n",` +
	`"variables":{"type":"phone","value":"13812345671","first":20},"extensions":{"clientLibrary":{"name":"@apollo/client","version":"4.0.0"}}}`

func BenchmarkOverhead(b *testing.B) {
	server := newBench(b)
	b.ReportAllocs()
	for b.Loop() {
		r, _ := http.NewRequest(http.MethodPost, "/graphql", strings.NewReader(benchBody))
		r.Header.Set("Authorization", "Bearer reader")
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/graphql-response+json,application/json;q=0.9")
		server.ServeHTTP(&discard{header: http.Header{}}, r)
	}
}

func BenchmarkLargeBody(b *testing.B) {
	server := newBench(b)
	large := strings.Replace(benchBody, `"first":20`, `"first":20,"rest":[`+strings.Repeat(`{"type":"phone","value":"13812345671","attributes":{"city":"\u4e0a\u6d77","n":12.5}},`, 12000)+`null]`, 1)
	b.SetBytes(int64(len(large)))
	b.ReportAllocs()
	for b.Loop() {
		r, _ := http.NewRequest(http.MethodPost, "/graphql", strings.NewReader(large))
		r.Header.Set("Authorization", "Bearer reader")
		r.Header.Set("Content-Type", "application/json")
		server.ServeHTTP(&discard{header: http.Header{}}, r)
	}
}

func BenchmarkOverTheWire(b *testing.B) {
	server := newBench(b)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { _ = server.Serve(ctx, l) }()
	b.ReportAllocs()
	for b.Loop() {
		r, _ := http.NewRequest(http.MethodPost, "http://"+l.Addr().String()+"/graphql", strings.NewReader(benchBody))
		r.Header.Set("Authorization", "Bearer reader")
		r.Header.Set("Content-Type", "application/json")
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, a.Body)
		a.Body.Close()
	}
}
