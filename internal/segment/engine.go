package segment

import (
	"math/big"

	"github.com/onecdp/onecdp/internal/rule"
	"github.com/onecdp/onecdp/internal/store"
)

// engine is what the two databases say differently about rules. Everything else is the same text for both.
type engine interface {
	// noneOf is the condition that c.id is not in the set.
	noneOf(set string) string
	// unitesSets tells whether an OR of sets is to be written as one set. PostgreSQL joins with a set once,
	// but checks an OR row by row; SQLite makes a table of each set either way.
	unitesSets() bool
	// sorted is an ORDER BY expression that is sorted by, never walked by an index. PostgreSQL, expecting to be done
	// soon, would otherwise compare customer after customer with every row of a computed set.
	sorted(column string) string
	// holds is the positive form of a test on a document; never NULL.
	holds(c *compiler, doc document, test rule.Test) string
	// oneOf is the condition that a whole number is in the list.
	oneOf(c *compiler, number string, list []int64) string
	// bytesOneOf is the same for byte strings.
	bytesOneOf(c *compiler, bytes string, list [][]byte) string
	// amounts compares the sum of amounts, or their average.
	amounts(c *compiler, aggregate rule.Aggregate, filter string, is rule.NumberComparison) string
	// properties compares an aggregate of the property at a dotted path. join is what the FROM clause needs for it.
	properties(c *compiler, aggregate rule.Aggregate, path, filter string, is rule.NumberComparison) (having, join string)
	// day is the calendar day of a time in the zone, as anything that tells days apart.
	day(c *compiler, time string) string
	// bucket is a number below buckets, a hash of a salt and a number.
	bucket(number, salt string) string
}

// document is where a test finds its value.
type document struct {
	column string
	key    string // the name of a member of the object in column; unless whole or text
	dotted bool   // key is a dotted path
	whole  bool   // column holds the value itself, as JSON
	text   bool   // column is a plain text
	// rows is what may stand behind FROM for all rows the column is looked up in, up to an open list of conditions.
	rows func(*compiler) string
}

// engines by the name of the dialect.
func engineOf(d store.Dialect) engine {
	if d.Name() == "sqlite" {
		return sqliteEngine{}
	}
	return postgresEngine{}
}

// buckets is the number of buckets: 60 bits of a hash.
const buckets = int64(1) << 60

// bucketLimit is the number of the first bucket outside a share of percent, which is an exact decimal.
func bucketLimit(percent string) int64 {
	share, ok := new(big.Rat).SetString(percent)
	if !ok {
		return 0
	}
	share.Mul(share, big.NewRat(buckets, 100))
	limit := new(big.Int).Div(share.Num(), share.Denom())
	return min(limit.Int64(), buckets)
}
