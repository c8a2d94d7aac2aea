package doctor

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// The lengths of an admin key that an operator chose, in characters.
const (
	shortestKey = 16
	strongKey   = 32
	fewest      = 8 // different characters
)

// Settings are those that a server would start with.
type Settings struct {
	Addr          string
	MetricsAddr   string // "": none
	AdminKey      string // "": none
	Origins       []string
	Timezone      string
	Region        string
	MaxIdentities int
}

func (s Settings) check() []Finding {
	return []Finding{s.zone(), s.region(), s.listen(), s.metrics(), s.adminKey(), s.crossOrigin()}
}

func (s Settings) zone() Finding {
	if _, err := time.LoadLocation(s.Timezone); err != nil || s.Timezone == "" || s.Timezone == "Local" {
		return failed("timezone", "the time zone is unknown", "set ONECDP_TIMEZONE to a name like Asia/Shanghai")
	}
	return ok("timezone", s.Timezone)
}

func (s Settings) region() Finding {
	if CheckRegion(s.Region) != nil {
		return failed("default-region", fmt.Sprintf("the region %q is unknown", s.Region), "set ONECDP_DEFAULT_REGION to two letters of ISO 3166, such as CN")
	}
	return ok("default-region", s.Region)
}

func (s Settings) listen() Finding {
	if err := CheckAddr(s.Addr); err != nil {
		return failed("addr", err.Error(), "set ONECDP_ADDR")
	}
	if loopback(s.Addr) {
		return ok("addr", s.Addr+", on this machine alone")
	}
	return warn("addr", s.Addr+" is reached from other machines, and the server speaks HTTP", "let a proxy do TLS before it, and nobody else reach the port")
}

func (s Settings) metrics() Finding {
	switch {
	case s.MetricsAddr == "":
		return ok("metrics-addr", "/metrics asks for a key")
	case CheckAddr(s.MetricsAddr) != nil:
		return failed("metrics-addr", CheckAddr(s.MetricsAddr).Error(), "set ONECDP_METRICS_ADDR")
	case loopback(s.MetricsAddr):
		return ok("metrics-addr", s.MetricsAddr+", on this machine alone")
	}
	return warn("metrics-addr", s.MetricsAddr+" shows /metrics without a key to other machines", "let only the scraper's network reach the port")
}

// loopback says whether an address is reached from this machine alone.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// GuessableKey says that an admin key of the operator's own is so short, or of so few characters, that it can be guessed.
func GuessableKey(key string) bool {
	different := map[rune]bool{}
	for _, r := range key {
		different[r] = true
	}
	return len(key) < shortestKey || len(different) < fewest
}

func (s Settings) adminKey() Finding {
	const advice = "make one by: openssl rand -base64 32"
	switch n := len(s.AdminKey); {
	case n == 0:
		return ok("admin-key", "none is set; keys are those of the database")
	case GuessableKey(s.AdminKey):
		return failed("admin-key", "ONECDP_ADMIN_KEY can be guessed, and it may do everything", advice)
	case n < strongKey:
		return warn("admin-key", fmt.Sprintf("ONECDP_ADMIN_KEY is shorter than %d characters", strongKey), advice)
	}
	return ok("admin-key", "long enough")
}

func (s Settings) crossOrigin() Finding {
	for _, origin := range s.Origins {
		if err := CheckOrigin(origin); err != nil {
			return failed("cors-origins", err.Error(), "set ONECDP_CORS_ORIGINS")
		}
	}
	if slices.Contains(s.Origins, "*") {
		return warn("cors-origins", "pages of any site may call the API", "name the origins in ONECDP_CORS_ORIGINS")
	}
	for _, origin := range s.Origins {
		if strings.HasPrefix(origin, "http://") && !strings.HasPrefix(origin, "http://localhost") && !strings.HasPrefix(origin, "http://127.0.0.1") {
			return warn("cors-origins", origin+" is not encrypted: whoever is on the way can change the page", "use https")
		}
	}
	return ok("cors-origins", fmt.Sprintf("%d origins", len(s.Origins)))
}
