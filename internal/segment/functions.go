package segment

import (
	"crypto/md5" // spreads customers over buckets; nothing here is a secret
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"

	"github.com/onecdp/onecdp/internal/rule"
)

// SQLite knows no exact decimals, no RE2 and no time zones, so it calls back. What a function needs to know of a
// rule does not travel through SQL for every row: it is kept here under a number while its query runs.
var (
	kept     sync.Map // int64 to *rule.Test, *rule.NumberComparison, *aggregation, *time.Location
	lastKept atomic.Int64
)

// held are the numbers one query keeps.
type held struct {
	numbers []int64
	zones   map[string]int64
}

// zone keeps a time zone, each one once.
func (h *held) zone(zone *time.Location) int64 {
	number, ok := h.zones[zone.String()]
	if !ok {
		number = h.keep(zone)
		if h.zones == nil {
			h.zones = map[string]int64{}
		}
		h.zones[zone.String()] = number
	}
	return number
}

func (h *held) keep(what any) int64 {
	number := lastKept.Add(1)
	kept.Store(number, what)
	h.numbers = append(h.numbers, number)
	return number
}

// release forgets them, when the query is done.
func (h *held) release() {
	for _, number := range h.numbers {
		kept.Delete(number)
	}
	h.numbers = nil
}

var errNotKept = errors.New("segment: a function was called outside its query")

func keptAs[T any](number driver.Value) (T, error) {
	n, _ := number.(int64)
	what, _ := kept.Load(n)
	typed, ok := what.(T)
	if !ok {
		return typed, errNotKept
	}
	return typed, nil
}

// Drivers take functions before they open connections, once for the whole program.
func init() {
	scalars := map[string]*sqlite.FunctionImpl{
		"onecdp_holds":        {NArgs: 2, Scalar: valueHolds},
		"onecdp_path_holds":   {NArgs: 3, Scalar: pathHolds},
		"onecdp_amount_holds": {NArgs: 4, Scalar: amountHolds},
		"onecdp_day":          {NArgs: 2, Scalar: dayOf},
		"onecdp_bucket":       {NArgs: 2, Scalar: bucketOf},
	}
	for name, function := range scalars {
		function.Deterministic = true
		function.VolatileArgs = true // nothing below keeps its arguments
		sqlite.MustRegisterFunction(name, function)
	}
	sqlite.MustRegisterFunction("onecdp_aggregate_holds", &sqlite.FunctionImpl{
		NArgs: 2, Deterministic: true,
		MakeAggregate: func(sqlite.FunctionContext) (sqlite.AggregateFunction, error) { return &aggregator{}, nil },
	})
}

func truth(holds bool) driver.Value {
	if holds {
		return int64(1)
	}
	return int64(0)
}

func bytesOf(v driver.Value) []byte {
	switch v := v.(type) {
	case string:
		return []byte(v)
	case []byte:
		return v
	case int64: // SQLite keeps a JSON text that is a number as a number
		return strconv.AppendInt(nil, v, 10)
	case float64:
		return strconv.AppendFloat(nil, v, 'f', -1, 64)
	default:
		return nil
	}
}

// valueHolds(json, test): the test of one value; NULL is absent.
func valueHolds(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	test, err := keptAs[*rule.Test](args[1])
	if err != nil {
		return nil, err
	}
	return truth(test.HoldsValue(bytesOf(args[0]))), nil
}

// pathHolds(object, path, test): the test of what stands at a dotted path.
func pathHolds(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	test, err := keptAs[*rule.Test](args[2])
	if err != nil {
		return nil, err
	}
	return truth(test.HoldsJSON(bytesOf(args[0]), string(bytesOf(args[1])), true)), nil
}

// dayOf(micros, zone): the calendar day of an instant.
func dayOf(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	zone, err := keptAs[*time.Location](args[1])
	if err != nil {
		return nil, err
	}
	micros, ok := args[0].(int64)
	if !ok {
		return nil, fmt.Errorf("segment: a time from %T", args[0])
	}
	return int64(rule.DayAt(time.UnixMicro(micros), zone)), nil
}

// bucketOf(number, salt) is the first 60 bits of the MD5 of "salt:number".
func bucketOf(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	number, _ := args[0].(int64)
	sum := md5.Sum(strconv.AppendInt(append(bytesOf(args[1]), ':'), number, 10))
	return int64(binary.BigEndian.Uint64(sum[:8]) >> 4), nil
}
