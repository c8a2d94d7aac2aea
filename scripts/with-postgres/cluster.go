//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	startWithin = 60 * time.Second

	// Between our asking for a free port and the server's taking it, another program may have taken it.
	tries = 3

	memory          = "/dev/shm"
	enoughKilobytes = 4 << 20
	longestFolder   = 80 // bytes
)

// settings of the cluster. It holds nothing that must survive, so nothing is synced.
// Time zone and collation are deliberately not those of our code, nor the database's usual ones, so that a statement which
// leans on either shows itself in a test.
var settings = []string{
	"fsync=off", "synchronous_commit=off", "full_page_writes=off",
	"wal_level=minimal", "max_wal_senders=0",
	"max_connections=500",
	"dynamic_shared_memory_type=mmap", // in the folder, so that it goes with it
	"autovacuum=off",                  // it would change plans in the middle of a test, and hold on to databases being cloned
	"log_error_verbosity=terse",
	"timezone=Asia/Kathmandu",
	"listen_addresses=127.0.0.1",
}

// guard runs the server ($2...) until its own standard input ends, then stops it and removes the folder $1.
// The input is a pipe whose other end we hold, so that the server goes however we end.
const guard = `folder=$1; shift
cd "$folder" || exit 1
"$@" </dev/null >"$folder/log" 2>&1 &
server=$!
cat >/dev/null
kill -QUIT $server 2>/dev/null
wait $server 2>/dev/null
cd /
rm -rf "$folder"
`

type cluster struct {
	url      string
	guard    *exec.Cmd
	lifeline io.Closer
}

// startCluster makes a cluster in a temporary folder and returns when it answers.
func startCluster(bin string) (*cluster, error) {
	account, err := serverAccount()
	if err != nil {
		return nil, err
	}
	var failures []error
	for range tries {
		c, err := tryCluster(bin, account)
		if err == nil {
			return c, nil
		}
		failures = append(failures, err)
	}
	return nil, errors.Join(failures...)
}

func tryCluster(bin string, account *syscall.Credential) (*cluster, error) {
	folder, err := temporaryFolder(account)
	if err != nil {
		return nil, err
	}
	if err := initialise(bin, filepath.Join(folder, "data"), account); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return launch(bin, folder, account)
}

// initialise runs initdb with a linguistic default collation, as most production servers have one.
// Servers before version 15, and those built without ICU, take the environment's.
func initialise(bin, data string, account *syscall.Credential) error {
	common := []string{"--pgdata", data, "--username", "onecdp", "--auth", "trust", "--encoding", "UTF8", "--no-sync"}
	var output []byte
	var err error
	for _, collation := range [][]string{{"--locale-provider=icu", "--icu-locale=en-US", "--locale=C"}, {"--locale=C"}} {
		command := as(account, filepath.Join(bin, "initdb"), append(collation, common...)...)
		if output, err = command.CombinedOutput(); err == nil {
			return nil
		}
	}
	return fmt.Errorf("initdb: %w\n%s", err, output)
}

// launch starts the server on a free port of the loopback interface and waits until it answers. When it does not, the folder is gone.
func launch(bin, folder string, account *syscall.Credential) (*cluster, error) {
	port, err := freePort()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	arguments := []string{"-c", guard, "guard", folder, filepath.Join(bin, "postgres"),
		"-D", filepath.Join(folder, "data"), "-p", strconv.Itoa(port), "-k", folder}
	for _, setting := range settings {
		arguments = append(arguments, "-c", setting)
	}
	command := as(account, "/bin/sh", arguments...)
	command.SysProcAttr.Setpgid = true // a terminal's Ctrl-C must reach the tests first, not the server under them
	lifeline, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	c := &cluster{
		url:      fmt.Sprintf("postgres://onecdp@127.0.0.1:%d/postgres?sslmode=disable", port),
		guard:    command,
		lifeline: lifeline,
	}
	if err := awaitReady(folder); err != nil {
		log, _ := os.ReadFile(filepath.Join(folder, "log")) // best effort: err already says what failed
		c.stop()
		return nil, fmt.Errorf("%w\n%s", err, log)
	}
	return c, nil
}

// stop ends the server at once and waits until its folder is gone.
func (c *cluster) stop() {
	_ = c.lifeline.Close() // the guard may be gone already; Wait is what matters
	_ = c.guard.Wait()
}

// awaitReady reads the server's own word for it: the last line of postmaster.pid.
func awaitReady(folder string) error {
	const poll = 20 * time.Millisecond
	for waited := time.Duration(0); waited < startWithin; waited += poll {
		status, err := os.ReadFile(filepath.Join(folder, "data", "postmaster.pid"))
		if err == nil && bytes.HasSuffix(bytes.TrimSpace(status), []byte("\nready")) {
			return nil
		}
		if log, err := os.ReadFile(filepath.Join(folder, "log")); err == nil && bytes.Contains(log, []byte("FATAL:")) {
			return errors.New("the server did not start")
		}
		time.Sleep(poll)
	}
	return fmt.Errorf("the server was not ready within %s", startWithin)
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return listener.Addr().(*net.TCPAddr).Port, listener.Close()
}

// serverAccount is whom the server runs as: nil for ourselves; for root, who is refused by PostgreSQL, somebody else.
func serverAccount() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(account.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(account.Gid, 10, 32)
		if uidErr == nil && gidErr == nil && uid != 0 {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody: useradd --system postgres")
}

// as prepares a command that runs under the account and not in a folder closed to it.
func as(account *syscall.Credential, name string, arguments ...string) *exec.Cmd {
	command := exec.Command(name, arguments...)
	command.Dir = "/"
	command.SysProcAttr = &syscall.SysProcAttr{Credential: account}
	return command
}

// temporaryFolder makes a folder that belongs to the account, in the first place where the account can reach it and its
// path is short enough for a Unix socket (about 100 bytes).
func temporaryFolder(account *syscall.Credential) (string, error) {
	var failures []error
	for _, place := range temporaryPlaces() {
		folder, err := os.MkdirTemp(place, "onecdp-postgres-")
		if err != nil {
			failures = append(failures, err)
			continue
		}
		if account != nil {
			err = os.Chown(folder, int(account.Uid), int(account.Gid))
		}
		if err == nil && len(folder) > longestFolder {
			err = errors.New("too long for a socket's path")
		}
		if err == nil {
			err = as(account, "/bin/sh", "-c", `test -w "$1"`, "sh", folder).Run()
		}
		if err == nil {
			return folder, nil
		}
		failures = append(failures, fmt.Errorf("%s: %w", folder, errors.Join(err, os.RemoveAll(folder))))
	}
	return "", errors.Join(failures...)
}

// temporaryPlaces puts memory first: a database is cloned and dropped for every test, which took 300 ms on a disk and
// 15 ms in memory. A TMPDIR that somebody has set is obeyed.
func temporaryPlaces() []string {
	disk := []string{os.TempDir(), "/tmp", "/var/tmp"}
	if os.Getenv("TMPDIR") != "" || freeKilobytes(memory) < enoughKilobytes {
		return disk
	}
	return append([]string{memory}, disk...)
}

// freeKilobytes is what df says of a folder; 0 where it is missing or df says nothing that can be read.
func freeKilobytes(folder string) int {
	out, err := exec.Command("df", "-Pk", folder).Output()
	if err != nil {
		return 0
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	fields := strings.Fields(lines[len(lines)-1])
	if len(fields) < 4 {
		return 0
	}
	free, err := strconv.Atoi(fields[3])
	if err != nil {
		return 0
	}
	return free
}
