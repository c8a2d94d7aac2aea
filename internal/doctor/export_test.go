package doctor

// What tests look at without a server that has such settings.
var (
	Logged          = logged
	Durability      = durability
	Isolation       = isolation
	Connections     = connections
	Clocks          = clocks
	Line            = line
	Autovacuum      = autovacuum
	PostgresVersion = postgresVersion
	SQLiteVersion   = sqliteVersion
	JournalMode     = journalMode
	Secrecy         = secrecy
	Space           = space
)

// Parameters are a server's settings.
type Parameters = parameters
