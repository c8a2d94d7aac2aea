package segment

import (
	"context"

	"github.com/onecdp/onecdp/internal/page"
)

// CountSQL is the statement that counts the customers of a question.
func (s *Service) CountSQL(ctx context.Context, question Question) (string, error) {
	q, err := s.compile(ctx, s.db, nil, question)
	if err != nil {
		return "", err
	}
	defer q.done()
	sql, _ := settled(q.countSQL(), q.args)
	return sql, nil
}

// PageSQL is the statement that reads a page.
func (s *Service) PageSQL(ctx context.Context, question Question, request page.Request) (string, error) {
	q, err := s.compile(ctx, s.db, nil, question)
	if err != nil {
		return "", err
	}
	defer q.done()
	sql, _ := settled(q.pageSQL(request), q.args)
	return sql, nil
}

// Kept is how many values SQLite's functions can look up.
func Kept() (n int) {
	kept.Range(func(any, any) bool { n++; return true })
	return n
}
