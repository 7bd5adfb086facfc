package dataset

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/faultline-otel/faultline/internal/failure"
)

// MaxRow bounds one line of a dataset file, in bytes.
const MaxRow = 64 << 20

// maxMistakes bounds the reported mistakes of one file. A file of another kind has one a line.
const maxMistakes = 20

// Read reads a dataset file: one in the short form where the name ends in .yaml or .yml, else JSON lines. It returns
// the valid rows, and an error with a line for each mistake: file, row, key, rule, value.
func Read(name string, r io.Reader) ([]Row, error) {
	if IsShort(name) {
		return ReadShort(name, r)
	}
	var (
		rows []Row
		errs []error
	)
	seen := map[string]int{}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), MaxRow)
	number := 0
	for lines.Scan() {
		number++
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		wrong := func(err error) { errs = append(errs, fmt.Errorf("%s: row %d: %w", name, number, err)) }
		var row Row
		if err := unmarshal(line, &row); err != nil {
			if number == 1 && isTraces(line) {
				return nil, fmt.Errorf("%s: %w", name, errTraces)
			}
			wrong(err)
			continue
		}
		bad := row.Validate()
		if first, again := seen[row.ID]; again && row.ID != "" {
			bad = append(bad, fmt.Errorf("id must be unique, got %q again, first in row %d", row.ID, first))
		} else {
			seen[row.ID] = number
		}
		for _, err := range bad {
			wrong(err)
		}
		if len(bad) == 0 {
			rows = append(rows, row)
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		errs = append(errs, fmt.Errorf("%s: row %d: a row must not be larger than %d MiB", name, number+1, MaxRow>>20))
	} else if err != nil {
		errs = append(errs, fmt.Errorf("%s: %w", name, err))
	}
	if more := len(errs) - maxMistakes; more > 0 {
		errs = append(errs[:maxMistakes],
			fmt.Errorf("%s: %d more mistakes; is it a dataset, as faultline dataset export writes it?", name, more))
	}
	return rows, errors.Join(errs...)
}

// errTraces says what to do with a file of the kind that a dataset is most often mistaken for.
var errTraces = errors.New(
	"it must be a dataset, and holds traces: faultline dataset export makes rows of reviewed ones",
)

// isTraces reports whether a line is OTLP/JSON, which faultline run and the Collector write.
func isTraces(line []byte) bool {
	var request struct {
		Spans []json.RawMessage `json:"resourceSpans"`
		Logs  []json.RawMessage `json:"resourceLogs"`
	}
	return json.Unmarshal(line, &request) == nil && (request.Spans != nil || request.Logs != nil)
}

// IsShort reports whether the name of a file says that it is in the short form.
func IsShort(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".yaml", ".yml":
		return true
	}
	return false
}

func unmarshal(line []byte, row *Row) error {
	read := struct {
		*Row
		Class  *failure.Class `json:"class"` // of version 1
		Detail *string        `json:"detail"`
	}{Row: row}
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&read); err != nil {
		var field *json.UnmarshalTypeError
		if errors.As(err, &field) && field.Field != "" {
			return fmt.Errorf("%s must be %s, got %s", strings.TrimPrefix(field.Field, "Row."), field.Type, field.Value)
		}
		if key, unknown := strings.CutPrefix(err.Error(), "json: unknown field "); unknown {
			return fmt.Errorf("a row must be a JSON object of the keys in docs/guides/datasets.md, got %s", key)
		}
		return fmt.Errorf("a row must be a JSON object of known keys: %w", err)
	}
	if d.More() {
		return errors.New("a row must be one JSON object, got more after it")
	}
	earlier := read.Class != nil || read.Detail != nil
	switch {
	case row.Version == Version && earlier:
		return fmt.Errorf("a row of version %d must say error_class and error_detail, got class or detail", Version)
	case row.Version == 1 && (row.Class != "" || row.Detail != ""):
		return errors.New("a row of version 1 must say class and detail, got error_class or error_detail")
	case row.Version == 1:
		row.Version = Version
	}
	if read.Class != nil {
		row.Class = *read.Class
	}
	if read.Detail != nil {
		row.Detail = *read.Detail
	}
	return nil
}

// Write writes rows as a dataset file.
func Write(w io.Writer, rows []Row) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for i := range rows {
		if err := e.Encode(&rows[i]); err != nil {
			return fmt.Errorf("row %s: %w", rows[i].ID, err)
		}
	}
	return nil
}

// CheckOutput returns why no dataset can be written to a file: its name is one of the short form, which is read as
// YAML, or it is no regular file.
func CheckOutput(path string) error {
	if IsShort(path) {
		return fmt.Errorf("must not end in .yaml or .yml, since rows are written as JSON lines, got %q", path)
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("must be a file, got %q", path)
	}
	return nil
}

// WriteFile replaces a dataset file at once: readers see the old file or the new one. Only its owner can read it,
// since it holds messages of users. CheckOutput says which names it takes.
func WriteFile(path string, rows []Row) error {
	if err := CheckOutput(path); err != nil {
		return fmt.Errorf("a dataset %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("create dataset: %w", err)
	}
	defer os.Remove(f.Name()) //nolint:errcheck // after the rename there is nothing to remove
	buffered := bufio.NewWriter(f)
	err = errors.Join(Write(buffered, rows), buffered.Flush(), f.Sync(), f.Close())
	if err != nil {
		return fmt.Errorf("write dataset: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("put dataset in place: %w", err)
	}
	return nil
}
