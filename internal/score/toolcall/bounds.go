package toolcall

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"
)

// bounds are the limits of a number. A nil limit does not apply.
type bounds struct {
	minimum, maximum, exclusiveMinimum, exclusiveMaximum *limit
}

// limit is a number: exact, and rounded for the comparisons that rounding cannot change.
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

// boundsOf reads the limits of a number. In draft 4, exclusiveMinimum and exclusiveMaximum are booleans.
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

// compare returns -1, 0 or 1 if a number is below, at or above the limit.
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

// counts are the limits of lengths: characters of strings, items of arrays, properties of objects.
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

// countOf reads a count, also as 3.0 and, as some emitters write it, as a string. Without a valid count, it returns
// absent.
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
