package jsonschema

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Decode reads one JSON value for Validate: numbers keep their digits. It refuses what is too large, too deep, followed
// by more than white space, or holds a number of absurd size.
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

// maxExponent bounds the exponents of numbers. Validation computes with exact fractions: 1e1000000000 would fill memory.
const maxExponent = 400

// scan refuses nesting and numbers that are out of bounds, without decoding anything.
func scan(text string) error {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			if depth++; depth > MaxDepth {
				return fmt.Errorf("JSON nests %w: more than %d levels", ErrTooDeep, MaxDepth)
			}
		case '}', ']':
			depth--
		case 'e', 'E':
			// Outside of strings an e is that of an exponent, or of true and false, which no digit follows.
			digits := 0
			value := 0
			for j := i + 1; j < len(text) && (text[j] >= '0' && text[j] <= '9' || digits == 0 && (text[j] == '+' || text[j] == '-')); j++ {
				if text[j] >= '0' {
					digits++
					value = min(value*10+int(text[j]-'0'), maxExponent+1)
				}
			}
			if value > maxExponent {
				return fmt.Errorf("a number is %w: exponents go to %d", ErrTooLarge, maxExponent)
			}
		}
	}
	return nil
}
