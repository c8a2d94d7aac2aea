// Package command is the program's command line: the commands, their settings, and what each of them starts.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/onecdp/onecdp/internal/demo"
)

// Streams are what a command reads and writes.
type Streams struct {
	In  io.Reader
	Out io.Writer // what was asked for
	Err io.Writer // logs, progress, errors
}

// commandLine is the whole of it. Each field is a command, and its methods run it.
type commandLine struct {
	Serve   serveCommand   `cmd:"" default:"withargs" help:"Serve the API and GraphiQL (what happens without a command)."`
	Demo    demoCommand    `cmd:"" help:"Serve with a made-up retail world in the database."`
	Import  importCommand  `cmd:"" help:"Load a file: NDJSON, one record per line, or CSV with a mapping."`
	Migrate migrateCommand `cmd:"" help:"Bring the database to this program's schema."`
	Key     keyCommand     `cmd:"" help:"Make, list and revoke API keys."`
	Doctor  doctorCommand  `cmd:"" help:"Look at settings, database, data and its invariants, and say what to do; changes nothing, exits with 1 when something fails."`
	Ready   readyCommand   `cmd:"" help:"Ask a running server whether it is ready; exits with 1 when it is not. For health checks."`
	Version versionCommand `cmd:"" help:"Say which version this is."`
}

// exited carries the exit code of kong's own actions, such as -h, out of its parser.
type exited int

// Run runs one command and returns the process's exit code: 0 when it did what was asked. An error is one line on
// streams.Err. The end of ctx stops the command.
func Run(ctx context.Context, arguments []string, streams Streams) (code int) {
	defer func() {
		switch cause := recover().(type) {
		case nil:
		case exited:
			code = int(cause)
		default:
			panic(cause)
		}
	}()
	parser, err := kong.New(&commandLine{},
		kong.Name("onecdp"), kong.Description("A customer data platform: who is it, what happened, who belongs together."),
		kong.Writers(streams.Out, streams.Err), kong.Exit(func(code int) { panic(exited(code)) }),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(streams),
		kong.Vars{"demo_seed": strconv.Itoa(demo.DefaultSeed), "demo_people": strconv.Itoa(demo.People)},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 120}),
	)
	if err != nil {
		return fail(streams, err)
	}
	parsed, err := parser.Parse(arguments)
	if err != nil {
		return fail(streams, fmt.Errorf("%w (%s -h tells what there is)", err, called(err)))
	}
	if err := parsed.Run(); err != nil {
		return fail(streams, err)
	}
	return 0
}

// called is the command that a command line that cannot be read means.
func called(err error) string {
	var wrong *kong.ParseError
	if !errors.As(err, &wrong) || wrong.Context == nil {
		return "onecdp"
	}
	words := []string{"onecdp"}
	for _, step := range wrong.Context.Path {
		if step.Command == nil {
			continue
		}
		// serve is meant where no command is named: then its name was not written.
		if len(words) > 1 || step.Command.Tag.Default == "" || slices.Contains(wrong.Context.Args, step.Command.Name) {
			words = append(words, step.Command.Name)
		}
	}
	return strings.Join(words, " ")
}

func fail(streams Streams, err error) int {
	text := strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
	if errors.Is(err, context.Canceled) {
		text = "stopped"
	}
	fmt.Fprintf(streams.Err, "onecdp: %s\n", text)
	return 1
}
