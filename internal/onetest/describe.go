package onetest

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/onecdp/onecdp/internal/identity"
)

// Name is a short name of an identity.
func Name(id identity.Identity) string {
	text := id.Value
	if len(text) > 20 {
		text = text[:8]
	}
	if id.Scope != "" {
		return fmt.Sprintf("%s@%s:%s", id.Type, id.Scope, text)
	}
	return fmt.Sprintf("%s:%s", id.Type, text)
}

// Describe tells all that was done, a line each.
func (m *Model) Describe() string { return strings.Join(m.journal, "\n") }

func (m *Model) tell(what string, records []*Record) {
	lines := make([]string, len(records))
	for i, r := range records {
		claims := make([]string, len(r.Claims))
		for j, c := range r.Claims {
			claims[j] = Name(identity.Identity{Type: identity.TypeName(c.Type), Scope: c.Scope, Value: c.Value})
			if !c.Verified {
				claims[j] += "?"
			}
		}
		lines[i] = fmt.Sprintf("%d: %s %s/%s at %s: %s", m.step, what, r.Source, r.MessageID, r.At.UTC().Format("01-02T15:04:05.999999"), strings.Join(claims, " "))
		if r.Attributes != nil {
			lines[i] += fmt.Sprintf(" says %v", r.Attributes)
		}
		if r.Event != "" {
			lines[i] += " event"
		}
	}
	m.journal = append(m.journal, lines...)
}

func (o *Operation) describe() string {
	parts := []string{o.Kind}
	for _, p := range o.Links {
		parts = append(parts, "link "+Name(p[0])+"-"+Name(p[1]))
	}
	for _, p := range o.Apart {
		parts = append(parts, "apart "+Name(p[0])+"-"+Name(p[1]))
	}
	for _, u := range o.Unlinks {
		parts = append(parts, "unlink "+Name(u.Identity)+" until "+u.Since.UTC().Format("01-02T15:04:05.999999"))
	}
	for _, id := range o.Blocks {
		parts = append(parts, "block "+Name(id))
	}
	for _, message := range o.Retracts {
		parts = append(parts, "retract "+message.Source+"/"+message.ID)
	}
	if o.Withdraws != nil {
		parts = append(parts, "withdraws "+o.Withdraws.Kind)
	}
	if o.Undoes != nil {
		parts = append(parts, "undoes ["+o.Undoes.describe()+"]")
	}
	return strings.Join(parts, ", ")
}

func number(n *int) string {
	if n == nil {
		return "-"
	}
	return strconv.Itoa(*n)
}
