package together_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/onecdp/onecdp/graph/together"
)

func TestAFieldIsLoadedOnceForAll(t *testing.T) {
	t.Parallel()
	group := &together.Group[int]{Members: []int{1, 2, 3}}
	var loads atomic.Int64
	double := func(_ context.Context, members []int) ([]int, error) {
		loads.Add(1)
		doubled := make([]int, len(members))
		for i, member := range members {
			doubled[i] = 2 * member
		}
		return doubled, nil
	}
	var askers sync.WaitGroup
	for i := range 30 {
		askers.Go(func() {
			all, err := together.Load(t.Context(), group, "double", double)
			if err != nil || all[i%3] != 2*(i%3+1) {
				t.Errorf("%v, %v", all, err)
			}
		})
	}
	askers.Wait()
	if loads.Load() != 1 {
		t.Errorf("%d loads", loads.Load())
	}
	if _, err := together.Load(t.Context(), group, "another", double); err != nil || loads.Load() != 2 {
		t.Errorf("another key: %d loads, %v", loads.Load(), err)
	}
}

func TestEverybodyHearsOfAFailure(t *testing.T) {
	t.Parallel()
	group := &together.Group[int]{Members: []int{1, 2}}
	broken := errors.New("broken")
	for range 2 {
		_, err := together.Load(t.Context(), group, "x", func(context.Context, []int) ([]int, error) { return nil, broken })
		if !errors.Is(err, broken) {
			t.Error(err)
		}
	}
}
