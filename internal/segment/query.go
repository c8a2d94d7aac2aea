package segment

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/onecdp/onecdp/internal/page"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/rule"
	"github.com/onecdp/onecdp/internal/store"
)

// Question is a rule with the instant and the time zone it is asked at.
type Question struct {
	Rule *rule.Rule // nil: everyone
	AsOf time.Time
	Zone *time.Location // governs the whole rule, referenced segments too

	// Masked says that the rule compares what who sees personal values masked is shown. It was read by ReadMasked.
	Masked bool
}

func (q Question) root() rule.Node {
	if q.Rule == nil {
		return &rule.All{}
	}
	return q.Rule.Root
}

// Member is a customer of a segment.
type Member struct {
	Row    profile.Row
	Handle profile.Handle
}

// Members is the connection of the customers a rule means, in the order of their public ids.
var Members = page.Connection{Name: "customers", Keys: 1}

// query is a statement made of rules.
type query struct {
	*compiler
	predicates []predicate
}

// compile makes predicates of questions; done must be called when the statement has been read.
func (s *Service) compile(ctx context.Context, from store.Querier, only *profile.Row, questions ...Question) (*query, error) {
	roots := make([]rule.Node, len(questions))
	for i, question := range questions {
		roots[i] = question.root()
	}
	words, err := lookUp(ctx, from, roots...)
	if err != nil {
		return nil, err
	}
	c := &compiler{
		ctx: ctx, db: from, types: s.types, engine: engineOf(from.Dialect()), words: words,
		only: only, held: &held{}, places: map[placed]string{},
	}
	q := &query{compiler: c}
	for i, question := range questions {
		c.env = rule.Env{AsOf: question.AsOf.UTC().Truncate(time.Microsecond), Zone: question.Zone, Masked: question.Masked}
		q.predicates = append(q.predicates, c.node(roots[i]))
	}
	if c.failure != nil {
		q.done()
		return nil, c.failure
	}
	return q, nil
}

// settled numbers the placeholders in the order of the text and drops the values of parts that came to nothing:
// PostgreSQL refuses a value that no text mentions. No text of ours holds a $ with a digit but a placeholder.
func settled(sql string, args store.Args) (string, store.Args) {
	var (
		text   strings.Builder
		used   store.Args
		places = map[string]string{}
	)
	for {
		start := strings.IndexByte(sql, '$')
		if start < 0 {
			text.WriteString(sql)
			return text.String(), used
		}
		end := start + 1
		for end < len(sql) && sql[end] >= '0' && sql[end] <= '9' {
			end++
		}
		old := sql[start:end]
		place, seen := places[old]
		if number, err := strconv.Atoi(old[1:]); err == nil && !seen {
			place = used.Bind(args[number-1])
			places[old] = place
		} else if err != nil {
			place = old
		}
		text.WriteString(sql[:start])
		text.WriteString(place)
		sql = sql[end:]
	}
}

func (q *query) done() { q.held.release() }

// countSQL counts the customers of the one question. What is made of sets alone is counted from them: whoever
// is in one is a living customer.
func (q *query) countSQL() string {
	switch p := q.predicates[0].(type) {
	case member:
		members := p.set.sql
		if !p.set.distinct {
			members = "SELECT DISTINCT id FROM (" + members + ") AS a"
		}
		if p.none {
			return "SELECT (SELECT count(*) FROM customers) - (SELECT count(*) FROM (" + members + ") AS m)"
		}
		return "SELECT count(*) FROM (" + members + ") AS m"
	case either:
		if union, ok := q.union(p); ok {
			return "SELECT count(*) FROM (SELECT DISTINCT id FROM (" + union + ") AS a) AS m"
		}
	case both:
		if first, rest, ok := leading(p); ok {
			return "SELECT count(*) FROM (" + first.sql + ") AS c WHERE " + q.condition(rest)
		}
	}
	return "SELECT count(*) FROM customers c WHERE " + q.condition(q.predicates[0])
}

// leading takes a set of groups out of conditions that are all on sets; the others can be put to its ids
// without looking at customers.
func leading(all both) (first set, rest predicate, ok bool) {
	place := -1
	for i, p := range all {
		m, isSet := p.(member)
		if !isSet {
			return set{}, nil, false
		}
		if place < 0 && !m.none && m.set.head != "" {
			place, first = i, m.set
		}
	}
	if place < 0 {
		return set{}, nil, false
	}
	return first, allOf(slices.Delete(slices.Clone([]predicate(all)), place, place+1)), true
}

