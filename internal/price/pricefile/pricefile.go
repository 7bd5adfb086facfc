// Package pricefile reads price files of users: YAML on disk, or a part of the Collector's configuration. Package price
// defines what rows mean, and checks them.
package pricefile

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/errline"
	"github.com/faultline-otel/faultline/internal/price"
	"github.com/faultline-otel/faultline/internal/strictyaml"
)

// Load reads a price file. The error has a line for every mistake.
func Load(path string) (*price.File, error) {
	text, err := read(path)
	if err != nil {
		return nil, err
	}
	f, err := parse(text)
	return f, named(path, err)
}

// Settings reads the prices in the Collector's configuration: the content of a price file, or {file: its path}. Without
// settings, the file is nil.
func Settings(settings map[string]any) (*price.File, error) {
	if len(settings) == 0 {
		return nil, nil //nolint:nilnil // no file and no mistake
	}
	value, ok := settings["file"]
	if !ok {
		return decode(settings)
	}
	path, isText := value.(string)
	switch {
	case !isText || path == "":
		return nil, fmt.Errorf("file must be the path of a price file, got %s", strictyaml.Show(value))
	case len(settings) > 1:
		return nil, errors.New("file must stand alone: move the other keys into the file")
	}
	return Load(path)
}

func decode(settings map[string]any) (*price.File, error) {
	var c content
	err := strictyaml.Decode(settings, &c)
	return c.file(err)
}

// Rows reads the rows of a price file, or of a book in the form in which the repository holds it.
func Rows(path string) ([]price.Row, error) {
	text, err := read(path)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(text, "book\t") || strings.Contains(text, "\nbook\t") {
		book, err := price.Parse(text)
		if err != nil {
			return nil, named(path, err)
		}
		return book.AllRows(), nil
	}
	f, err := parse(text)
	if err != nil {
		return nil, named(path, err)
	}
	return f.Rows, nil
}

func read(path string) (string, error) {
	text, err := strictyaml.ReadFile(path)
	return string(text), named(path, err)
}

func parse(text string) (*price.File, error) {
	var c content
	err := strictyaml.Unmarshal([]byte(text), &c)
	return c.file(err)
}

// file checks what was decoded, with the error of decoding. The error has a line for every mistake.
func (c *content) file(err error) (*price.File, error) {
	mistakes, ok := errors.AsType[strictyaml.MistakesError](err)
	if err != nil && !ok {
		return nil, err
	}
	errs := []error{err}
	if notMapping := slices.ContainsFunc(mistakes, func(m strictyaml.Mistake) bool {
		return len(m.Path) == 0 && strings.HasPrefix(m.Text, "must ")
	}); !notMapping && !mistakes.Under("version") && (c.Version == nil || *c.Version != price.FileVersion) {
		errs = append(errs, fmt.Errorf("version must be %d, got %s", price.FileVersion, shown(c.Version)))
	}
	f := &price.File{Aliases: make(map[string]string, len(c.Aliases))}
	for name, of := range c.Aliases {
		f.Aliases[name] = string(of)
	}
	for i := range c.Prices {
		made := c.Prices[i].price()
		made.Place = fmt.Sprintf("prices[%d]", i)
		for _, key := range []string{"provider", "from", "hours"} {
			if mistakes.Under("prices", i, key) {
				made.Models = nil // what the row overlaps with is unknown
			}
		}
		f.Rows = append(f.Rows, made)
	}
	if len(f.Rows) > 0 || err == nil && c.Version != nil {
		errs = append(errs, f.Complete(func(i int) bool { return mistakes.Under("prices", i) }))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return f, nil
}

func shown(version *int) string {
	if version == nil {
		return "nothing"
	}
	return strconv.Itoa(*version)
}

// named says of every line of an error which file it is about.
func named(path string, err error) error { return errline.Prefix("price file "+path, err) }
