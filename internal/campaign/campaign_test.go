package campaign_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/onecdp/onecdp/internal/campaign"
	"github.com/onecdp/onecdp/internal/dbtest"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/store"
)

func input() campaign.Input { return campaign.Input{Key: "618", Name: "618", Channel: "sms"} }

func TestACampaignIsMadeAsADraftAndFound(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		campaigns := campaign.New(db)
		made, err := campaigns.Create(t.Context(), campaign.Input{Key: "spring", Name: "Fru\u0308hling", Channel: "wechat", Stage: new("new"), SegmentID: new(int64(7))})
		if err != nil || made.State != campaign.Draft || made.Name != "Fr\u00fchling" || *made.Stage != "new" || *made.SegmentID != 7 || made.CreatedAt.IsZero() ||
			!made.UpdatedAt.Equal(made.CreatedAt) {
			t.Fatalf("got %+v, %v", made, err)
		}
		plain, err := campaigns.Create(t.Context(), input())
		if err != nil || plain.Stage != nil || plain.SegmentID != nil || plain.ID == made.ID {
			t.Fatalf("got %+v, %v", plain, err)
		}
		found, err := campaigns.ByKey(t.Context(), "spring")
		if err != nil || found == nil || found.ID != made.ID || found.Channel != "wechat" || !found.CreatedAt.Equal(made.CreatedAt) {
			t.Errorf("got %+v, %v", found, err)
		}
		for _, key := range []string{"Spring", "", "x' OR 1=1 --", "\x00", "\xff"} {
			if found, err := campaigns.ByKey(t.Context(), key); found != nil || err != nil {
				t.Errorf("%q: got %+v, %v", key, found, err)
			}
		}
		all, err := campaigns.ByIDs(t.Context(), []int64{plain.ID, 99, made.ID, plain.ID})
		if err != nil || all[0].Key != "618" || all[1] != nil || all[2].Key != "spring" || all[3] == nil {
			t.Errorf("got %v, %v", all, err)
		}
	})
}

func TestWhatCannotBeACampaignIsRefusedWholly(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		_, err := campaign.New(db).Create(t.Context(), campaign.Input{
			Key: "", Name: " ", Channel: strings.Repeat("x", 100_000), Stage: new("\x00"),
		})
		faults := fault.All(err)
		if len(faults) != 4 || len(err.Error()) > 500 {
			t.Fatalf("got %v", err)
		}
		for i, path := range []string{"key", "name", "channel", "stage"} {
			if faults[i].Code != fault.BadUserInput || faults[i].Path.String() != path {
				t.Errorf("got %v", faults[i])
			}
		}
	})
}

func TestAKeyBelongsToOneCampaign(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		campaigns := campaign.New(db)
		var made, refused atomic.Int64
		ctx := context.WithoutCancel(t.Context())
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				_, err := campaigns.Create(ctx, input())
				if err == nil {
					made.Add(1)
					return
				}
				if faults := fault.All(err); len(faults) == 1 && faults[0].Code == fault.Conflict && faults[0].Path.String() == "key" {
					refused.Add(1)
					return
				}
				t.Errorf("got %v", err)
			})
		}
		group.Wait()
		if made.Load() != 1 || refused.Load() != 7 {
			t.Errorf("%d made, %d refused", made.Load(), refused.Load())
		}
	})
}
