package main

import (
	"fmt"
	"runtime/debug"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// version is set by the linker: -X main.version=v1.2.3.
var version = "dev"

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of the program and of every scorer",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			commit, dirty, goVersion := "unknown", "", "unknown"
			if info, ok := debug.ReadBuildInfo(); ok {
				goVersion = info.GoVersion
				for _, s := range info.Settings {
					switch {
					case s.Key == "vcs.revision":
						commit = s.Value
					case s.Key == "vcs.modified" && s.Value == "true":
						dirty = " (modified)"
					}
				}
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintf(w, "faultline\t%s\n", version)
			fmt.Fprintf(w, "commit\t%s%s\n", commit, dirty)
			fmt.Fprintf(w, "go\t%s\n", goVersion)
			if err := w.Flush(); err != nil {
				return err
			}
			set, err := loadScorers("")
			if err != nil {
				return err
			}
			fmt.Fprintln(c.OutOrStdout(), "\nscorers")
			for _, s := range set.Scorers() {
				fmt.Fprintf(w, "  %s\t%s\n", s.Name(), s.Version())
			}
			return w.Flush()
		},
	}
}
