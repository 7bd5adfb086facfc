// Package pricefile reads price files of users: YAML on disk, or a part of the Collector's configuration. What they may say
// is defined in package price, which stands on the standard library alone.
package pricefile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/faultline-otel/faultline/internal/price"
)

// maxBytes bounds a price file. The whole embedded book has a hundred kilobytes.
const maxBytes = 4 << 20

// Load reads a price file. The error has a line for every mistake.
func Load(path string) (*price.File, error) {
	text, err := read(path)
	if err != nil {
		return nil, err
	}
	f, err := parse(text)
	return f, named(path, err)
}

// Settings reads what the Collector's configuration says of prices: the content of a price file, or {file: its path}. Nothing
// is no file.
func Settings(content map[string]any) (*price.File, error) {
	if len(content) == 0 {
		return nil, nil //nolint:nilnil // no file and no mistake
	}
	value, ok := content["file"]
	if !ok {
		return price.Decode(content)
	}
	path, isText := value.(string)
	switch {
	case !isText || path == "":
		return nil, fmt.Errorf("file must be the path of a price file, got %v", value)
	case len(content) > 1:
		return nil, errors.New("file must stand alone, the other keys belong into the file")
	}
	return Load(path)
}

// Rows reads the rows of a price file, or of a book as the repository holds it, whichever the file is.
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
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("price file: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err == nil && len(text) > maxBytes {
		err = fmt.Errorf("must be at most %d bytes long", maxBytes)
	}
	return string(text), named(path, err)
}

func parse(text string) (*price.File, error) {
	var content map[string]any
	if err := yaml.Unmarshal([]byte(text), &content); err != nil {
		if bad, ok := errors.AsType[*yaml.TypeError](err); ok {
			return nil, fmt.Errorf("must be a mapping of aliases, prices, version: %s", strings.Join(bad.Errors, ", "))
		}
		return nil, err
	}
	if content == nil {
		return nil, errors.New("the file is empty")
	}
	return price.Decode(content)
}

// named says of every line of an error which file it is about.
func named(path string, err error) error {
	if err == nil {
		return nil
	}
	var errs []error
	for line := range strings.SplitSeq(err.Error(), "\n") {
		errs = append(errs, fmt.Errorf("price file %s: %s", path, line))
	}
	return errors.Join(errs...)
}
