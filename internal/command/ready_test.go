package command_test

import (
	"net/url"
	"path/filepath"
	"strings"
	"testing"
)

func TestAServerIsAskedWhetherItIsReady(t *testing.T) {
	t.Parallel()
	s := start(t, "--database-url", "sqlite:"+filepath.Join(t.TempDir(), "x.db"))
	address, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{address.Host, ":" + address.Port(), "0.0.0.0:" + address.Port(), "[::]:" + address.Port()} {
		if code, out, errs := run(t, "", "ready", "--addr", addr); code != 0 || out != "ready\n" {
			t.Errorf("%s: %d %s %s", addr, code, out, errs)
		}
	}
	s.stop()
	if code, _, errs := run(t, "", "ready", "--addr", address.Host); code != 1 || !strings.Contains(errs, "no server answers at "+address.Host) {
		t.Errorf("of a server that has stopped: %d %s", code, errs)
	}
}
