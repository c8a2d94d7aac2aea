package demo

import (
	"crypto/sha256"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/ingest"
	"github.com/onecdp/onecdp/internal/value"
)

var today = time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)

func digest(seed uint64, people int, now time.Time) [32]byte {
	hash := sha256.New()
	for record := range World(seed, people, now) {
		hash.Write(value.JSON(record))
	}
	return [32]byte(hash.Sum(nil))
}

func TestOneSeedIsOneWorld(t *testing.T) {
	t.Parallel()
	first := digest(1, 300, today)
	if digest(1, 300, today) != first {
		t.Error("the same seed gave another world")
	}
	if digest(2, 300, today) == first {
		t.Error("another seed gave the same world")
	}
	if digest(1, 300, today.AddDate(0, 0, 1)) == first {
		t.Error("the world does not move with the day")
	}
}

func TestEveryRecordIsWellFormed(t *testing.T) {
	t.Parallel()
	registry, err := identity.NewRegistry(identity.Defaults(), "CN")
	if err != nil {
		t.Fatal(err)
	}
	messages := map[string]bool{}
	events := map[string]int{}
	channels := map[string]bool{}
	count, latest := 0, time.Time{}
	for record := range World(DefaultSeed, People, today) {
		count++
		read, err := ingest.Read(record, fault.Path{count})
		if err != nil {
			t.Fatal(err)
		}
		if kept, dropped := registry.Read(read.Claims); len(dropped) > 0 || len(kept) == 0 {
			t.Fatalf("%v: dropped %v", record, dropped)
		}
		if messages[read.Source+" "+read.MessageID] {
			t.Fatalf("the message id %s twice", read.MessageID)
		}
		messages[read.Source+" "+read.MessageID] = true
		if read.OccurredAt.After(today) || read.OccurredAt.Before(latest) {
			t.Fatalf("%s happened at %s", read.MessageID, read.OccurredAt)
		}
		latest = read.OccurredAt
		channel, _, _ := strings.Cut(read.Channel, ":")
		channels[channel] = true
		if read.Event != nil {
			events[read.Event.Name]++
		}
	}
	t.Logf("%d records, events %v, channels %v", count, events, slices.Sorted(maps.Keys(channels)))
	for _, name := range []string{viewed, added, ordered, refunded, shared, visited, joined, invited, complains, signedUp} {
		if events[name] < 20 {
			t.Errorf("%d events %q", events[name], name)
		}
	}
	if events[viewed] < events[ordered] || count < 15_000 || count > 45_000 {
		t.Errorf("%d records are no retail world: %v", count, events)
	}
}

// TestPeopleBecomeCustomers joins what strong identities join, without a database.
func TestPeopleBecomeCustomers(t *testing.T) {
	t.Parallel()
	registry, err := identity.NewRegistry(identity.Defaults(), "CN")
	if err != nil {
		t.Fatal(err)
	}
	leader := map[identity.Identity]identity.Identity{}
	var find func(id identity.Identity) identity.Identity
	find = func(id identity.Identity) identity.Identity {
		if up, ok := leader[id]; ok && up != id {
			leader[id] = find(up)
			return leader[id]
		}
		leader[id] = id
		return id
	}
	for record := range World(DefaultSeed, People, today) {
		read, err := ingest.Read(record, nil)
		if err != nil {
			t.Fatal(err)
		}
		kept, _ := registry.Read(read.Claims)
		centre, _ := registry.Strongest(kept)
		for _, id := range kept {
			typ, _ := registry.Type(id.Type)
			if root := find(id); typ.Strength == identity.Strong || root == id && len(kept) > 1 {
				leader[root] = find(centre)
			}
		}
	}
	sizes := map[identity.Identity]int{}
	for id := range leader {
		sizes[find(id)]++
	}
	if len(sizes) < People || len(sizes) > People*106/100 {
		t.Errorf("%d people are %d customers", People, len(sizes))
	}
	if largest := slices.Max(slices.Collect(maps.Values(sizes))); largest > 12 {
		t.Errorf("somebody has %d identities", largest)
	}
}
