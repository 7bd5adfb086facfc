package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"math"
	"slices"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/clip"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// What a Cutter does with the content of a span that is over the bound.
const (
	ContentKeep = "keep"
	ContentCut  = "cut"  // the longest texts are cut
	ContentDrop = "drop" // the longest texts are removed
)

// Bounds of ContentSettings.MaxBytes. Below the lower one nothing readable would be left.
const (
	DefaultContentBytes = 32 << 10
	minContentBytes     = 4 << 10
	maxContentBytes     = 1 << 30
)

// minText is the length, in bytes, below which a text is never cut: names and numbers are not longer.
const minText = 256

// Cutter bounds the content of a span, after everything was read from it. Content is what the Redactor reads: every
// text of a GenAI span under a name that is not technical. The longest texts are cut first, all to the same length.
//
// It is safe for concurrent use. A nil Cutter does nothing.
type Cutter struct {
	drop bool
	max  int
}

// NewCutter returns a Cutter, or nil for ContentKeep.
func NewCutter(mode string, maxBytes int) (*Cutter, error) {
	switch {
	case mode != ContentKeep && mode != ContentCut && mode != ContentDrop:
		return nil, fmt.Errorf("mode must be %s, %s or %s, got %q", ContentKeep, ContentCut, ContentDrop, mode)
	case maxBytes < minContentBytes || maxBytes > maxContentBytes:
		return nil, fmt.Errorf("max_bytes must be %d to %d, got %d", minContentBytes, maxContentBytes, maxBytes)
	case mode == ContentKeep:
		return nil, nil
	}
	return &Cutter{drop: mode == ContentDrop, max: maxBytes}, nil
}

// Span cuts the content of a GenAI span that is larger than the bound and reports whether it did. The span says what
// was cut and keeps the digest of the original content.
func (c *Cutter) Span(span ptrace.Span, e *Entry) bool {
	if c == nil || !e.GenAI {
		return false
	}
	size := sizeOfMap(span.Attributes())
	for _, event := range span.Events().All() {
		size += sizeOfMap(event.Attributes())
	}
	if size <= c.max {
		return false
	}
	return c.span(span, e, size)
}

// content is a text, or a list or map with texts, of a span.
type content struct {
	owner pcommon.Map
	name  string
	value pcommon.Value
	size  int
}

func (c *Cutter) span(span ptrace.Span, e *Entry, size int) bool {
	contents := contentsOf(nil, span.Attributes())
	for _, event := range span.Events().All() {
		contents = contentsOf(contents, event.Attributes())
	}
	room, sizes := c.max-size, make([]int, len(contents))
	for i := range contents {
		sizes[i] = contents[i].size
		room += sizes[i]
	}
	limit := max(level(sizes, room), minText)
	original := spanattr.Content{Bytes: int64(size)}
	sum := sha256.New()
	for i := range contents {
		if text := &contents[i]; text.size > limit {
			original.Cut = append(original.Cut, text.name)
			digest(sum, text.value)
			if !c.drop {
				shorten(text.value, limit)
			}
		}
	}
	if len(original.Cut) == 0 {
		return false
	}
	if c.drop {
		for i := range contents {
			if text := &contents[i]; text.size > limit {
				text.owner.Remove(text.name)
			}
		}
	}
	original.Hash = hex.EncodeToString(sum.Sum(nil))
	spanattr.WriteContent(span, &e.Record, original)
	return true
}

// contentsOf appends the content of some attributes. Removing an attribute moves the values of others, so values are
// used before anything is removed.
func contentsOf(contents []content, m pcommon.Map) []content {
	for name, v := range m.All() {
		if size := sizeOf(v, 0); size > minText && !technical(name) {
			contents = append(contents, content{m, name, v, size})
		}
	}
	return contents
}

func sizeOfMap(m pcommon.Map) (size int) {
	for _, v := range m.All() {
		if n := len(v.Str()); n > 0 { // the usual case; asking for the type first takes as long again
			size += n
			continue
		}
		size += sizeOf(v, 0)
	}
	return size
}

