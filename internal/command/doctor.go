package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/onecdp/onecdp/internal/doctor"
)

// doctorCommand looks at everything and changes nothing.
type doctorCommand struct {
	databaseSettings
	serverSettings
	meaningSettings
	Quick bool `help:"Leave out what reads whole tables of records and events, or the whole file."`
	JSON  bool `name:"json" help:"A line of JSON for each check: check, verdict, message, advice, count, rows."`
}

// Run prints a line for each check. It fails when one of them says FAIL.
func (c doctorCommand) Run(ctx context.Context, streams Streams) error {
	settings := doctor.Settings{
		Addr: c.Addr, MetricsAddr: c.MetricsAddr, AdminKey: c.AdminKey, Origins: c.CORSOrigins,
		Timezone: c.Timezone, Region: c.DefaultRegion, MaxIdentities: c.MaxIdentities,
	}
	failed, lines := 0, json.NewEncoder(streams.Out)
	lines.SetEscapeHTML(false)
	var unwritten error
	err := doctor.Examine(ctx, doctor.Options{DatabaseURL: c.DatabaseURL, Settings: settings, Quick: c.Quick}, func(f doctor.Finding) {
		if f.Verdict == doctor.Fail {
			failed++
		}
		if c.JSON {
			unwritten = errors.Join(unwritten, lines.Encode(f))
			return
		}
		fmt.Fprintln(streams.Out, f)
	})
	if err := errors.Join(err, unwritten); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%d checks failed", failed)
	}
	return nil
}
