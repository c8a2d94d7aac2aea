package doctor

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/onecdp/onecdp/internal/store"
)

// unused is how long a key that never expires may go without being used before somebody should ask whose it is.
const unused = 90 * 24 * time.Hour

// stored compares the settings with those that the first start stored: a server that differs does not start.
func (e *examination) stored(ctx context.Context) error {
	for _, setting := range []struct{ name, given, variable string }{
		{"default_region", e.options.Settings.Region, "ONECDP_DEFAULT_REGION"},
		{"max_identities", strconv.Itoa(e.options.Settings.MaxIdentities), "ONECDP_MAX_IDENTITIES"},
	} {
		value, err := e.text(ctx, "SELECT value FROM settings WHERE name = $1", setting.name)
		if err != nil {
			return err
		}
		check := strings.ReplaceAll(setting.name, "_", "-") + "-stored"
		switch value {
		case "":
			e.report(ok(check, "nothing is stored yet: the first start does it"))
		case setting.given:
			e.report(ok(check, value))
		default:
			e.report(failed(check, fmt.Sprintf("the database was started with %s, this server has %s and would not start", value, setting.given), "set "+setting.variable+"="+value))
		}
	}
	return nil
}

// keys looks for keys that nobody seems to need.
func (e *examination) keys(ctx context.Context) error {
	rows, err := e.db.QueryFresh(ctx, "SELECT name FROM api_keys WHERE revoked_at IS NULL AND expires_at IS NULL AND last_used_at IS NULL AND created_at < $1"+
		" OR revoked_at IS NULL AND expires_at IS NULL AND last_used_at < $1 ORDER BY name", store.Now().Add(-unused))
	names, err := store.Collect(rows, err, func(row store.Row, into *string) error { return row.Scan(into) })
	if err != nil {
		return fmt.Errorf("look at the keys: %w", err)
	}
	if len(names) == 0 {
		e.report(ok("keys", "all that never expire are in use"))
		return nil
	}
	quoted := make([]string, min(len(names), someRows))
	for i := range quoted {
		quoted[i] = strconv.Quote(names[i])
	}
	e.report(warn("keys", fmt.Sprintf("%d that never expire were not used for 90 days, such as %s", len(names), strings.Join(quoted, ", ")), "onecdp key revoke NAME"))
	return nil
}
