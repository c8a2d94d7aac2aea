package otlp_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/otlp"
)

func TestACollectorThatIsDownIsToldOnceAMinute(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	failures := &otlp.Failures{Log: slog.New(slog.NewTextHandler(&log, nil))}
	start := time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)
	for second := range 121 {
		failures.Failed(start.Add(time.Duration(second)*time.Second), errors.New("refused"))
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 3 {
		t.Fatal(log.String())
	}
	for i, want := range []string{"cause=refused times=1", "times=60", "times=60"} {
		if !strings.HasSuffix(lines[i], want) {
			t.Errorf("%s, want %s", lines[i], want)
		}
	}
}
