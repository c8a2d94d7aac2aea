package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/onecdp/onecdp/graph/model"
	"github.com/onecdp/onecdp/graph/together"
	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/gid"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/page"
	"github.com/onecdp/onecdp/internal/profile"
	"github.com/onecdp/onecdp/internal/throttle"
)

// mostLookups is how many identities customersByIdentity takes.
const mostLookups = 100

// rowsOf are the rows of customers.
func rowsOf(customers []*model.Customer) []profile.Row {
	rows := make([]profile.Row, len(customers))
	for i, customer := range customers {
		rows[i] = customer.Row
	}
	return rows
}

// distinct calls find with each key once and gives everybody what was found for their key; keys that are zero find nobody.
func distinct[K comparable](keys []K, find func([]K) ([]*model.Customer, error)) ([]*model.Customer, error) {
	var none K
	place := map[K]int{}
	var once []K
	for _, key := range keys {
		if _, seen := place[key]; !seen && key != none {
			place[key] = len(once)
			once = append(once, key)
		}
	}
	all := make([]*model.Customer, len(keys))
	if len(once) == 0 {
		return all, nil
	}
	customers, err := find(once)
	if err != nil {
		return nil, err
	}
	for i, key := range keys {
		if key != none {
			all[i] = customers[place[key]]
		}
	}
	return all, nil
}

func (r *Resolver) customersByHandle(ctx context.Context, handles []profile.Handle, ahead *ahead) ([]*model.Customer, error) {
	return distinct(handles, func(once []profile.Handle) ([]*model.Customer, error) {
		found, err := r.Profile.ByHandles(ctx, once, ahead.lists...)
		if err != nil {
			return nil, err
		}
		return ahead.customers(found), nil
	})
}

func (r *Resolver) customersByRow(ctx context.Context, rows []profile.Row) ([]*model.Customer, error) {
	return distinct(rows, func(once []profile.Row) ([]*model.Customer, error) {
		found, err := r.Profile.ByRows(ctx, once)
		return model.Customers(found), err
	})
}

