package command

import (
	"fmt"
	"io"
	"log/slog"
	"math"
	"time"
	_ "time/tzdata" // time zones on machines that have none, such as an empty container

	"github.com/onecdp/onecdp/internal/assembly"
	"github.com/onecdp/onecdp/internal/doctor"
	"github.com/onecdp/onecdp/internal/oneid"
	"github.com/onecdp/onecdp/internal/throttle"
)

// databaseSettings name the database.
type databaseSettings struct {
	DatabaseURL string `name:"database-url" env:"ONECDP_DATABASE_URL" default:"sqlite:data/onecdp.db" placeholder:"URL" help:"postgres://… or sqlite:PATH (${default})"`
}

// demoDatabaseSettings are the same with a database of the demo's own.
type demoDatabaseSettings struct {
	DatabaseURL string `name:"database-url" env:"ONECDP_DATABASE_URL" default:"sqlite:data/demo.db" placeholder:"URL" help:"postgres://… or sqlite:PATH (${default})"`
}

// meaningSettings decide what records mean. The database remembers the first two: a server that differs is refused.
type meaningSettings struct {
	DefaultRegion string `env:"ONECDP_DEFAULT_REGION" default:"CN" placeholder:"CC" help:"Country of phone numbers without a country code, two letters; fixed at the first start (${default})"`
	MaxIdentities int    `env:"ONECDP_MAX_IDENTITIES" default:"500" placeholder:"N" help:"Identities that one customer may hold; fixed at the first start (${default})"`
	Timezone      string `env:"ONECDP_TIMEZONE" default:"Asia/Shanghai" placeholder:"ZONE" help:"Time zone of calendar days, IANA name (${default})"`
}

// assembly checks the settings and hands them over.
func (m meaningSettings) assembly(adminKey string) (assembly.Settings, error) {
	zone, err := time.LoadLocation(m.Timezone)
	if err != nil || m.Timezone == "" || m.Timezone == "Local" {
		return assembly.Settings{}, fmt.Errorf("the time zone %q is unknown: use a name like Asia/Shanghai", m.Timezone)
	}
	if err := doctor.CheckRegion(m.DefaultRegion); err != nil {
		return assembly.Settings{}, err
	}
	if m.MaxIdentities < 1 {
		return assembly.Settings{}, fmt.Errorf("max identities is %d: it must be at least 1", m.MaxIdentities)
	}
	return assembly.Settings{
		OneID: oneid.Settings{Region: m.DefaultRegion, MaxIdentities: m.MaxIdentities}, Zone: zone, AdminKey: adminKey,
	}, nil
}

// logSettings say what is logged, to the error stream.
type logSettings struct {
	LogLevel  slog.Level `env:"ONECDP_LOG_LEVEL" default:"info" placeholder:"LEVEL" help:"debug, info, warn or error (${default})"`
	LogFormat string     `env:"ONECDP_LOG_FORMAT" default:"text" enum:"text,json" placeholder:"FORMAT" help:"${enum} (${default})"`
}

func (l logSettings) logger(to io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: l.LogLevel}
	if l.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(to, options))
	}
	return slog.New(slog.NewTextHandler(to, options))
}

// serverSettings are those of the HTTP server.
type serverSettings struct {
	Addr        string   `env:"ONECDP_ADDR" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where to listen (${default})"`
	AdminKey    string   `env:"ONECDP_ADMIN_KEY" placeholder:"KEY" help:"A key with every scope; with it none is made at the first start"`
	CORSOrigins []string `name:"cors-origins" env:"ONECDP_CORS_ORIGINS" placeholder:"ORIGIN" help:"Origins whose pages may call the API, such as https://crm.example; * is all"`
	MetricsAddr string   `env:"ONECDP_METRICS_ADDR" placeholder:"HOST:PORT" help:"Where to show /metrics without a key as well; keep it off networks of strangers"`
	RateLimit   float64  `env:"ONECDP_RATE_LIMIT" default:"5000000" placeholder:"POINTS" help:"Points that each API key gets back per second; 0 is no limit (${default})"`
	RateBurst   float64  `env:"ONECDP_RATE_BURST" default:"10000000" placeholder:"POINTS" help:"Points that each API key may save up, and so ask for at once (${default})"`
	PageSession bool     `env:"ONECDP_PAGE_SESSION" default:"true" negatable:"" help:"Sign GraphiQL in when it is opened on this machine; switch it off behind a proxy on the same machine"`
}

// limits checks the settings of rate limits and hands them over.
func (s serverSettings) limits() (throttle.Limits, error) {
	sane := func(points float64) bool { return points >= 0 && !math.IsInf(points, 0) } // NaN is neither
	if !sane(s.RateLimit) || !sane(s.RateBurst) || s.RateLimit > 0 && s.RateBurst < 1 {
		return throttle.Limits{}, fmt.Errorf("--rate-limit is %g points per second and --rate-burst %g points: the first must be 0 or more, and the second 1 or more", s.RateLimit, s.RateBurst)
	}
	return throttle.Limits{PerSecond: s.RateLimit, Most: s.RateBurst}, nil
}

// aQuestion is what customers(where:) with totalCount costs, in points.
const aQuestion = 20_000

// check refuses addresses and origins that are none.
func (s serverSettings) check() error {
	if err := doctor.CheckAddr(s.Addr); err != nil {
		return fmt.Errorf("--addr: %w", err)
	}
	if s.MetricsAddr != "" {
		if err := doctor.CheckAddr(s.MetricsAddr); err != nil {
			return fmt.Errorf("--metrics-addr: %w", err)
		}
	}
	for _, origin := range s.CORSOrigins {
		if err := doctor.CheckOrigin(origin); err != nil {
			return fmt.Errorf("--cors-origins: %w", err)
		}
	}
	return nil
}

// warn tells of settings that work and are seldom meant.
func (s serverSettings) warn(log *slog.Logger) {
	if s.RateLimit > 0 && s.RateBurst < aQuestion {
		log.Warn("--rate-burst is smaller than a single question: customers(where:) with totalCount cannot be asked", "burst", s.RateBurst, "question", aQuestion)
	}
	if s.AdminKey != "" && doctor.GuessableKey(s.AdminKey) {
		log.Warn("the admin key can be guessed, and it may do everything: make one by openssl rand -base64 32")
	}
}
