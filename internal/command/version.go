package command

import (
	"fmt"
	"runtime/debug"
)

// versionCommand tells which build this is.
type versionCommand struct{}

// Run prints the module's version, or the commit it was built from.
func (versionCommand) Run(streams Streams) error {
	version, revision, changed := "unknown", "", ""
	goVersion := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		version, goVersion = info.Main.Version, info.GoVersion
		for _, setting := range info.Settings {
			switch {
			case setting.Key == "vcs.revision":
				revision = " " + setting.Value[:min(12, len(setting.Value))]
			case setting.Key == "vcs.modified" && setting.Value == "true":
				changed = " with changes"
			}
		}
	}
	fmt.Fprintf(streams.Out, "onecdp %s%s%s %s\n", version, revision, changed, goVersion)
	return nil
}
