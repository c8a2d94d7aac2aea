package store

import (
	"context"
	"database/sql"
	"slices"
	"sync"
)

// Dictionary is a table of words and their small numbers.
type Dictionary string

// The dictionaries.
const (
	EventNames     Dictionary = "event_names"
	Channels       Dictionary = "channels"
	Sources        Dictionary = "sources"
	AttributeNames Dictionary = "attribute_types"
)

// wordCache remembers numbers for good: a word never changes its number.
type wordCache struct {
	mu     sync.RWMutex
	number map[string]int32
	word   map[int32]string
}

func newWordCaches() map[Dictionary]*wordCache {
	caches := map[Dictionary]*wordCache{}
	for _, name := range []Dictionary{EventNames, Channels, Sources, AttributeNames} {
		caches[name] = &wordCache{number: map[string]int32{}, word: map[int32]string{}}
	}
	return caches
}

func (c *wordCache) add(number int32, word string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.number[word], c.word[number] = number, word
}

// unknown lists, sorted and once each, the words that are not remembered.
func (c *wordCache) unknown(words []string) []string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var missing []string
	for _, word := range words {
		if _, known := c.number[word]; !known {
			missing = append(missing, word)
		}
	}
	slices.Sort(missing)
	return slices.Compact(missing)
}

// Number is the number of a word that EnsureWords or FindWords has seen; false when it has none.
func (db *DB) Number(d Dictionary, word string) (int32, bool) {
	cache := db.words[d]
	cache.mu.RLock()
	defer cache.mu.RUnlock()
	number, ok := cache.number[word]
	return number, ok
}

// Word is the word of a number; LoadWords must have seen it. "" when there is none.
func (db *DB) Word(d Dictionary, number int32) string {
	cache := db.words[d]
	cache.mu.RLock()
	defer cache.mu.RUnlock()
	return cache.word[number]
}

// FindWords looks words up, so that Number knows those that exist.
func (db *DB) FindWords(ctx context.Context, d Dictionary, words []string) error {
	missing := db.words[d].unknown(words)
	if len(missing) == 0 {
		return nil
	}
	return db.findWords(ctx, db, d, missing)
}

// EnsureWords gives every word a number. The words stay even when what needed them does not come to be.
func (db *DB) EnsureWords(ctx context.Context, d Dictionary, words []string) error {
	if err := db.FindWords(ctx, d, words); err != nil {
		return err
	}
	missing := db.words[d].unknown(words)
	if len(missing) == 0 {
		return nil
	}
	// Sorted insertion order keeps two servers with the same new words from waiting for each other in a circle.
	err := db.WithTx(ctx, func(tx *Tx) error {
		_, err := tx.InsertRows(ctx, string(d), "ON CONFLICT DO NOTHING", Texts("name", missing))
		return err
	})
	if err != nil {
		return err
	}
	return db.findWords(ctx, db, d, missing)
}

func (db *DB) findWords(ctx context.Context, q Querier, d Dictionary, words []string) error {
	var args Args
	given := Relation(q.Dialect(), "given", &args, Texts("name", words))
	return db.remember(q.Query(ctx, "SELECT d.id, d.name FROM "+given+" JOIN "+string(d)+" d ON d.name = given.name", args...))(d)
}

// LoadWords makes sure that Word knows these numbers.
func (db *DB) LoadWords(ctx context.Context, d Dictionary, numbers []int32) error {
	return db.loadWords(ctx, db, d, numbers)
}

// LoadWords makes sure that the database's Word knows these numbers. It reads on the transaction's own connection: a
// transaction that waits for a second one can wait for ever.
func (tx *Tx) LoadWords(ctx context.Context, d Dictionary, numbers []int32) error {
	return tx.db.loadWords(ctx, tx, d, numbers)
}

func (db *DB) loadWords(ctx context.Context, q Querier, d Dictionary, numbers []int32) error {
	cache := db.words[d]
	var missing []int64
	cache.mu.RLock()
	for _, number := range numbers {
		if _, known := cache.word[number]; !known {
			missing = append(missing, int64(number))
		}
	}
	cache.mu.RUnlock()
	if len(missing) == 0 {
		return nil
	}
	// A missing number means that another server has learnt words: read them all, they are few.
	return db.remember(q.Query(ctx, "SELECT id, name FROM "+string(d)))(d)
}

func (db *DB) remember(rows *sql.Rows, err error) func(Dictionary) error {
	return func(d Dictionary) error {
		_, err := Collect(rows, err, func(row Row, _ *struct{}) error {
			var (
				number int32
				word   string
			)
			if err := row.Scan(&number, &word); err != nil {
				return err
			}
			db.words[d].add(number, word)
			return nil
		})
		return err
	}
}
