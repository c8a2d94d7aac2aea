package golden

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/onecdp/onecdp/internal/value"
)

// Ascending is a total order of JSON values: 0 only for values that are equal by value. null, false, true, numbers by exact value,
// texts by code point, lists by their elements from the first, objects by their keys, ascending, and the values of these; of two that
// agree as far as the shorter goes the shorter is less.
func Ascending(a, b any) int {
	if c := cmp.Compare(kind(a), kind(b)); c != 0 {
		return c
	}
	switch a := a.(type) {
	case json.Number:
		return value.CompareNumbers(string(a), string(b.(json.Number)))
	case string:
		return strings.Compare(a, b.(string))
	case []any:
		return slices.CompareFunc(a, b.([]any), Ascending)
	case map[string]any:
		return ascendingObjects(a, b.(map[string]any))
	default:
		return 0
	}
}

func ascendingObjects(a, b map[string]any) int {
	return slices.CompareFunc(slices.Sorted(maps.Keys(a)), slices.Sorted(maps.Keys(b)), func(x, y string) int {
		if c := strings.Compare(x, y); c != 0 {
			return c
		}
		return Ascending(a[x], b[x])
	})
}

// kind is the place of a value's kind in the order.
func kind(v any) int {
	switch v := v.(type) {
	case nil:
		return 0
	case bool:
		if !v {
			return 1
		}
		return 2
	case json.Number:
		return 3
	case string:
		return 4
	case []any:
		return 5
	default:
		return 6
	}
}
