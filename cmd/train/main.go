// Command train fits the models of the text scorers to the labelled corpus, and writes them to the packages that embed
// them. The same corpus gives the same bytes. Run it from the root of the repository:
//
//	go run ./cmd/train [-corpus ../shared/corpus] [MODEL ...]
package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/corpus/labelled"
)

// recipe has the path of a model and the function that fits it.
type recipe struct {
	path string
	fit  func(data) (model, error)
}

// model is a fitted model.
type model interface{ Marshal() []byte }

// recipes are the recipes by model name.
var recipes = map[string]recipe{}

// data is the labelled corpus, and what the repository says of its rows.
type data struct{ dir, repository string }

// rows returns the rows of a task's split. With sources, it returns only rows whose source begins with one of them.
func (d data) rows(task, split string, sources ...string) ([]labelled.Row, error) {
	rows, err := labelled.Read(d.dir, task, split)
	if err != nil || len(sources) == 0 {
		return rows, err
	}
	return slices.DeleteFunc(rows, func(r labelled.Row) bool {
		return !slices.ContainsFunc(sources, func(s string) bool { return strings.HasPrefix(r.Source, s) })
	}), nil
}

func main() {
	dir := flag.String("corpus", "../shared/corpus", "folder of the corpus")
	flag.Parse()
	names := flag.Args()
	if len(names) == 0 {
		names = slices.Sorted(maps.Keys(recipes))
	}
	for _, name := range names {
		if err := train(name, *dir); err != nil {
			fmt.Fprintf(os.Stderr, "train: %s: %v\n", name, err)
			os.Exit(1)
		}
	}
}

func train(name, dir string) error {
	r, ok := recipes[name]
	if !ok {
		return fmt.Errorf("unknown model, expected one of %s", strings.Join(slices.Sorted(maps.Keys(recipes)), ", "))
	}
	m, err := r.fit(data{dir, "."})
	if err != nil {
		return err
	}
	file := m.Marshal()
	if err := os.MkdirAll(filepath.Dir(r.path), 0o755); err != nil { //nolint:gosec // readable by everyone
		return err
	}
	fmt.Fprintf(os.Stderr, "%s: %d bytes\n", r.path, len(file))
	return os.WriteFile(r.path, file, 0o644) //nolint:gosec // readable by everyone
}
