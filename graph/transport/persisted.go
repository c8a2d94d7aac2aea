package transport

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sync"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/fault"
)

// The bounds of the queries that are remembered by their hashes. Each key has its own, so that nobody pushes out the queries of others;
// a query is found by whoever knows its hash.
const (
	longestPersisted = 64 << 10 // bytes of a query; longer ones carry data and do not come again
	persistedOfKey   = 1000     // queries that one key may leave
	bytesOfKey       = 2 << 20  // and their bytes
	bytesOfAll       = 16 << 20 // of all keys; the key that left most gives way
)

// persisted are the queries that clients may name by their hashes: Apollo's automatic persisted queries
// (https://www.apollographql.com/docs/apollo-server/performance/apq).
type persisted struct {
	mu     sync.Mutex
	byHash map[hash]*list.Element
	byKey  map[string]*leftBy
	bytes  int
}

type hash [sha256.Size]byte

// leftBy is what one key has left, the latest used first.
type leftBy struct {
	queries *list.List // of *hashedText
	bytes   int
}

// hashedText is a query under its hash; the zero value is none.
type hashedText struct {
	hash hash
	text string
	key  string
}

func newPersisted() *persisted {
	return &persisted{byHash: map[hash]*list.Element{}, byKey: map[string]*leftBy{}}
}

// find completes a request that names its query by the hash. When the request has both, it returns what is to be added once the query has
// turned out to be one. A hash that nobody has left is PERSISTED_QUERY_NOT_FOUND: the client sends the query with it then.
func (p *persisted) find(r *request) (hashedText, *fault.Error) {
	extension := r.extensions["persistedQuery"]
	if extension == nil {
		return hashedText{}, nil
	}
	named, ok := extension.(map[string]any)
	if version, _ := named["version"].(json.Number); !ok || version != "1" {
		return hashedText{}, fault.New(fault.BadUserInput, "persistedQuery has an unknown version").WithHint("1 is known")
	}
	text, _ := named["sha256Hash"].(string)
	if text == "" {
		return hashedText{}, fault.New(fault.BadUserInput, "persistedQuery has no hash").WithHint("sha256Hash is 64 hexadecimal digits")
	}
	var sum hash
	if raw, err := hex.DecodeString(text[:min(len(text), 2*len(sum)+2)]); err != nil || len(raw) != len(sum) {
		sum = hash{} // nobody's
	} else {
		copy(sum[:], raw)
	}
	if r.query == "" {
		if r.query = p.get(sum); r.query == "" {
			return hashedText{}, fault.New(fault.PersistedQueryGone, "PersistedQueryNotFound") // a text that clients know
		}
		return hashedText{}, nil
	}
	if sha256.Sum256([]byte(r.query)) != sum {
		return hashedText{}, fault.New(fault.BadUserInput, "the hash is not that of the query")
	}
	return hashedText{hash: sum, text: r.query}, nil
}

func (p *persisted) get(sum hash) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	element := p.byHash[sum]
	if element == nil {
		return ""
	}
	query := element.Value.(*hashedText)
	p.byKey[query.key].queries.MoveToFront(element)
	return query.text
}

// add remembers a query for the context's caller, unless it is long.
func (p *persisted) add(ctx context.Context, query hashedText) {
	if query.text == "" || len(query.text) > longestPersisted {
		return
	}
	caller, _ := access.FromContext(ctx)
	query.key = caller.Name
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byHash[query.hash] != nil {
		return
	}
	left := p.byKey[query.key]
	if left == nil {
		left = &leftBy{queries: list.New()}
		p.byKey[query.key] = left
	}
	p.byHash[query.hash] = left.queries.PushFront(&query)
	left.bytes += len(query.text)
	p.bytes += len(query.text)
	for left.queries.Len() > persistedOfKey || left.bytes > bytesOfKey {
		p.forget(query.key)
	}
	for p.bytes > bytesOfAll {
		most := query.key
		for key, other := range p.byKey {
			if other.bytes > p.byKey[most].bytes {
				most = key
			}
		}
		p.forget(most)
	}
}

// forget drops the query of a key that was not used for longest.
func (p *persisted) forget(key string) {
	left := p.byKey[key]
	query := left.queries.Remove(left.queries.Back()).(*hashedText)
	delete(p.byHash, query.hash)
	left.bytes -= len(query.text)
	p.bytes -= len(query.text)
	if left.queries.Len() == 0 {
		delete(p.byKey, key)
	}
}
