package dialect

import (
	"math"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/faultline-otel/faultline/internal/genai"
)

// has reports whether the span carries an attribute.
func (r *Reader) has(k key) bool { return r.at[k] != (pcommon.Value{}) }

// forget drops an attribute that does not mean what its name says.
func (r *Reader) forget(k key) { r.at[k] = pcommon.Value{} }

// str returns the first attribute that is not empty. A number or a bool becomes text, and a JSON string (MLflow,
// Langfuse) loses its quotes.
func (r *Reader) str(keys ...key) string {
	for _, k := range keys {
		if r.has(k) {
			if s := textOfValue(r.at[k]); s != "" {
				return s
			}
		}
	}
	return ""
}

func textOfValue(v pcommon.Value) string {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		s := v.Str()
		if len(s) > 1 && s[0] == '"' && s[len(s)-1] == '"' {
			return unquoted(s)
		}
		return s
	case pcommon.ValueTypeInt:
		return strconv.FormatInt(v.Int(), 10)
	case pcommon.ValueTypeDouble:
		return strconv.FormatFloat(v.Double(), 'g', -1, 64)
	case pcommon.ValueTypeBool:
		return strconv.FormatBool(v.Bool())
	}
	return ""
}

// name is str for attributes that hold an identifier. "null", "None" and "undefined" count as empty.
func (r *Reader) name(keys ...key) string {
	for _, k := range keys {
		if s := named(r.str(k)); s != "" {
			return s
		}
	}
	return ""
}

// named returns an identifier, or "" for the words that stand for none.
func named(s string) string {
	switch s {
	case "null", "None", "undefined":
		return ""
	}
	return s
}

// count returns the first attribute that holds a count. Emitters write a negative number for "unset".
func (r *Reader) count(keys ...key) genai.Opt[int64] {
	for _, k := range keys {
		if !r.has(k) {
			continue
		}
		if n, ok := intOf(r.at[k]); ok && n >= 0 {
			return genai.Some(n)
		}
	}
	return genai.Opt[int64]{}
}

func intOf(v pcommon.Value) (int64, bool) {
	switch v.Type() {
	case pcommon.ValueTypeInt:
		return v.Int(), true
	case pcommon.ValueTypeDouble:
		return wholeNumber(v.Double())
	case pcommon.ValueTypeStr:
		return parseInt(v.Str())
	case pcommon.ValueTypeMap:
		// JavaScript's protobuf writes a long as {"low": n, "high": 0}.
		if low, ok := v.Map().Get("low"); ok {
			return intOf(low)
		}
	}
	return 0, false
}

func parseInt(s string) (int64, bool) {
	s = strings.Trim(s, ` "`)
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, true
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return wholeNumber(f)
	}
	return 0, false
}

func wholeNumber(f float64) (int64, bool) {
	if math.IsNaN(f) || math.Abs(f) > 1<<53 || f != math.Trunc(f) {
		return 0, false
	}
	return int64(f), true
}

// float returns the first attribute that holds a finite number.
func (r *Reader) float(keys ...key) genai.Opt[float64] {
	for _, k := range keys {
		if !r.has(k) {
			continue
		}
		if f, ok := floatOf(r.at[k]); ok {
			return genai.Some(f)
		}
	}
	return genai.Opt[float64]{}
}

func floatOf(v pcommon.Value) (float64, bool) {
	switch v.Type() {
	case pcommon.ValueTypeInt:
		return float64(v.Int()), true
	case pcommon.ValueTypeDouble:
		return v.Double(), !math.IsNaN(v.Double()) && !math.IsInf(v.Double(), 0)
	case pcommon.ValueTypeStr:
		return parseFloat(v.Str())
	}
	return 0, false
}

func parseFloat(s string) (float64, bool) {
	f, err := strconv.ParseFloat(strings.Trim(s, ` "`), 64)
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}

// flag returns the first attribute that holds a bool. Some emitters and backends turn bools into strings.
func (r *Reader) flag(keys ...key) genai.Opt[bool] {
	for _, k := range keys {
		if !r.has(k) {
			continue
		}
		if b, ok := boolOf(r.at[k]); ok {
			return genai.Some(b)
		}
	}
	return genai.Opt[bool]{}
}

func boolOf(v pcommon.Value) (value, ok bool) {
	switch v.Type() {
	case pcommon.ValueTypeBool:
		return v.Bool(), true
	case pcommon.ValueTypeInt:
		return v.Int() != 0, true
	case pcommon.ValueTypeStr:
		return parseBool(v.Str())
	}
	return false, false
}

func parseBool(s string) (value, ok bool) {
	switch strings.Trim(s, ` "`) {
	case "true", "True", "TRUE", "1":
		return true, true
	case "false", "False", "FALSE", "0":
		return false, true
	}
	return false, false
}

// appendStrings reads a list of strings from an array, a JSON array in a string, or a comma-separated string.
func appendStrings(dst []string, v pcommon.Value) []string {
	switch v.Type() {
	case pcommon.ValueTypeSlice:
		for i := range v.Slice().Len() {
			if s := textOfValue(v.Slice().At(i)); s != "" {
				dst = append(dst, s)
			}
		}
	case pcommon.ValueTypeStr:
		s := strings.TrimSpace(v.Str())
		if strings.HasPrefix(s, "[") {
			c := cursor{s: s}
			c.open('[')
			for c.element() {
				if item := c.scalar(); item != "" {
					dst = append(dst, item)
				}
			}
			return dst
		}
		for s != "" {
			item, rest, _ := strings.Cut(s, ",")
			if item = strings.Trim(item, ` "`); item != "" {
				dst = append(dst, item)
			}
			s = rest
		}
	}
	return dst
}

// fill sets a text that is not set yet. fillOpt does the same for other values.
func fill(dst *string, value string) {
	if *dst == "" {
		*dst = value
	}
}

func fillOpt[T any](dst *genai.Opt[T], value genai.Opt[T]) {
	if !dst.Set {
		*dst = value
	}
}
