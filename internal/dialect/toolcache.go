package dialect

import (
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/hashicorp/golang-lru/v2/simplelru"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/faultline-otel/faultline/internal/genai"
)

// An agent sends the same tool definitions with every call, so they are parsed once. The bounds keep the cache of a
// reader below 8 MB on any input.
const (
	maxCachedTools    = 128
	maxCachedToolText = 64 << 10
)

type toolCache struct {
	entries *simplelru.LRU[uint64, parsedTools]
}

type parsedTools struct {
	text       string
	tools      []genai.Tool
	unreadable bool // the text is not JSON: it was cut or nests too deep
}

func newToolCache() toolCache {
	entries, err := simplelru.NewLRU[uint64, parsedTools](maxCachedTools, nil)
	if err != nil { // the size is a positive constant
		panic(err)
	}
	return toolCache{entries: entries}
}

func (t *toolCache) parse(text string) parsedTools {
	if len(text) > maxCachedToolText {
		tools, err := genai.ParseTools(text)
		return parsedTools{text: text, tools: tools, unreadable: err != nil}
	}
	hash := xxhash.Sum64String(text)
	if known, ok := t.entries.Get(hash); ok && known.text == text {
		return known
	}
	// The text is copied, because a cached string must not keep a whole request in memory.
	text = strings.Clone(text)
	tools, err := genai.ParseTools(text)
	parsed := parsedTools{text: text, tools: tools, unreadable: err != nil}
	t.entries.Add(hash, parsed)
	return parsed
}

// readTools reads the tool definitions from their JSON.
func (r *Reader) readTools(content *genai.Content, text string) bool {
	parsed := r.tools.parse(text)
	if len(parsed.tools) == 0 {
		r.call.ContentTruncated = r.call.ContentTruncated || parsed.unreadable
		return false
	}
	content.Tools = append(content.Tools[:0], parsed.tools...)
	content.ToolDefinitions = parsed.text
	return true
}

// toolText returns the JSON of tool definitions: a string, a structured value, or a list of strings that hold one
// definition each.
func (r *Reader) toolText(v pcommon.Value) string {
	if v.Type() == pcommon.ValueTypeSlice && v.Slice().Len() > 0 && v.Slice().At(0).Type() == pcommon.ValueTypeStr {
		b := r.scratch[:0]
		b = append(b, '[')
		for i := range v.Slice().Len() {
			s := strings.TrimSpace(v.Slice().At(i).Str())
			if len(b)+len(s) > maxField {
				r.call.ContentTruncated = true
				break
			}
			if !strings.HasPrefix(s, "{") {
				continue
			}
			if len(b) > 1 {
				b = append(b, ',')
			}
			b = append(b, s...)
		}
		b = append(b, ']')
		if r.scratch = b; len(b) > len("[]") {
			return string(b)
		}
	}
	return r.text(v)
}
