package dialect

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// nestedField is an attribute that holds one member of a flattened value.
type nestedField struct {
	path  []string
	value pcommon.Value
}

// maxNested bounds how many members of a flattened value are read.
const maxNested = 2000

// nested returns the JSON of a value that the emitter flattened into the attributes with a prefix, or "".
func (r *Reader) nested(prefix string) string {
	var all []nestedField
	for name, value := range r.span.Attributes().All() {
		rest, ok := strings.CutPrefix(name, prefix)
		if !ok || rest == "" || len(all) >= maxNested {
			continue
		}
		all = append(all, nestedField{path: strings.SplitN(rest, ".", maxNesting), value: value})
	}
	if len(all) == 0 {
		return ""
	}
	// Exporters do not keep the order of attributes. Indexes sort as numbers.
	slices.SortStableFunc(all, func(a, b nestedField) int { return slices.CompareFunc(a.path, b.path, compareNames) })
	text := string(appendNested(nil, all, 0))
	if len(text) > maxField {
		r.call.ContentTruncated = true
		text = text[:maxField]
	}
	return text
}

func compareNames(a, b string) int {
	n, errA := strconv.Atoi(a)
	m, errB := strconv.Atoi(b)
	if errA == nil && errB == nil {
		return cmp.Compare(n, m)
	}
	return strings.Compare(a, b)
}

// appendNested writes fields that agree in the first depth names of their paths. Names that are all numbers make an
// array.
func appendNested(dst []byte, fields []nestedField, depth int) []byte {
	isArray := !slices.ContainsFunc(fields, func(f nestedField) bool {
		if len(f.path) <= depth {
			return true
		}
		_, err := strconv.Atoi(f.path[depth])
		return err != nil
	})
	open, closing := byte('{'), byte('}')
	if isArray {
		open, closing = '[', ']'
	}
	dst = append(dst, open)
	for first := true; len(fields) > 0; {
		if len(fields[0].path) <= depth { // the value itself, beside its members
			fields = fields[1:]
			continue
		}
		name, end := fields[0].path[depth], 1
		for end < len(fields) && fields[end].path[depth] == name {
			end++
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		if !isArray {
			dst = append(appendString(dst, name), ':')
		}
		if group := fields[:end]; end == 1 && len(group[0].path) == depth+1 {
			dst = appendUnmarked(dst, group[0].value)
		} else {
			dst = appendNested(dst, group, depth+1)
		}
		fields = fields[end:]
	}
	return append(dst, closing)
}

// jsonMark is what Agenta writes before JSON in a string.
const jsonMark = "@ag.type=json:"

// appendUnmarked writes a value as JSON. JSON that is marked as such is not quoted.
func appendUnmarked(dst []byte, v pcommon.Value) []byte {
	if v.Type() == pcommon.ValueTypeStr {
		if text, ok := strings.CutPrefix(v.Str(), jsonMark); ok {
			if text = strings.TrimSpace(text); looksLikeJSON(text) {
				return append(dst, text...)
			}
			return appendString(dst, text)
		}
	}
	return appendJSON(dst, v, 1)
}
