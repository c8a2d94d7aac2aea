package clients_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/command"
)

// asked is the variable that make clients sets.
const asked = "ONECDP_TEST_CLIENTS"

const adminKey = "the key of these tests"

// patience is how long npm may take for one thing.
const patience = 5 * time.Minute

// onlyWhenAsked skips a test that takes long, or needs more than Go.
func onlyWhenAsked(t *testing.T) {
	t.Helper()
	if os.Getenv(asked) == "" {
		t.Skip("make clients runs this: it needs Node and the npm registry")
	}
}

// missing skips a test for want of something that a machine may lack, and fails it in CI.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// folder is a project of npm, with what it needs installed.
type folder string

var installed = struct {
	sync.Mutex
	failures map[string]string // by folder; "" when it went well
}{failures: map[string]string{}}

// project installs what a project's lock file names, unless that was done.
func project(t *testing.T, path string) folder {
	t.Helper()
	onlyWhenAsked(t)
	if _, err := exec.LookPath("npm"); err != nil {
		missing(t, "there is no Node with npm on this machine")
	}
	installed.Lock()
	defer installed.Unlock()
	failure, known := installed.failures[path]
	if !known && stale(path) {
		if output, err := npm(t.Context(), path, nil, "ci", "--prefer-offline", "--loglevel=error"); err != nil {
			failure = output
		}
	}
	installed.failures[path] = failure
	if failure != "" {
		missing(t, "npm cannot install what "+path+" needs: "+failure)
	}
	return folder(path)
}

// stale says that the lock file is newer than what was installed; a project without one needs nothing.
func stale(path string) bool {
	lock, err := os.Stat(filepath.Join(path, "package-lock.json"))
	if err != nil {
		return false
	}
	done, err := os.Stat(filepath.Join(path, "node_modules", ".package-lock.json"))
	return err != nil || done.ModTime().Before(lock.ModTime())
}

// npm runs npm in the project, and fails the test when it fails.
func (f folder) npm(t *testing.T, environment []string, arguments ...string) {
	t.Helper()
	output, err := npm(t.Context(), string(f), environment, arguments...)
	if err != nil {
		t.Fatalf("npm %s: %v\n%s", strings.Join(arguments, " "), err, output)
	}
	t.Log(output)
}

func npm(ctx context.Context, path string, environment []string, arguments ...string) (output string, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	run := exec.CommandContext(ctx, "npm", arguments...) //nolint:gosec // arguments are constants of these tests
	run.Dir = path
	run.Env = append(append(os.Environ(), "NO_COLOR=1", "NO_UPDATE_NOTIFIER=1"), environment...)
	text, err := run.CombinedOutput()
	return string(text), err
}

// server is the real one, in this process.
type server struct{ url, database string }

var greeting = regexp.MustCompile(`GraphiQL: (http://\S+)/  API`)

// start serves on a free port until the test ends.
func start(t *testing.T, databaseURL string) server {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var out, errs output
	ended := make(chan int, 1)
	go func() {
		ended <- command.Run(ctx, []string{
			"serve", "--addr", "127.0.0.1:0", "--database-url", databaseURL, "--admin-key", adminKey, "--log-level", "warn",
		}, command.Streams{In: strings.NewReader(""), Out: &out, Err: &errs})
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-ended; code != 0 || t.Failed() {
			t.Logf("the server ended with %d: %s", code, errs.String())
		}
	})
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if found := greeting.FindStringSubmatch(out.String()); found != nil {
			return server{found[1], databaseURL}
		}
	}
	t.Fatalf("not ready: %s", errs.String())
	return server{}
}

// as is the environment in which a client finds the server, with a key.
func (s server) as(key string) []string { return []string{"ONECDP_URL=" + s.url, "ONECDP_KEY=" + key} }

// newKey makes a key with these scopes.
func (s server) newKey(t *testing.T, name, scopes string) string {
	t.Helper()
	var out, errs output
	if code := command.Run(t.Context(), []string{"key", "create", name, "--scopes", scopes, "--database-url", s.database},
		command.Streams{In: strings.NewReader(""), Out: &out, Err: &errs}); code != 0 {
		t.Fatal(errs.String())
	}
	return strings.TrimSpace(out.String())
}

// output is a stream that may be read while it is written.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(data []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(data)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