// customer finds a customer by any global id they ever had; nil when there is none.
func (r *Resolver) customer(ctx context.Context, id string, at fault.Path) (*model.Customer, error) {
	handle, err := gid.DecodeOne(gid.Customer, id, at)
	if err != nil {
		return nil, err
	}
	found, err := r.customersByHandle(ctx, []profile.Handle{profile.Handle(handle)}, r.readAhead(ctx, "Query", "customer", toCustomers))
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

func (r *Resolver) customersByIdentity(ctx context.Context, claims []*identity.Claim) ([]*model.Customer, error) {
	if len(claims) == 0 || len(claims) > mostLookups {
		return nil, fault.Bad(fault.Path{"identities"}, "%d identities; one request looks up 1 to %d", len(claims), mostLookups)
	}
	wanted := make([]identity.Claim, len(claims))
	for i, claim := range claims {
		wanted[i] = *claim
	}
	return r.lookUp(ctx, r.readAhead(ctx, "Query", "customersByIdentity", toCustomers), wanted...)
}

func (r *Resolver) customerByIdentity(ctx context.Context, claim identity.Claim) (*model.Customer, error) {
	found, err := r.lookUp(ctx, r.readAhead(ctx, "Query", "customerByIdentity", toCustomers), claim)
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// guesses bounds how fast who may not see a value can find it by looking up all that it could be: a mask leaves ten thousand phone
// numbers.
var guesses = throttle.Limits{PerSecond: 1000.0 / 60, Most: 1000}

func (r *Resolver) lookUp(ctx context.Context, ahead *ahead, claims ...identity.Claim) ([]*model.Customer, error) {
	giveBack, err := r.guess(ctx, claims)
	if err != nil {
		return nil, err
	}
	found, err := r.Profile.ByIdentities(ctx, claims, ahead.lists...)
	if err != nil {
		return nil, err
	}
	giveBack(found)
	return ahead.customers(found), nil
}

// guess takes what the claims could be guesses of. What was found was none and is given back.
func (r *Resolver) guess(ctx context.Context, claims []identity.Claim) (giveBack func(found []*profile.Customer), err error) {
	masked := func(i int) bool { return r.OneID.Registry().Masked(identity.TypeName(claims[i].Type)) }
	count := 0
	for i := range claims {
		if masked(i) {
			count++
		}
	}
	if count == 0 || seesPersonal(ctx) {
		return func([]*profile.Customer) {}, nil
	}
	caller, _ := access.FromContext(ctx)
	if _, wait := r.guesses.Take(caller.Name, float64(count), r.clock()); wait > 0 {
		refusal := fault.New(fault.RateLimited, "the key has looked up too many phone numbers, addresses or ids that nobody has").
			WithHint("%d a minute are free for a key without the scope personal", int(guesses.Most))
		refusal.RetryAfter = wait
		return nil, refusal
	}
	return func(found []*profile.Customer) {
		known := 0
		for i, one := range found {
			if one != nil && masked(i) {
				known++
			}
		}
		if known > 0 {
			r.guesses.Return(caller.Name, float64(known), r.clock())
		}
	}, nil
}

// attribute is one attribute of a customer with its provenance; nil when they do not have it.
func (r *Resolver) attribute(ctx context.Context, customer *model.Customer, name string) (*model.AttributeValue, error) {
	type key struct{ attribute string }
	all, err := together.Load(ctx, customer.Mates, key{name}, func(ctx context.Context, mates []*model.Customer) ([]*model.AttributeValue, error) {
		origins, err := r.provenance(ctx, customer.Mates)
		if err != nil {
			return nil, err
		}
		values := make([]*model.AttributeValue, len(mates))
		group := &together.Group[*model.AttributeValue]{}
		var sources []int32
		for i, mate := range mates {
			found, has, err := mate.Attribute(name, origins[i])
			if err != nil {
				return nil, err
			}
			if !has {
				continue
			}
			values[i] = &model.AttributeValue{
				Name: found.Name, Value: found.Value, ObservedAt: found.ObservedAt,
				IdentityID: found.IdentityID, Mates: group, Place: len(group.Members),
			}
			group.Members = append(group.Members, values[i])
			sources = append(sources, found.Source)
		}
		if len(sources) == 0 {
			return values, nil
		}
		names, err := r.Sources(ctx, sources)
		if err != nil {
			return nil, err
		}
		for i, value := range group.Members {
			value.Source = textOrNone(names[i])
		}
		return values, nil
	})
	if err != nil {
		return nil, err
	}
	return all[customer.Place], nil
}

// provenance says where the attributes of each of a group come from.
func (r *Resolver) provenance(ctx context.Context, mates *together.Group[*model.Customer]) ([]json.RawMessage, error) {
	return together.Load(ctx, mates, "provenance", func(ctx context.Context, mates []*model.Customer) ([]json.RawMessage, error) {
		return r.Profile.Provenance(ctx, rowsOf(mates))
	})
}

func textOrNone(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// events is a page of a customer's events.
func (r *Resolver) events(ctx context.Context, customer *model.Customer, filter profile.EventFilter, first *int, after *string) (*model.EventConnection, error) {
	request, err := readEventPage(first, after)
	if err != nil {
		return nil, err
	}
	filter.AsOf = instant(ctx)
	type countKey struct{ filter string }
	same := filterText(filter)
	pages, err := together.Load(ctx, customer.Mates, eventsAsked(same, request),
		func(ctx context.Context, mates []*model.Customer) ([]*model.EventConnection, error) {
			found, err := r.Profile.Events(ctx, rowsOf(mates), profile.EventQuery{EventFilter: filter, Request: request})
			if err != nil {
				return nil, err
			}
			return eventPages(mates, found), nil
		})
	if err != nil {
		return nil, err
	}
	connection := *pages[customer.Place]
	connection.Count = func(ctx context.Context) (int, error) {
		counts, err := together.Load(ctx, customer.Mates, countKey{same}, func(ctx context.Context, mates []*model.Customer) ([]int, error) {
			return r.Profile.CountEvents(ctx, rowsOf(mates), filter)
		})
		if err != nil {
			return 0, err
		}
		return counts[customer.Place], nil
	}
	return &connection, nil
}

// readEventPage reads which events of each customer are asked for.
func readEventPage(first *int, after *string) (page.Request, error) {
	return profile.EventPages.Read(first, after, 20, nil)
}

// eventsKey tells apart what is asked about the events of a group.
type eventsKey struct {
	filter string
	first  int
	after  string
}

func eventsAsked(filter string, request page.Request) eventsKey {
	return eventsKey{filter, request.First, fmt.Sprint(request.After)}
}

// filterText is equal for equal filters.
func filterText(filter profile.EventFilter) string {
	var text strings.Builder
	if filter.Names != nil {
		fmt.Fprintf(&text, "%q", filter.Names)
	}
	for _, bound := range []*time.Time{filter.Since, filter.Until} {
		text.WriteByte(' ')
		if bound != nil {
			text.WriteString(bound.UTC().Format(time.RFC3339Nano))
		}
	}
	return text.String()
}

// eventPages makes the pages of the customers, whose events form one group.
func eventPages(customers []*model.Customer, pages []page.Page[profile.Event]) []*model.EventConnection {
	group := &together.Group[*model.Event]{}
	connections := make([]*model.EventConnection, len(pages))
	for i, one := range pages {
		events, all := make([]model.Event, len(one.Items)), make([]model.EventEdge, len(one.Items))
		edges := make([]*model.EventEdge, len(one.Items))
		for j, event := range one.Items {
			events[j] = model.Event{Event: event, Owner: customers[i], Mates: group, Place: len(group.Members)}
			group.Members = append(group.Members, &events[j])
			all[j] = model.EventEdge{Node: &events[j], At: func() string { return one.Cursor(j) }}
			edges[j] = &all[j]
		}
		connections[i] = &model.EventConnection{Edges: edges, PageInfo: pageInfo(one)}
	}
	return connections
}
