package toolcall

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"
)

// bounds are the limits of a number; nil is none.
type bounds struct {
	minimum, maximum, exclusiveMinimum, exclusiveMaximum *limit
}

// limit is a number, exact, and rounded for the comparisons that rounding does not decide.
type limit struct {
	exact   *big.Rat
	rounded float64
	text    string
}

func limitOf(v any) *limit {
	n, ok := v.(json.Number)
	if !ok {
		return nil
	}
	exact, ok := new(big.Rat).SetString(string(n))
	if !ok {
		return nil
	}
	rounded, _ := exact.Float64()
	return &limit{exact: exact, rounded: rounded, text: string(n)}
}

// boundsOf reads the limits of a number. Draft 4 has exclusiveMinimum and exclusiveMaximum as booleans.
func boundsOf(schema map[string]any) *bounds {
	b := bounds{
		minimum: limitOf(schema["minimum"]), maximum: limitOf(schema["maximum"]),
		exclusiveMinimum: limitOf(schema["exclusiveMinimum"]), exclusiveMaximum: limitOf(schema["exclusiveMaximum"]),
	}
	if schema["exclusiveMinimum"] == true {
		b.minimum, b.exclusiveMinimum = nil, b.minimum
	}
	if schema["exclusiveMaximum"] == true {
		b.maximum, b.exclusiveMaximum = nil, b.maximum
	}
	if b == (bounds{}) {
		return nil
	}
	return &b
}

// compare is -1, 0 or 1: how a number stands to the limit.
func (l *limit) compare(number []byte) int {
	text := string(number)
	if f, err := strconv.ParseFloat(text, 64); err == nil && !math.IsInf(l.rounded, 0) && f != l.rounded {
		if f < l.rounded {
			return -1
		}
		return 1
	}
	exact, ok := new(big.Rat).SetString(text)
	if !ok {
		return 0
	}
	return exact.Cmp(l.exact)
}

// counts are the limits of lengths: of strings in characters, of arrays in items, of objects in properties.
type counts struct {
	minLength, maxLength, minItems, maxItems, minProperties, maxProperties int
}

func countsOf(schema map[string]any) *counts {
	c := counts{
		minLength: countOf(schema["minLength"], 0), maxLength: countOf(schema["maxLength"], math.MaxInt),
		minItems: countOf(schema["minItems"], 0), maxItems: countOf(schema["maxItems"], math.MaxInt),
		minProperties: countOf(schema["minProperties"], 0), maxProperties: countOf(schema["maxProperties"], math.MaxInt),
	}
	if c == (counts{maxLength: math.MaxInt, maxItems: math.MaxInt, maxProperties: math.MaxInt}) {
		return nil
	}
	return &c
}

// countOf reads a count, which may be written 3.0, and as a string by some; absent where it is none.
func countOf(v any, absent int) int {
	var text string
	switch v := v.(type) {
	case json.Number:
		text = string(v)
	case string: // Gemini's int64
		text = v
	default:
		return absent
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f < 0 || f > 1<<31 || f != math.Trunc(f) {
		return absent
	}
	return int(f)
}