// sizeOf returns the bytes of the texts of a value.
func sizeOf(v pcommon.Value, depth int) (size int) {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return len(v.Str())
	case pcommon.ValueTypeBytes:
		return v.Bytes().Len()
	case pcommon.ValueTypeMap:
		if depth < maxValueDepth {
			for key, item := range v.Map().All() {
				size += len(key) + sizeOf(item, depth+1)
			}
		}
	case pcommon.ValueTypeSlice:
		if depth < maxValueDepth {
			for _, item := range v.Slice().All() {
				size += sizeOf(item, depth+1)
			}
		}
	}
	return size
}

// digest adds the original of a value.
func digest(sum hash.Hash, v pcommon.Value) { _, _ = sum.Write([]byte(v.AsString())) } // it never fails

// level returns the length to which the longest texts are cut, so that all of them fit into the room. It sorts the
// sizes.
func level(sizes []int, room int) int {
	slices.Sort(sizes)
	for i, size := range sizes {
		if left := len(sizes) - i; size > room/left {
			return max(room/left, 0)
		}
		room -= size
	}
	return math.MaxInt
}

// shorten cuts the texts of a value.
func shorten(v pcommon.Value, limit int) {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		v.SetStr(shortText(v.Str(), limit))
	case pcommon.ValueTypeBytes:
		v.SetStr("…" + mark(v.Bytes().Len()))
	case pcommon.ValueTypeMap, pcommon.ValueTypeSlice:
		texts := textsIn(nil, v, 0)
		room, sizes := limit-sizeOf(v, 0), make([]int, len(texts))
		for i := range texts {
			sizes[i] = len(texts[i].Str())
			room += sizes[i]
		}
		longest := max(level(sizes, room), minLeaf)
		for _, text := range texts {
			if len(text.Str()) > longest {
				text.SetStr(shortText(text.Str(), longest))
			}
		}
		if v.Type() == pcommon.ValueTypeSlice {
			shortenSlice(v.Slice(), limit)
		}
	}
}

// shortenSlice keeps the first item and as many of the last as fit: a conversation begins with its instructions, and
// ends with what failed.
func shortenSlice(list pcommon.Slice, limit int) {
	sizes := make([]int, list.Len())
	for i := range sizes {
		sizes[i] = sizeOf(list.At(i), 0)
	}
	i, first := 0, firstKept(sizes, limit)
	list.RemoveIf(func(pcommon.Value) bool {
		i++
		return i > 1 && i-1 < first
	})
}

// firstKept returns the first of the last items that are kept beside item 0.
func firstKept(sizes []int, limit int) int {
	first := len(sizes)
	if first > 0 {
		limit -= sizes[0]
	}
	for first > 1 && sizes[first-1] <= limit {
		first--
		limit -= sizes[first]
	}
	return first
}

func textsIn(texts []pcommon.Value, v pcommon.Value, depth int) []pcommon.Value {
	if depth > maxValueDepth {
		return texts
	}
	switch v.Type() {
	case pcommon.ValueTypeStr:
		texts = append(texts, v)
	case pcommon.ValueTypeMap:
		for _, item := range v.Map().All() {
			texts = textsIn(texts, item, depth+1)
		}
	case pcommon.ValueTypeSlice:
		for _, item := range v.Slice().All() {
			texts = textsIn(texts, item, depth+1)
		}
	}
	return texts
}

// mark ends a text that was cut, behind an ellipsis. Its characters need no escape in JSON.
func mark(size int) string { return " [cut, " + strconv.Itoa(size) + " bytes in all]" }

// shortText cuts a text, within its strings if it is JSON.
func shortText(text string, limit int) string {
	if short, ok := shortJSON(text, limit, 0); ok {
		return short
	}
	end := mark(len(text))
	return clip.Text(text, limit-len(end)) + end
}
