package scorers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// decode reads the settings of one scorer into its configuration; an unknown key is an error.
func decode[T any](settings map[string]any) (config T, err error) {
	if len(settings) == 0 {
		return config, nil
	}
	text, err := yaml.Marshal(settings)
	if err != nil {
		return config, err
	}
	if err := strict(text, &config); err != nil {
		// The text is ours, and so are its line numbers.
		return config, errors.New(lineNumber.ReplaceAllString(err.Error(), ""))
	}
	return config, nil
}

var lineNumber = regexp.MustCompile(`(?m)^line \d+: `)

// strict decodes YAML and refuses keys that the target does not have. The error has a line for every mistake.
func strict(text []byte, target any) error {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	err := d.Decode(target)
	if errors.Is(err, io.EOF) {
		return errors.New("the file is empty")
	}
	if bad, ok := errors.AsType[*yaml.TypeError](err); ok {
		known := map[string][]string{}
		keysOf(reflect.TypeOf(target), known)
		var errs []error
		for _, line := range bad.Errors {
			errs = append(errs, errors.New(plain(line, known)))
		}
		return malformed{errors.Join(errs...)}
	}
	return err
}

// malformed is the error of a text whose keys or types are wrong: the rest of it was read.
type malformed struct{ error }

// keysOf notes, for a type and all that it is made of, which keys it has in YAML.
func keysOf(t reflect.Type, known map[string][]string) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		keysOf(t.Elem(), known)
	case reflect.Struct:
		if _, done := known[t.String()]; done {
			return
		}
		keys := []string{}
		known[t.String()] = keys
		for f := range t.Fields() {
			if key, _, _ := strings.Cut(f.Tag.Get("yaml"), ","); key != "" && key != "-" {
				keys = append(keys, key)
				keysOf(f.Type, known)
			}
		}
		slices.Sort(keys)
		known[t.String()] = keys
	}
}

// plain turns the words of the YAML library, which name Go types, into those of a user.
func plain(line string, known map[string][]string) string {
	if line, of, ok := strings.Cut(line, " not found in type "); ok {
		line = strings.Replace(line, "field ", "unknown key ", 1)
		if keys := known[of]; len(keys) > 0 {
			return fmt.Sprintf("%s, expected one of %s", line, strings.Join(keys, ", "))
		}
		return line + ", expected none"
	}
	line, of, _ := strings.Cut(line, " into ")
	return strings.NewReplacer("!!", "", "cannot unmarshal ", "must be "+kindOf(of, known)+", got ").Replace(line)
}

// kindOf says what a Go type is in YAML.
func kindOf(of string, known map[string][]string) string {
	switch {
	case known[of] != nil:
		return "a mapping of " + strings.Join(known[of], ", ")
	case strings.HasPrefix(of, "[]"):
		return "a list"
	case strings.HasPrefix(of, "map["):
		return "a mapping"
	case of == "string":
		return "a text"
	case of == "bool":
		return "true or false"
	}
	return "a number"
}
