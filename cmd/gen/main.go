// Command gen generates alert rules, dashboards and reference pages from their definitions. Run it from the root of the
// repository, or with make generate.
//
// With -prices it generates only the embedded price book, from a list of prices.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/dialect"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/grafana"
	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/score/rule"
)

func main() {
	prices := flag.String("prices", "", "generate only the embedded price book, from this list (JSON)")
	flag.Parse()
	work := func() error { return write(".") }
	if *prices != "" {
		work = func() error { return writePrices(".", *prices) }
	}
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// files are the generated files: path below the root, and function that generates the content.
var files = map[string]func() ([]byte, error){
	"deploy/prometheus/faultline.rules.yml": grafana.Rules,
	"deploy/grafana/collector.json":         dashboard("collector"),
	"deploy/grafana/cost.json":              dashboard("cost"),
	"deploy/grafana/overview.json":          dashboard("overview"),
	"deploy/grafana/quality.json":           dashboard("quality"),
	"docs/reference/alerts.md":              page(grafana.Markdown),
	"docs/reference/dialects.md":            page(dialect.Markdown),
	"docs/reference/metrics.md":             page(catalog.Markdown),
	"docs/reference/rubrics.md":             page(judge.Markdown),
	"docs/reference/rules.md":               page(rule.Markdown),
	"docs/reference/taxonomy.md":            page(failure.Markdown),
	"docs/reference/tokens.md":              page(dialect.TokensMarkdown),
}

func page(markdown func() string) func() ([]byte, error) {
	return func() ([]byte, error) { return []byte(wrap(markdown())), nil }
}

func dashboard(name string) func() ([]byte, error) {
	return func() ([]byte, error) { return grafana.Marshal(name) }
}

func write(root string) error {
	for name, content := range files {
		b, err := content()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // readable by everyone
			return err
		}
		if err := os.WriteFile(path, b, 0o644); err != nil { //nolint:gosec // readable by everyone
			return err
		}
	}
	return nil
}
