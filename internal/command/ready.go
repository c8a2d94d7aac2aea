package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/onecdp/onecdp/internal/doctor"
)

// readyTimeout is how long a server may take to answer.
const readyTimeout = 4 * time.Second

// readyCommand asks a running server whether it is ready: the health check of containers that have no curl.
type readyCommand struct {
	Addr string `env:"ONECDP_ADDR" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where the server listens (${default})"`
}

// Run returns nil when the server answers that it is ready, and otherwise what keeps it.
func (c readyCommand) Run(ctx context.Context, streams Streams) error {
	if err := doctor.CheckAddr(c.Addr); err != nil {
		return fmt.Errorf("--addr: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+reachable(c.Addr)+"/readyz", http.NoBody)
	if err != nil {
		return errors.New("--addr is no address: write it as 127.0.0.1:8080")
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		cause := err
		if inner := new(url.Error); errors.As(err, &inner) { // its text holds the whole URL
			cause = inner.Err
		}
		return fmt.Errorf("no server answers at %s: %w", c.Addr, cause)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1000))
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %s", strings.TrimSpace(string(text)))
	}
	fmt.Fprintln(streams.Out, "ready")
	return nil
}

// reachable is the address at which this machine reaches a server that listens everywhere.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return addr
}
