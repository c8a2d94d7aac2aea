package web_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/onecdp/onecdp/graph/transport"
	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/web"
)

type benchSchema struct {
	s    *ast.Schema
	data []byte
}

func (b benchSchema) Schema() *ast.Schema { return b.s }
func (b benchSchema) Complexity(context.Context, string, string, int, map[string]any) (int, bool) {
	return 0, false
}
func (b benchSchema) Exec(context.Context) graphql.ResponseHandler {
	return graphql.OneShot(&graphql.Response{Data: b.data})
}

type benchDoor struct{}

func (benchDoor) Authenticate(context.Context, string, time.Time) (access.Caller, error) {
	return access.Caller{Name: "bench", Scopes: []access.Scope{access.Read}}, nil
}
func (benchDoor) NewSession(time.Time, time.Duration) string { return "" }

type benchDB struct{}

func (benchDB) Ping(context.Context) error            { return nil }
func (benchDB) Pending(context.Context) (bool, error) { return false, nil }

type discard struct{ h http.Header }

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

func benchHandler(b *testing.B) *web.Server {
	s := gqlparser.MustLoadSchema(&ast.Source{Input: "type Query { customerByIdentity(type: String!, value: String!, first: Int): Customer } type Customer { id: ID! attributes: String events: [Customer!] }"})
	exec := executor.New(benchSchema{s, []byte(`{"customerByIdentity":{"id":"` + strings.Repeat("x", 6000) + `"}}`)})
	exec.SetQueryCache(lru.New[*ast.QueryDocument](100))
	server, err := web.New(web.Options{GraphQL: transport.New(exec, slog.New(slog.DiscardHandler)), Keys: benchDoor{}, Sessions: benchDoor{}, Database: benchDB{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	return server
}

const benchBody = `{"operationName":"Profile","query":"query Profile($type: String!, $value: String!, $first: Int) {\n  customerByIdentity(type: $type, value: $value, first: $first) {\n    id\n    attributes\n    events { id attributes }\n    __typename\n  }\n}\n","variables":{"type":"phone","value":"13812345671","first":20},"extensions":{"clientLibrary":{"name":"@apollo/client","version":"4.0.0"}}}`

func BenchmarkOverhead(b *testing.B) {
	server := benchHandler(b)
	b.ReportAllocs()
	for b.Loop() {
		r, _ := http.NewRequest("POST", "/graphql", strings.NewReader(benchBody))
		r.Header.Set("Authorization", "Bearer x")
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/graphql-response+json,application/json;q=0.9")
		server.ServeHTTP(&discard{http.Header{}}, r)
	}
}

func BenchmarkLargeBody(b *testing.B) {
	server := benchHandler(b)
	large := strings.Replace(benchBody, `"first":20`, `"first":20,"rest":[`+strings.Repeat(`{"type":"phone","value":"13812345671","attributes":{"city":"\u4e0a\u6d77","n":12.5}},`, 12000)+`null]`, 1)
	b.SetBytes(int64(len(large)))
	b.ReportAllocs()
	for b.Loop() {
		r, _ := http.NewRequest("POST", "/graphql", strings.NewReader(large))
		r.Header.Set("Authorization", "Bearer x")
		r.Header.Set("Content-Type", "application/json")
		server.ServeHTTP(&discard{http.Header{}}, r)
	}
}

func BenchmarkOverTheWire(b *testing.B) {
	server := benchHandler(b)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go server.Serve(ctx, l)
	b.ReportAllocs()
	for b.Loop() {
		r, _ := http.NewRequest("POST", "http://"+l.Addr().String()+"/graphql", strings.NewReader(benchBody))
		r.Header.Set("Authorization", "Bearer x")
		r.Header.Set("Content-Type", "application/json")
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, a.Body)
		a.Body.Close()
	}
}
