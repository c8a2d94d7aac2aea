package segment

import (
	"errors"

	"github.com/onecdp/onecdp/internal/rule"
	"github.com/onecdp/onecdp/internal/store"
)

// matching are the texts of a document that match the pattern of a test. PostgreSQL has no RE2: the distinct texts
// are tested here and those that match are bound. They are read just before the query itself; what a write adds in
// between counts as after it.
func (e postgresEngine) matching(c *compiler, doc document, test rule.Test) []string {
	sub := c.beside()
	rows := doc.rows(sub)
	query := "SELECT DISTINCT " + doc.column + " FROM " + rows
	if !doc.text {
		elements := "'lax $[*]'"
		switch {
		case doc.dotted:
			elements = sub.bind("path", jsonPath(doc.key)+"[*]") + "::jsonpath"
		case !doc.whole:
			elements = sub.bind("path", jsonMember(doc.key)+"[*]") + "::jsonpath"
		}
		query = "SELECT DISTINCT x.v #>> '{}' FROM (SELECT " + doc.column + " AS doc FROM " + rows +
			") AS r, jsonb_path_query(r.doc, " + elements + ") AS x(v) WHERE jsonb_typeof(x.v) = 'string'"
	}
	pattern := test.Regexp()
	found := []string{}
	sqlRows, err := c.db.QueryFresh(c.ctx, query, sub.args...)
	_, err = store.Collect(sqlRows, err, func(row store.Row, _ *struct{}) error {
		var text string
		if err := row.Scan(&text); err != nil {
			return err
		}
		if err := c.ctx.Err(); err != nil { // the rows that have come already may take long
			return err
		}
		if pattern.MatchString(text) {
			found = append(found, text)
		}
		return nil
	})
	if err != nil {
		c.failure = errors.Join(c.failure, err)
	}
	return found
}
