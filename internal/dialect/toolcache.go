package dialect

import (
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/hashicorp/golang-lru/v2/simplelru"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/faultline-otel/faultline/internal/genai"
)

// An agent sends the same tool definitions with every call, so they are parsed once. The bounds keep a reader below 8 MB
// whatever arrives.
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
	unreadable bool // the text is no JSON: cut, or too deep
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
	// The text is copied: a cached string must not hold on to the memory of a whole request.
	text = strings.Clone(text)
	tools, err := genai.ParseTools(text)
	parsed := parsedTools{text: text, tools: tools, unreadable: err != nil}
	t.entries.Add(hash, parsed)
	return parsed
}

// readTools fills the tool definitions from their JSON.
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

// toolText is the JSON of tool definitions: a string, a structured value, or a list of strings each of which holds one.
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
