package load_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/segment"
)

// script computes from the purchase log alone how many customers have two orders or more from 1997-01 to 1997-09, a hundred
// dollars or more in all, and no order since 1998-01-01; and at last, how many are all three.
func script(log string) (frequent, valuable, gone, all int) {
	orders, cents, last := map[string]int{}, map[string]int{}, map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(log), "\n")[1:] {
		f := strings.Fields(line)
		paid, _ := strconv.Atoi(strings.Replace(f[3], ".", "", 1))
		cents[f[0]], last[f[0]] = cents[f[0]]+paid, max(last[f[0]], f[1])
		if f[1] < "19971001" {
			orders[f[0]]++
		}
	}
	for customer := range cents {
		a, b, c := orders[customer] >= 2, cents[customer] >= 100_00, last[customer] < "19980101"
		frequent, valuable, gone, all = frequent+one(a), valuable+one(b), gone+one(c), all+one(a && b && c)
	}
	return frequent, valuable, gone, all
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// question is a rule with the number of customers that it must find.
type question struct {
	name  string
	where map[string]any
	want  int
}

// questionsOf are the script's questions in the segment language. The days of the log are days in Shanghai, by its mapping.
func questionsOf(frequent, valuable, gone, all int) []question {
	names := []any{"Order Completed"}
	twice := map[string]any{"event": map[string]any{
		"names": names, "within": map[string]any{"since": "1997-01-01T00:00:00+08:00", "until": "1997-10-01T00:00:00+08:00"}, "is": map[string]any{"gte": 2},
	}}
	hundred := map[string]any{"event": map[string]any{"names": names, "aggregate": "SUM", "property": "amount", "is": map[string]any{"gte": 100}}}
	silent := map[string]any{"not": map[string]any{"event": map[string]any{"names": names, "within": map[string]any{"since": "1998-01-01T00:00:00+08:00"}}}}
	return []question{
		{"two orders in 1997-01..1997-09", twice, frequent},
		{"a hundred dollars in total", hundred, valuable},
		{"no order since 1998-01-01", silent, gone},
		{"all three", map[string]any{"all": []any{twice, hundred, silent}}, all},
	}
}

func answersLikeTheScript(t *testing.T, segments *segment.Service, questions []question) {
	t.Helper()
	for _, q := range questions {
		rule, err := segments.Read(q.where, fault.Path{"where"})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		count, err := segments.Count(t.Context(), segment.Question{Rule: rule, AsOf: began, Zone: time.UTC})
		if err != nil || count != int64(q.want) {
			t.Errorf("%s: %d customers, the script finds %d (%v)", q.name, count, q.want, err)
		}
		t.Logf("%s: %d in %s", q.name, count, time.Since(began))
	}
}
