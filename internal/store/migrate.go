package store

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"

	"github.com/onecdp/onecdp/ent/migrate"
)

// migrations are embedded, numbered, and only ever added to: one folder per engine.
//
//go:embed migrations
var migrations embed.FS

// versionTable is where goose notes what it has applied.
const versionTable = "schema_migrations"

// Wanted is the schema ent describes, with the primary keys that ent cannot express. Each begins with
// the column the table is distributed by beyond one machine.
func Wanted() []*schema.Table {
	keys := map[string][]string{
		"events":       {"set_id", "occurred_at", "id"},
		"observations": {"set_id", "attribute_id", "observed_at", "record_id"},
		"records":      {"source_id", "message_id"},
		"set_owners":   {"set_id", "since"},

		"decisions":     {"operation_id", "part", "side", "identity_id"},
		"job_customers": {"job_id", "handle_id"},
		"merge_sides":   {"merge_id", "identity_id"},
		"set_mentions":  {"set_id", "key"},
	}
	// Ids of these come from ReserveIDs, not from a sequence.
	numbered := map[string]bool{
		"customers": true, "customer_handles": true, "customer_tags": true, "events": true, "identities": true,
		"identity_sets": true, "merges": true, "observations": true, "records": true, "set_owners": true,
		"operations": true, "decisions": true, "audit_entries": true, "jobs": true, "job_customers": true, "merge_sides": true, "set_mentions": true,
	}
	tables := make([]*schema.Table, len(migrate.Tables))
	for i, generated := range migrate.Tables {
		table := *generated
		table.ForeignKeys = nil
		table.Columns = make([]*schema.Column, len(generated.Columns))
		byName := map[string]*schema.Column{}
		for j, column := range generated.Columns {
			copied := *column
			copied.Increment = copied.Increment && !numbered[table.Name]
			table.Columns[j], byName[copied.Name] = &copied, &copied
		}
		primary := keys[table.Name]
		if primary == nil {
			for _, column := range generated.PrimaryKey {
				primary = append(primary, column.Name)
			}
		}
		table.PrimaryKey = nil
		for _, name := range primary {
			table.PrimaryKey = append(table.PrimaryKey, byName[name])
		}
		// The key's columns stand first, in its order: read back from SQLite, a key is in the table's order.
		slices.SortStableFunc(table.Columns, func(a, b *schema.Column) int {
			return cmp.Compare(rank(primary, a.Name), rank(primary, b.Name))
		})
		table.Indexes = make([]*schema.Index, len(generated.Indexes))
		for j, index := range generated.Indexes {
			copied := *index
			copied.Columns = nil
			for _, column := range index.Columns {
				copied.Columns = append(copied.Columns, byName[column.Name])
			}
			table.Indexes[j] = &copied
		}
		tables[i] = &table
	}
	return tables
}

// rank is the position of name in the key; columns outside it come after.
func rank(key []string, name string) int {
	if i := slices.Index(key, name); i >= 0 {
		return i
	}
	return len(key)
}

// Migrate brings the database to the newest schema. Several servers may call it at once: one works,
// the others wait. It returns the files it applied.
func (db *DB) Migrate(ctx context.Context) (applied []string, err error) {
	release, err := db.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	provider, err := db.provider()
	if err != nil {
		return nil, err
	}
	results, err := provider.Up(ctx)
	for _, result := range results {
		applied = append(applied, result.Source.Path)
	}
	if err != nil {
		return applied, fmt.Errorf("migrate: %w", err)
	}
	return applied, nil
}

// Pending says whether migrations wait to be applied.
func (db *DB) Pending(ctx context.Context) (bool, error) {
	provider, err := db.provider()
	if err != nil {
		return false, err
	}
	return provider.HasPending(ctx)
}

// Drift lists the statements that would turn the database into what this program wants. It is empty when
// nobody has changed the schema by hand.
func (db *DB) Drift(ctx context.Context) ([]string, error) {
	var plan bytes.Buffer
	driver := &schema.WriteDriver{Driver: entsql.OpenDB(db.entDialect(), db.writer), Writer: &plan}
	planner, err := schema.NewMigrate(driver, schema.WithForeignKeys(false), schema.WithDropIndex(true), schema.WithDropColumn(true))
	if err != nil {
		return nil, err
	}
	if err := planner.Create(ctx, Wanted()...); err != nil {
		return nil, fmt.Errorf("compare the schema: %w", err)
	}
	var statements []string
	for line := range strings.Lines(plan.String()) {
		if line = strings.TrimSpace(line); line != "" {
			statements = append(statements, line)
		}
	}
	return statements, nil
}

func (db *DB) provider() (*goose.Provider, error) {
	engine := database.DialectPostgres
	if db.dialect.Name() == "sqlite" {
		engine = database.DialectSQLite3
	}
	versions, err := database.NewStore(engine, versionTable)
	if err != nil {
		return nil, err
	}
	files, err := fs.Sub(migrations, "migrations/"+db.dialect.Name())
	if err != nil {
		return nil, err
	}
	return goose.NewProvider("", db.writer, files, goose.WithStore(versions), goose.WithDisableGlobalRegistry(true))
}
