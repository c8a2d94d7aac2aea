//go:build unix

// Command with-postgres runs another command with a PostgreSQL of its own:
//
//	go run ./scripts/with-postgres go test ./...
//
// The command finds the server's address in ONECDP_TEST_DATABASE_URL. If that is already set, the command is run as it is.
// Otherwise a throwaway cluster is made from the binaries of this machine, and stopped and removed when the command ends,
// even when this program is killed. Where there are no binaries, Debian's package is installed if this is allowed
// (as root, with apt-get); where it is not, the program says what to do and exits with code 69.
// Its own failures exit with 70; all other codes are the command's.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

const (
	urlVariable = "ONECDP_TEST_DATABASE_URL"

	exitUsage       = 64 // EX_USAGE of sysexits.h
	exitUnavailable = 69 // EX_UNAVAILABLE
	exitInternal    = 70 // EX_SOFTWARE
)

const howToGet = `with-postgres: no PostgreSQL server was found, so the tests cannot run on both databases. Do one of these:
  Debian, Ubuntu:   apt-get install postgresql       (its binaries are used; its own cluster is left alone)
  macOS:            brew install postgresql
  another place:    put the folder with initdb and postgres on PATH
  a running server: export ONECDP_TEST_DATABASE_URL='postgres://user:password@host:5432/db?sslmode=disable'
                    (a user who may create databases; the tests make and drop databases called onecdp_test_*)
To run the tests on SQLite alone: go test ./...
`

var errNoServer = errors.New("no PostgreSQL server binaries")

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: with-postgres COMMAND [ARGUMENT...]")
		os.Exit(exitUsage)
	}
	os.Exit(run(os.Args[1:]))
}

func run(command []string) int {
	interrupts := make(chan os.Signal, 4)
	signal.Notify(interrupts, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)

	if os.Getenv(urlVariable) != "" {
		return runCommand(command, os.Environ(), interrupts)
	}
	bin, err := serverBinaries()
	if errors.Is(err, errNoServer) {
		fmt.Fprint(os.Stderr, howToGet)
		return exitUnavailable
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "with-postgres:", err)
		return exitInternal
	}
	cluster, err := startCluster(bin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "with-postgres:", err)
		return exitInternal
	}
	defer cluster.stop()

	return runCommand(command, append(os.Environ(), urlVariable+"="+cluster.url), interrupts)
}

// runCommand gives the command our streams, passes signals on to it and returns its exit code.
func runCommand(command, environment []string, interrupts <-chan os.Signal) int {
	child := exec.Command(command[0], command[1:]...)
	child.Env = environment
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := child.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "with-postgres:", err)
		return exitInternal
	}
	ended := make(chan struct{})
	go func() {
		for {
			select {
			case s := <-interrupts:
				_ = child.Process.Signal(s) // it may just have ended; Wait tells
			case <-ended:
				return
			}
		}
	}()
	err := child.Wait()
	close(ended)

	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		return exit.ExitCode()
	case errors.As(err, &exit):
		return 128 + int(exit.Sys().(syscall.WaitStatus).Signal())
	default:
		fmt.Fprintln(os.Stderr, "with-postgres:", err)
		return exitInternal
	}
}
