package graph

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/onecdp/onecdp/graph/generated"
	"github.com/onecdp/onecdp/graph/model"
	"github.com/onecdp/onecdp/graph/together"
	"github.com/onecdp/onecdp/internal/page"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/tag"
)

// ahead is what a request asks of all customers that a field finds: it is read in the statement that finds them, and put where the
// resolvers of these fields look first.
//
// It holds one list of each kind, the first that is asked for. Each combination is a statement of its own, and the statements that a
// connection keeps prepared are bounded: aliases must not make more of them.
type ahead struct {
	lists []profile.Ahead
	puts  []func(mates *together.Group[*model.Customer])
}

// step leads from a selection on an object type to the one below a field.
type step struct{ object, field string }

// The ways from fields to the customers that they find.
var (
	toCustomers = []step{}
	toNodes     = []step{{"CustomerConnection", "edges"}, {"CustomerEdge", "node"}}
)

// readAhead looks below the field that is being resolved, if that is the one named.
func (r *Resolver) readAhead(ctx context.Context, object, field string, way []step) *ahead {
	below := graphql.GetFieldContext(ctx)
	if below == nil || below.Object != object || below.Field.Field == nil || below.Field.Name != field {
		return &ahead{}
	}
	operation, selections := graphql.GetOperationContext(ctx), below.Field.Selections
	for _, step := range way {
		var next ast.SelectionSet
		for _, one := range graphql.CollectFields(operation, selections, []string{step.object}) {
			if one.Name == step.field {
				next = append(next, one.Selections...)
			}
		}
		selections = next
	}
	var (
		a    ahead
		done = map[string]bool{}
	)
	for _, asked := range graphql.CollectFields(operation, selections, []string{"Customer", "Node"}) {
		if done[asked.Name] {
			continue
		}
		done[asked.Name] = true
		switch asked.Name {
		case "identities":
			a.identities(ctx, r, asked)
		case "tags":
			a.tags(ctx, r, asked)
		case "events":
			a.events(ctx, r, asked)
		}
	}
	return &a
}

func (a *ahead) identities(ctx context.Context, r *Resolver, asked graphql.CollectedField) {
	args, err := generated.Args(ctx, "Customer", asked)
	if err != nil {
		return // the field will say so
	}
	typeName, _ := args["type"].(*string)
	var (
		found      [][]profile.Identity
		query, key = identitiesAsked(typeName)
	)
	list, ok := r.Profile.IdentitiesAhead(query, &found)
	a.add(list, ok, func(mates *together.Group[*model.Customer]) {
		together.Put(mates, key, r.identitiesShown(ctx, mates.Members, shownOf(mates, found)))
	})
}

func (a *ahead) tags(ctx context.Context, r *Resolver, asked graphql.CollectedField) {
	args, err := generated.Args(ctx, "Customer", asked)
	if err != nil {
		return
	}
	keys, _ := args["keys"].([]string)
	var found [][]tag.Value
	list, ok := r.Tags.Ahead(keys, instant(ctx), &found)
	a.add(list, ok, func(mates *together.Group[*model.Customer]) {
		together.Put(mates, tagsAsked(keys), tagsShown(shownOf(mates, found)))
	})
}

func (a *ahead) events(ctx context.Context, r *Resolver, asked graphql.CollectedField) {
	args, err := generated.Args(ctx, "Customer", asked)
	if err != nil {
		return
	}
	filter := profile.EventFilter{AsOf: instant(ctx)}
	filter.Names, _ = args["names"].([]string)
	filter.Since, _ = args["since"].(*time.Time)
	filter.Until, _ = args["until"].(*time.Time)
	first, _ := args["first"].(*int)
	after, _ := args["after"].(*string)
	request, err := readEventPage(first, after)
	if err != nil {
		return
	}
	var found []page.Page[profile.Event]
	list, ok := r.Profile.EventsAhead(profile.EventQuery{EventFilter: filter, Request: request}, &found)
	a.add(list, ok, func(mates *together.Group[*model.Customer]) {
		together.Put(mates, eventsAsked(filterText(filter), request), eventPages(mates.Members, shownOf(mates, found)))
	})
}

func (a *ahead) add(list profile.Ahead, ok bool, put func(mates *together.Group[*model.Customer])) {
	if ok {
		a.lists, a.puts = append(a.lists, list), append(a.puts, put)
	}
}

// shownOf leaves out the customer who was read after the end of a page, to know whether there is another page.
func shownOf[T any](mates *together.Group[*model.Customer], lists []T) []T {
	return lists[:len(mates.Members)]
}

// customers makes the group of customers that were found, with what was read ahead of them.
func (a *ahead) customers(found []*profile.Customer) []*model.Customer {
	customers := model.Customers(found)
	for _, one := range customers {
		if one != nil {
			for _, put := range a.puts {
				put(one.Mates)
			}
			break
		}
	}
	return customers
}
