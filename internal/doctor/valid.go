package doctor

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/language"
)

// CheckRegion refuses what is no country of ISO 3166 in two letters.
func CheckRegion(region string) error {
	known, err := language.ParseRegion(region)
	if err != nil || len(region) != 2 || !known.IsCountry() || !strings.EqualFold(known.String(), region) {
		return fmt.Errorf("the region %q is unknown: use two letters of ISO 3166, such as CN", region)
	}
	return nil
}

// CheckOrigin refuses what no browser sends as the origin of a page: it is scheme://host[:port], or here * for all.
func CheckOrigin(origin string) error {
	if origin == "*" {
		return nil
	}
	parsed, err := url.Parse(origin)
	if err != nil || parsed.Host == "" || parsed.Hostname() == "" || parsed.User != nil || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return fmt.Errorf("%s is no origin: write it as https://crm.example, with :PORT where it has one, or * for all", strconv.Quote(withoutUser(origin)))
	}
	if port := parsed.Port(); port != "" && !isPort(port) {
		return fmt.Errorf("%q is no origin: %s is no port", origin, port)
	}
	if right := parsed.Scheme + "://" + strings.ToLower(parsed.Host); origin != right {
		return fmt.Errorf("%q is no origin, and browsers send no such thing: write %s", origin, right)
	}
	return nil
}

// withoutUser leaves out what may be a password.
func withoutUser(text string) string {
	if at := strings.LastIndex(text, "@"); at >= 0 {
		return "…" + text[at:]
	}
	return text
}

// CheckAddr refuses what is no address to listen at.
func CheckAddr(addr string) error {
	_, port, err := net.SplitHostPort(addr)
	switch {
	case err != nil && !strings.Contains(addr, ":"):
		return fmt.Errorf("%q is no address: a port is missing; write 127.0.0.1:8080, or :8080 for all networks", addr)
	case err != nil:
		return fmt.Errorf("%q is no address: write 127.0.0.1:8080, or [::1]:8080", addr)
	case !isPort(port):
		return fmt.Errorf("%q is no address: the port is a number up to 65535, as in 127.0.0.1:8080", addr)
	}
	return nil
}

func isPort(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return err == nil
}

// sslModes are those that the driver of PostgreSQL knows.
var sslModes = []string{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}

// CheckDatabaseURL refuses a URL that names no database, and says which part of it is wrong: never the password.
func CheckDatabaseURL(databaseURL string) error {
	scheme, rest, found := strings.Cut(databaseURL, ":")
	switch {
	case databaseURL == "":
		return errors.New("the database URL is empty: write sqlite:data/onecdp.db, or postgres://USER@HOST/NAME")
	case scheme == "sqlite":
		if strings.TrimPrefix(rest, "//") == "" {
			return errors.New("the database URL names no file: write sqlite:data/onecdp.db")
		}
		return nil
	case scheme == "postgres" || scheme == "postgresql":
		return checkPostgresURL(databaseURL)
	case !found || strings.HasPrefix(databaseURL, "/") || strings.HasPrefix(databaseURL, "."):
		if strings.ContainsAny(databaseURL, "@=") { // a password may be in it
			return errors.New("the database URL has no scheme: write sqlite:PATH, or postgres://USER@HOST/NAME")
		}
		return fmt.Errorf("the database URL has no scheme: did you mean sqlite:%s?", databaseURL)
	}
	return errors.New("the database URL must be postgres://… or sqlite:PATH: nothing else is known")
}

func checkPostgresURL(databaseURL string) error {
	if !strings.Contains(databaseURL, "://") {
		return errors.New("the database URL has no // after the scheme: write postgres://USER@HOST/NAME")
	}
	parsed, err := url.Parse(databaseURL)
	if err != nil { // its text holds the URL
		return errors.New("the database URL cannot be read: a / ? # % @ or : in a user or password is written %2F %3F %23 %25 %40 %3A, and a port is a number")
	}
	if port := parsed.Port(); port != "" && !isPort(port) {
		return errors.New("the port in the database URL is no number up to 65535")
	}
	settings, err := url.ParseQuery(parsed.RawQuery)
	if err != nil {
		return errors.New("what follows ? in the database URL cannot be read: write it as ?sslmode=require&connect_timeout=5")
	}
	if settings.Has("sslmode") && !slices.Contains(sslModes, settings.Get("sslmode")) {
		return fmt.Errorf("sslmode in the database URL is none of %s", strings.Join(sslModes, ", "))
	}
	return nil
}