func (q *query) pageSQL(request page.Request) string {
	sql := "SELECT c.id, c.public_id FROM customers c WHERE (" + q.condition(q.predicates[0]) + ")"
	if request.After != nil {
		sql += " AND c.public_id > " + q.args.Bind(request.After[0])
	}
	order := "c.public_id"
	if computesSets(q.predicates[0]) {
		order = q.engine.sorted(order)
	}
	return sql + " ORDER BY " + order + " LIMIT " + q.args.Bind(int64(request.Limit()))
}

// computesSets tells whether a set must be computed whole before the first customer can be told to be in it.
func computesSets(p predicate) bool {
	switch p := p.(type) {
	case member:
		return !p.none && p.set.head != ""
	case both:
		return slices.ContainsFunc(p, computesSets)
	case either:
		return slices.ContainsFunc(p, func(p predicate) bool { _, isSet := p.(member); return isSet || computesSets(p) })
	default:
		return false
	}
}

// Count is how many customers a rule means.
func (s *Service) Count(ctx context.Context, question Question) (int64, error) {
	q, err := s.compile(ctx, s.db, nil, question)
	if err != nil {
		return 0, err
	}
	defer q.done()
	sql, args := settled(q.countSQL(), q.args)
	return s.number(ctx, sql, args)
}

func (s *Service) number(ctx context.Context, sql string, args store.Args) (int64, error) {
	rows, err := s.db.QueryFresh(ctx, sql, args...)
	counts, err := store.Collect(rows, err, func(row store.Row, into *int64) error { return row.Scan(into) })
	if err != nil {
		return 0, err
	}
	return counts[0], nil
}

// Page is a page of the customers a rule means. request is of Members.
func (s *Service) Page(ctx context.Context, question Question, request page.Request) (page.Page[Member], error) {
	q, err := s.compile(ctx, s.db, nil, question)
	if err != nil {
		return page.Page[Member]{}, err
	}
	defer q.done()
	sql, args := settled(q.pageSQL(request), q.args)
	ask := s.db.QueryFresh
	if question.Rule == nil { // everybody: one plan is as good as another
		ask = s.db.Query
	}
	rows, err := ask(ctx, sql, args...)
	members, err := store.Collect(rows, err, func(row store.Row, into *Member) error { return row.Scan(&into.Row, &into.Handle) })
	if err != nil {
		return page.Page[Member]{}, err
	}
	return page.Cut(request, members, func(m Member) []int64 { return []int64{int64(m.Handle)} }), nil
}

// Preview is how large a segment would be.
type Preview struct {
	Count int64 // customers the rule means
	Total int64 // all customers
}

// Preview counts the customers a rule means, and all.
func (s *Service) Preview(ctx context.Context, question Question) (Preview, error) {
	count, err := s.Count(ctx, question)
	if err != nil {
		return Preview{}, err
	}
	total, err := s.number(ctx, "SELECT count(*) FROM customers", nil)
	return Preview{Count: count, Total: total}, err
}

// Sample is the first customers a rule means.
func (s *Service) Sample(ctx context.Context, question Question, first int) ([]Member, error) {
	sample, err := s.Page(ctx, question, Members.Start(first))
	return sample.Items, err
}

// Matches tells, for each of the questions, whether the rule means one customer. It reads that customer only;
// all are false when the row is gone.
func (s *Service) Matches(ctx context.Context, row profile.Row, questions ...Question) ([]bool, error) {
	return s.MatchesWithin(ctx, s.db, row, questions...)
}

// MatchesWithin is Matches as a transaction sees it.
func (s *Service) MatchesWithin(ctx context.Context, from store.Querier, row profile.Row, questions ...Question) ([]bool, error) {
	if len(questions) == 0 {
		return nil, nil
	}
	q, err := s.compile(ctx, from, &row, questions...)
	if err != nil {
		return nil, err
	}
	defer q.done()
	conditions := make([]string, len(questions))
	for i, p := range q.predicates {
		conditions[i] = "CASE WHEN " + q.condition(p) + " THEN 1 ELSE 0 END"
	}
	sql, args := settled("SELECT "+strings.Join(conditions, ", ")+" FROM customers c WHERE c.id = "+q.bind("row", int64(row)), q.args)
	rows, err := from.QueryFresh(ctx, sql, args...)
	answers, err := store.Collect(rows, err, func(found store.Row, into *[]bool) error {
		*into = make([]bool, len(questions))
		numbers, places := make([]int64, len(questions)), make([]any, len(questions))
		for i := range numbers {
			places[i] = &numbers[i]
		}
		if err := found.Scan(places...); err != nil {
			return err
		}
		for i, number := range numbers {
			(*into)[i] = number == 1
		}
		return nil
	})
	if err != nil || len(answers) == 0 {
		return make([]bool, len(questions)), err
	}
	return answers[0], nil
}
