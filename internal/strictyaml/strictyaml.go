// Package strictyaml decodes configuration files into structs: from the text of a file, or from a part of the
// Collector's configuration that is parsed already. It reports all mistakes at once, each on a line with key, rule and
// value.
//
// Fields are named by the tag yaml, and a struct with ",inline" adds its fields to those around it. Unknown keys, keys
// that appear twice, values of another type and more than one document are mistakes. null leaves a field as it is.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// MaxBytes bounds the text of a file.
const MaxBytes = 4 << 20

// Unmarshaler is a type with its own form in YAML, such as a date. It gets what YAML makes of a value: nil, bool, int,
// uint64, float64, string, time.Time, []any, map[string]any, or map[any]any if a key is not a text. The error names
// rule and value: "must be a date, got 7". It may be a MistakesError with paths below the value.
type Unmarshaler interface {
	UnmarshalValue(value any) error
}

// ReadFile reads a file of at most MaxBytes. Its errors leave out the path, which callers put before every line.
func ReadFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, failed.Err
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err != nil {
		return nil, err
	}
	return text, checkSize(text)
}

func checkSize(text []byte) error {
	if len(text) > MaxBytes {
		return fmt.Errorf("must be at most %d bytes long", MaxBytes)
	}
	return nil
}

// Unmarshal decodes YAML text into the struct that target points to. If the error is a MistakesError, target holds all
// values that are right.
func Unmarshal(text []byte, target any) error {
	if err := checkSize(text); err != nil {
		return err
	}
	documents := yaml.NewDecoder(bytes.NewReader(text))
	var root yaml.Node
	err := documents.Decode(&root)
	if err != nil && !errors.Is(err, io.EOF) {
		documents = yaml.NewDecoder(bytes.NewReader(Questions(text)))
		root = yaml.Node{}
		err = documents.Decode(&root)
	}
	if errors.Is(err, io.EOF) {
		return errors.New("the file is empty")
	} else if err != nil {
		return err
	}
	d := decoder{root: &root}
	if err := documents.Decode(new(yaml.Node)); err == nil {
		d.mistakes = append(d.mistakes, Mistake{Text: "the file must hold one document, got several"})
	} else if !errors.Is(err, io.EOF) {
		return err
	}
	d.dropRepeated(nil, &root)
	var content any
	if err := root.Decode(&content); err != nil && strings.Contains(err.Error(), "invalid map key") {
		return errors.New("yaml: a key must be a text; a value that begins with {{ must be quoted, such as \"{{question}}\"")
	} else if err != nil { // it refuses anchors that contain themselves, or expand without bound
		return err
	}
	if content == nil {
		return errors.New("the file is empty")
	}
	return d.decode(content, target)
}

// Decode decodes content that is parsed already, or the value of an Unmarshaler, into what target points to. If the
// error is a MistakesError, target holds all values that are right.
func Decode(content, target any) error {
	var d decoder
	return d.decode(content, target)
}

func (d *decoder) decode(content, target any) error {
	d.value(nil, content, reflect.ValueOf(target).Elem())
	if len(d.mistakes) == 0 {
		return nil
	}
	return d.mistakes
}
