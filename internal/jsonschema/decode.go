package jsonschema

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Decode reads one JSON value for Validate: numbers keep their digits. It refuses a value that is too large or too
// deep, has more than white space behind it, or holds a number of absurd size.
func Decode(text string) (any, error) {
	if len(text) > MaxInstance {
		return nil, fmt.Errorf("JSON of %d bytes is %w: at most %d", len(text), ErrTooLarge, MaxInstance)
	}
	if err := scan(text); err != nil {
		return nil, err
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more follows the JSON value")
	}
	return v, nil
}

// maxExponent bounds the exponents of numbers. Validation computes with exact fractions: 1e1000000000 would fill
// memory.
const maxExponent = 400

// scan refuses nesting and numbers that are out of bounds, without decoding.
func scan(text string) error {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case c == '{' || c == '[':
			if depth++; depth > MaxDepth {
				return fmt.Errorf("JSON nests %w: more than %d levels", ErrTooDeep, MaxDepth)
			}
		case c == '}' || c == ']':
			depth--
		case c >= '0' && c <= '9':
			end := i
			for end < len(text) && strings.IndexByte("0123456789.eE+-", text[end]) >= 0 {
				end++
			}
			if err := CheckNumber(text[i:end]); err != nil {
				return err
			}
			i = end - 1
		}
	}
	return nil
}

// CheckNumber refuses a JSON number that is too large for exact arithmetic.
func CheckNumber(number string) error {
	if len(number) > MaxDigits {
		return fmt.Errorf("a number of %d digits is %w: at most %d", len(number), ErrTooLarge, MaxDigits)
	}
	e := strings.IndexAny(number, "eE")
	if e < 0 {
		return nil
	}
	exponent := strings.TrimLeft(strings.TrimLeft(number[e+1:], "+-"), "0")
	if n, err := strconv.Atoi(exponent); exponent != "" && (err != nil || n > maxExponent) {
		return fmt.Errorf("a number is %w: exponents go to %d", ErrTooLarge, maxExponent)
	}
	return nil
}
