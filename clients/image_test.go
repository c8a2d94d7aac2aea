//go:build linux

package clients_test

import (
	"context"
	"debug/elf"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// nobody is the user that the image names.
const nobody = 65532

var buildLine = regexp.MustCompile(`CGO_ENABLED=0 go build (.*) -o /onecdp \.`)

// There is no container engine to rely on, so what the Dockerfile says is done without one: the same build, an empty root, no rights.
func TestTheImagesBinaryNeedsNothingElse(t *testing.T) {
	t.Parallel()
	onlyWhenAsked(t)
	if os.Geteuid() != 0 {
		missing(t, "only root may change the root of a process")
	}
	dockerfile := read(t, "../Dockerfile")
	for _, line := range []string{"FROM scratch\n", "\nUSER 65532:65532\n", `CMD ["/onecdp", "ready"]`, `ENTRYPOINT ["/onecdp"]`, "sqlite:/data/onecdp.db"} {
		if !strings.Contains(dockerfile, line) {
			t.Errorf("the Dockerfile does not say %q: this test must follow it", line)
		}
	}
	found := buildLine.FindStringSubmatch(dockerfile)
	if found == nil {
		t.Fatal("no build in the Dockerfile")
	}

	root := t.TempDir()
	binary := filepath.Join(root, "onecdp")
	build := exec.CommandContext(t.Context(), "sh", "-c", "CGO_ENABLED=0 go build "+found[1]+" -o "+binary+" .") //nolint:gosec // our own Dockerfile
	build.Dir = ".."
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	static(t, binary)
	for _, folder := range []string{"data", "tmp"} {
		path := filepath.Join(root, folder)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}

	environment := []string{"ONECDP_ADDR=0.0.0.0:" + freePort(t), "ONECDP_DATABASE_URL=sqlite:/data/onecdp.db"}
	inImage := func(ctx context.Context, command string) *exec.Cmd {
		run := exec.CommandContext(ctx, "/onecdp", command)
		run.Dir, run.Env = "/", environment
		run.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		return run
	}
	serving := inImage(t.Context(), "serve")
	var log output
	serving.Stdout, serving.Stderr = &log, &log
	if err := serving.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = serving.Process.Kill() }() // it has ended, unless the test failed
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		output, err := inImage(t.Context(), "ready").CombinedOutput()
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("not ready: %s %s", output, log.String())
		}
	}
	if err := serving.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := serving.Wait(); err != nil {
		t.Errorf("stopped with %v: %s", err, log.String())
	}
	if _, err := os.Stat(filepath.Join(root, "data", "onecdp.db")); err != nil {
		t.Error(err)
	}
}

// static fails the test when the program asks for a loader or a library.
func static(t *testing.T, binary string) {
	t.Helper()
	file, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for _, part := range file.Progs {
		if part.Type == elf.PT_INTERP || part.Type == elf.PT_DYNAMIC {
			t.Errorf("%s is linked dynamically", binary)
		}
	}
	if info, err := os.Stat(binary); err == nil {
		t.Logf("the binary has %d MB", info.Size()>>20)
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}
