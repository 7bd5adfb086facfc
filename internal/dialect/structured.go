package dialect

import (
	"encoding/base64"
	"math"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

const (
	// maxValueDepth bounds how deep structured values are read.
	maxValueDepth = 64
	// maxScratch bounds how many bytes of memory a reader keeps for the next span.
	maxScratch = 256 << 10
)

// appendJSON writes a structured attribute as JSON, so that one parser serves both forms. Beyond maxField or
// maxValueDepth it writes null.
func appendJSON(dst []byte, v pcommon.Value, depth int) []byte {
	if depth > maxValueDepth || len(dst) > maxField {
		return append(dst, "null"...)
	}
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return appendString(dst, v.Str())
	case pcommon.ValueTypeInt:
		return strconv.AppendInt(dst, v.Int(), 10)
	case pcommon.ValueTypeDouble:
		if f := v.Double(); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return strconv.AppendFloat(dst, f, 'g', -1, 64)
		}
	case pcommon.ValueTypeBool:
		return strconv.AppendBool(dst, v.Bool())
	case pcommon.ValueTypeBytes:
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, v.Bytes().AsRaw())
		return append(dst, '"')
	case pcommon.ValueTypeSlice:
		dst = append(dst, '[')
		for i := range v.Slice().Len() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(dst, v.Slice().At(i), depth+1)
			if len(dst) > maxField {
				break
			}
		}
		return append(dst, ']')
	case pcommon.ValueTypeMap:
		return appendMap(dst, v.Map(), depth)
	}
	return append(dst, "null"...)
}

func appendMap(dst []byte, m pcommon.Map, depth int) []byte {
	dst = append(dst, '{')
	first := true
	for name, value := range m.All() {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = appendString(dst, name)
		dst = append(dst, ':')
		dst = appendJSON(dst, value, depth+1)
		if len(dst) > maxField {
			break
		}
	}
	return append(dst, '}')
}

// appendString writes a JSON string. It keeps invalid UTF-8, which readers tolerate.
func appendString(dst []byte, s string) []byte {
	if len(s) > maxField {
		s = s[:maxField]
	}
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		b := s[i]
		if b >= ' ' && b != '"' && b != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		switch b {
		case '"', '\\':
			dst = append(dst, '\\', b)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\r':
			dst = append(dst, '\\', 'r')
		default:
			const hex = "0123456789abcdef"
			dst = append(dst, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
		}
		start = i + 1
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}
