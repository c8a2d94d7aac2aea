package command

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/onecdp/onecdp/internal/access"
	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/store"
	"github.com/onecdp/onecdp/internal/value"
)

// keyCommand groups what can be done with API keys.
type keyCommand struct {
	Create keyCreateCommand `cmd:"" help:"Make a key and print its secret, once."`
	List   keyListCommand   `cmd:"" help:"List the keys; secrets are not kept."`
	Rotate keyRotateCommand `cmd:"" help:"Give a key a new secret and print it, once; the one before works on for a while."`
	Revoke keyRevokeCommand `cmd:"" help:"End a key at once, on every server."`
}

// keyCreateCommand makes a key.
type keyCreateCommand struct {
	databaseSettings
	logSettings
	Name    string   `arg:"" help:"What the key is for; records sent to /v1 carry it as their source."`
	Scopes  []string `short:"s" required:"" placeholder:"SCOPE" help:"What it may do, with commas between: read, ingest, manage, personal, admin."`
	Expires string   `placeholder:"TIME" help:"When it ends, as 2030-01-31T00:00:00+08:00; without it, never."`
}

// Run makes the key. The secret alone goes to the output, so that it can be piped.
func (c keyCreateCommand) Run(ctx context.Context, streams Streams) error {
	scopes, err := access.ParseScopes(c.Scopes)
	if err != nil {
		return err
	}
	var expires *time.Time
	if c.Expires != "" {
		instant, ok := value.ParseInstant(c.Expires)
		if !ok {
			return fmt.Errorf("--expires is no time: write it as 2030-01-31T00:00:00+08:00")
		}
		expires = &instant
	}
	db, err := openDatabase(ctx, c.DatabaseURL, c.logger(streams.Err))
	if err != nil {
		return err
	}
	secret, _, err := access.New(db, "").Create(ctx, c.Name, scopes, expires)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	if len(scopes) == 1 && scopes[0] == access.Personal {
		fmt.Fprintln(streams.Err, "personal alone lets a key do nothing: it shows personal data to a key that has read too")
	}
	fmt.Fprintf(streams.Err, "A key for %s, shown only now:\n", store.Redact(c.DatabaseURL))
	fmt.Fprintln(streams.Out, secret)
	return db.Close()
}

// keyListCommand lists keys.
type keyListCommand struct {
	databaseSettings
	logSettings
}

// Run lists the keys.
func (c keyListCommand) Run(ctx context.Context, streams Streams) error {
	return withDatabase(ctx, c.DatabaseURL, func(db *store.DB) error {
		keys, err := access.New(db, "").List(ctx)
		if err != nil {
			return err
		}
		now, table := store.Now(), tabwriter.NewWriter(streams.Out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "NAME\tENDS IN\tSCOPES\tMADE\tLAST USED\tSTATE")
		for _, key := range keys {
			scopes := make([]string, len(key.Scopes))
			for i, scope := range key.Scopes {
				scopes[i] = string(scope)
			}
			fmt.Fprintf(table, "%s\t…%s\t%s\t%s\t%s\t%s\n", key.Name, key.Hint, strings.Join(scopes, ","), key.CreatedAt.Format(time.DateOnly), lastUsed(key), state(key, now))
		}
		return table.Flush()
	})
}

// lastUsed says when a key was last used, to the minute.
func lastUsed(key access.Key) string {
	if key.LastUsedAt == nil {
		return "never"
	}
	return key.LastUsedAt.Format("2006-01-02T15:04Z07:00")
}

// state says whether a key lets anybody in, and whether its secret before still does.
func state(key access.Key, now time.Time) string {
	said := "in force"
	switch {
	case key.RevokedAt != nil:
		return "revoked " + key.RevokedAt.Format(time.DateOnly)
	case key.ExpiresAt == nil:
	case now.Before(*key.ExpiresAt):
		said = "until " + key.ExpiresAt.Format(time.RFC3339)
	default:
		return "expired " + key.ExpiresAt.Format(time.RFC3339)
	}
	if overlap := key.Overlap(now); overlap != nil {
		said += ", the secret before until " + overlap.Format(time.RFC3339)
	}
	return said
}

// keyRotateCommand gives a key a new secret.
type keyRotateCommand struct {
	databaseSettings
	logSettings
	Name    string `arg:"" help:"The key's name."`
	Overlap string `default:"P1D" placeholder:"DURATION" help:"How long the present secret works on, as P1D or PT2H, at most P90D; PT0S ends it at once (${default})"`
}

// Run gives the key a new secret, which alone goes to the output.
func (c keyRotateCommand) Run(ctx context.Context, streams Streams) error {
	return withDatabase(ctx, c.DatabaseURL, func(db *store.DB) error {
		secret, key, err := access.New(db, "").Rotate(ctx, c.Name, &c.Overlap)
		if err != nil {
			return namedKey(err, c.Name)
		}
		if overlap := key.Overlap(store.Now()); overlap != nil {
			fmt.Fprintf(streams.Err, "The secret before works until %s. ", overlap.Format(time.RFC3339))
		}
		fmt.Fprintln(streams.Err, "The new one is shown only now:")
		fmt.Fprintln(streams.Out, secret)
		return nil
	})
}

// keyRevokeCommand ends a key.
type keyRevokeCommand struct {
	databaseSettings
	logSettings
	Name string `arg:"" help:"The key's name."`
}

// Run revokes the key.
func (c keyRevokeCommand) Run(ctx context.Context, streams Streams) error {
	return withDatabase(ctx, c.DatabaseURL, func(db *store.DB) error {
		if err := access.New(db, "").Revoke(ctx, c.Name); err != nil {
			return namedKey(err, c.Name)
		}
		fmt.Fprintf(streams.Out, "%s is revoked\n", c.Name)
		return nil
	})
}

// withDatabase opens a database that is there, for one piece of work.
func withDatabase(ctx context.Context, databaseURL string, work func(db *store.DB) error) error {
	db, err := existingDatabase(ctx, databaseURL)
	if err != nil {
		return err
	}
	return errors.Join(work(db), db.Close())
}

// namedKey says how to find the name of a key where none has the one that was given.
func namedKey(err error, name string) error {
	var f *fault.Error
	if errors.As(err, &f) && f.Code == fault.NotFound {
		return fmt.Errorf("there is no key %s: onecdp key list shows them", name)
	}
	return err
}
