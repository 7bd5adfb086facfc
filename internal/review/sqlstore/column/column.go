// Package column has the form in which the columns of a store keep values.
package column

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
)

// EncodeClasses writes classes for a column.
func EncodeClasses(classes []failure.Class) string {
	if len(classes) == 0 {
		return ""
	}
	return JSON(classes)
}

// DecodeClasses is the inverse of encodeClasses.
func DecodeClasses(column string) (classes []failure.Class, err error) {
	if column == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(column), &classes); err != nil {
		return nil, fmt.Errorf("read classes: %w", err)
	}
	return classes, nil
}

// JSON returns the JSON of a value that cannot fail to encode.
func JSON(v any) string {
	var b strings.Builder
	_ = json.NewEncoder(&b).Encode(v)
	return strings.TrimSuffix(b.String(), "\n")
}

// Cut bounds a text and marks the cut at its end.
func Cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	end := limit
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return fmt.Sprintf("%s… [cut, %d bytes in all]", text[:end], len(text))
}

// The bits of items.sources that are asked for by name.
const (
	BitVerdict = 1
	BitJudge   = 32
)

// bits are those of items.sources, as the indexes spell them.
var bits = map[review.Source]int{
	review.SourceVerdict: BitVerdict, review.SourceFeedback: 2, review.SourceSent: 4, review.SourceSuspicion: 8,
	review.SourceRandom: 16, review.SourceJudge: BitJudge,
}

// BitOf returns the bit of a source, 0 for an unknown one.
func BitOf(source review.Source) int { return bits[source] }

// ReasonsIn returns the reasons of the bits, the strongest first. Only the probability of a verdict is in them.
func ReasonsIn(sources int) (reasons []review.Reason) {
	for _, source := range review.Sources() {
		if sources&BitOf(source) != 0 {
			reasons = append(reasons, review.Reason{Source: source})
		}
	}
	if sources&BitVerdict != 0 {
		reasons[0].Probability = 1
	}
	return reasons
}

// SourcesIn returns the sources of the bits.
func SourcesIn(sources int) (list []review.Source) {
	for _, source := range review.Sources() {
		if sources&BitOf(source) != 0 {
			list = append(list, source)
		}
	}
	return list
}

// Bit spells a truth value: databases differ in theirs.
func Bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// MaxShort bounds names, ids and evidence in columns, in bytes.
const MaxShort = 1 << 10

// Short makes a text fit for a column: bounded, valid UTF-8 and without NUL, which some databases refuse.
func Short(text string) string { return Cut(Clean(text), MaxShort) }

// Clean makes a text valid UTF-8 without NUL.
func Clean(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if strings.IndexByte(text, 0) >= 0 {
		text = strings.ReplaceAll(text, "\x00", "\uFFFD")
	}
	return text
}

// Nanos returns a time as the store keeps it. Times outside the range of int64 nanoseconds count as unknown.
func Nanos(t time.Time) int64 {
	if y := t.Year(); y < 1970 || y > 2261 {
		return 0
	}
	return t.UnixNano()
}

// Instant is the inverse of nanos.
func Instant(nanos int64) time.Time {
	if nanos == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanos).UTC()
}

// Optional returns a number that may be missing in a column.
func Optional(f sql.NullFloat64) genai.Opt[float64] {
	return genai.Opt[float64]{Value: f.Float64, Set: f.Valid}
}

// Nullable is the inverse of optional.
func Nullable(f genai.Opt[float64]) sql.NullFloat64 {
	return sql.NullFloat64{Float64: f.Value, Valid: f.Set}
}
