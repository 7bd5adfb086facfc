package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/faultline-otel/faultline/internal/failure"
)

func newTaxonomy() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "taxonomy",
		Short: "Print the failure classes with their details and definitions",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			switch format {
			case "text":
				return taxonomyText(c.OutOrStdout())
			case "json":
				return taxonomyJSON(c.OutOrStdout())
			case "markdown":
				_, err := io.WriteString(c.OutOrStdout(), failure.Markdown())
				return err
			}
			return usage("--format must be text, json or markdown, got %q", format)
		},
	}
	c.Flags().StringVar(&format, "format", "text", "text, json or markdown")
	return c
}

func taxonomyText(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "BUCKET\tCLASS\tDETAIL\tMEANS")
	for _, class := range failure.Classes() {
		fmt.Fprintf(w, "%s\t%s\t\t%s\n", class.Bucket, class.Class, class.Definition)
		for _, detail := range class.Details {
			fmt.Fprintf(w, "\t\t%s\t%s\n", detail.Name, detail.Definition)
		}
		if class.Open {
			fmt.Fprintf(w, "\t\t…\t%s\n", "or the JSON Schema keyword that failed")
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "\ncancelled is not a failure: the caller left. It is counted separately.")
	return err
}

func taxonomyJSON(out io.Writer) error {
	type detail struct {
		Detail     string `json:"detail"`
		Definition string `json:"definition"`
	}
	type class struct {
		Class      failure.Class  `json:"class"`
		Bucket     failure.Bucket `json:"bucket"`
		Definition string         `json:"definition"`
		Details    []detail       `json:"details"`
		// Open allows further details: keywords of JSON Schema.
		Open bool `json:"open,omitempty"`
	}
	list := make([]class, 0, len(failure.Classes()))
	for _, info := range failure.Classes() {
		c := class{
			Class:      info.Class,
			Bucket:     info.Bucket,
			Definition: info.Definition,
			Details:    []detail{},
			Open:       info.Open,
		}
		for _, d := range info.Details {
			c.Details = append(c.Details, detail{d.Name, d.Definition})
		}
		list = append(list, c)
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(list)
}
