package segment

import (
	"strings"

	"github.com/onecdp/onecdp/internal/rule"
)

// numbers is the condition on an exact number times a factor; "" is no factor.
func numbersHold(c *compiler, number, factor string, is rule.NumberComparison) string {
	conditions := make([]string, len(is.Limits))
	for i, limit := range is.Limits {
		conditions[i] = number + " " + sign(limit.Op) + " " + c.args.Bind(limit.Value) + "::numeric" + factor
	}
	return strings.Join(conditions, " AND ")
}

func (postgresEngine) amounts(c *compiler, aggregate rule.Aggregate, filter string, is rule.NumberComparison) string {
	if aggregate == rule.Avg { // of no amounts both sides are absent or zero: the count decides
		count := "count(e.amount)" + filter
		return count + " > 0 AND " + numbersHold(c, "sum(e.amount)"+filter, " * 1000000 * "+count, is)
	}
	return numbersHold(c, "coalesce(sum(e.amount)"+filter+", 0)", " * 1000000", is)
}

func (e postgresEngine) properties(c *compiler, aggregate rule.Aggregate, path, filter string, is rule.NumberComparison) (having, join string) {
	elements := "jsonb_path_query(e.properties, " + c.bind("path", jsonPath(path)+"[*]") + "::jsonpath) AS x(v)"
	if aggregate == rule.Distinct {
		scalar := "jsonb_typeof(x.v) IN ('string', 'number', 'boolean')"
		if filter == "" {
			filter = " FILTER (WHERE " + scalar + ")"
		} else {
			filter = strings.TrimSuffix(filter, ")") + " AND " + scalar + ")"
		}
		return c.integers("count(DISTINCT x.v)"+filter, is.Integers(0)), " LEFT JOIN LATERAL " + elements + " ON true"
	}
	each := func(of string) string {
		return "(SELECT " + of + " FROM " + elements + " WHERE jsonb_typeof(x.v) = 'number')"
	}
	switch aggregate {
	case rule.Min:
		return numbersHold(c, "min("+each("min(x.v::numeric)")+")"+filter, "", is), ""
	case rule.Max:
		return numbersHold(c, "max("+each("max(x.v::numeric)")+")"+filter, "", is), ""
	case rule.Avg:
		count := "sum(" + each("count(*)") + ")" + filter
		return "coalesce(" + count + ", 0) > 0 AND " + numbersHold(c, "sum("+each("sum(x.v::numeric)")+")"+filter, " * "+count, is), ""
	default:
		return numbersHold(c, "coalesce(sum("+each("sum(x.v::numeric)")+")"+filter+", 0)", "", is), ""
	}
}
