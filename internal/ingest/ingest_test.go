package ingest_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/value"
)

func open(t testing.TB, db *store.DB) *ingest.Service {
	t.Helper()
	one, err := oneid.Open(context.Background(), db, oneid.Settings{Region: "CN", MaxIdentities: 500})
	if err != nil {
		t.Fatal(err)
	}
	return ingest.New(db, one)
}

// send ingests records written as JSON.
func send(t testing.TB, service *ingest.Service, records ...string) []ingest.Result {
	t.Helper()
	var raws []map[string]any
	for _, text := range records {
		decoded, err := value.Decode([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		raws = append(raws, decoded.(map[string]any))
	}
	results, err := service.Ingest(context.Background(), raws, nil)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

func TestTmp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		s := open(t, db)
		show := func(r []ingest.Result) { b, _ := json.Marshal(r); t.Log(string(b)) }
		show(send(t, s, `{"messageId":"1","identities":[{"type":"phone","value":"13912345678"}],"attributes":{"name":"Wei"},"event":{"name":"x","properties":{"amount":1.5}}}`,
			`{"messageId":"2","identities":[{"type":"email","value":"a@b.cn"}],"attributes":{"name":"Wei2"}}`))
		show(send(t, s, `{"messageId":"2","identities":[{"type":"email","value":"a@b.cn"}],"attributes":{"name":"Wei2"}}`,
			`{"messageId":"3","identities":[{"type":"email","value":"a@b.cn"},{"type":"phone","value":"13912345678"},{"type":"foo","value":"x"}],"attributes":{"name":"Wei3"}}`,
			`{"messageId":"4","identities":[{"type":"email","value":"a@b.cn"}],"event":{"name":"y"}}`, `{"identities":[]}`, `{"identities":[{"type":"foo","value":"y"}]}`))
		rows, err := db.Query(context.Background(), "SELECT attributes, provenance, public_id, identity_count FROM customers")
		store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
			var a, p []byte
			var h, n int
			row.Scan(&a, &p, &h, &n)
			t.Log(string(a), string(p), h, n)
			return nil
		})
		rows, err = db.Query(context.Background(), "SELECT id, kind, coalesce(customer_id,0), coalesce(set_id,0), events FROM changes ORDER BY id")
		store.Collect(rows, err, func(row store.Row, _ *struct{}) error {
			var id, c, s, e int
			var k string
			row.Scan(&id, &k, &c, &s, &e)
			t.Log(id, k, c, s, e)
			return nil
		})
	})
}
