package price

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/faultline-otel/faultline/internal/glob"
	"github.com/faultline-otel/faultline/internal/provider"
)

// sections is, by the canonical name of a provider, where its prices stand. A cloud that sells the models of others lists
// some of them itself; for the rest the price of their maker holds, which it passes on.
var sections = map[string][]string{
	provider.OpenAI: {"openai"}, provider.Anthropic: {"anthropic"}, provider.Bedrock: {"aws"},
	provider.AzureOpenAI: {"azure", "openai"}, provider.AzureInference: {"azure", "openai"},
	provider.Gemini: {"google"}, provider.VertexAI: {"google", "anthropic"}, provider.GoogleGenAI: {"google", "anthropic"},
	provider.Cohere: {"cohere"}, provider.Mistral: {"mistral"}, provider.Groq: {"groq"}, provider.DeepSeek: {"deepseek"},
	provider.XAI: {"x-ai"}, provider.Perplexity: {"perplexity"}, provider.Moonshot: {"moonshotai"},
	"together_ai": {"together"}, "fireworks_ai": {"fireworks"}, "voyage": {"voyageai"}, "z_ai": {"zhipuai"}, "zai": {"zhipuai"},
	"z.ai": {"zhipuai"}, "zhipu": {"zhipuai"},
}

// local are runtimes of one's own: models that are for sale elsewhere cost nothing there that a list could tell.
var local = []string{"ollama", "vllm", "lmstudio", "lm_studio", "llama.cpp", "llamacpp", "llamafile", "localai"}

// bedrock is what the models of Amazon Bedrock are called there and nowhere else, with a region before it or not.
var bedrock = []string{"*anthropic.claude*", "*amazon.nova*", "*amazon.titan*", "*meta.llama*"}

// found is where the prices of a model stand: in the user's file, in the book, in both or in neither.
type found struct {
	own, listed *series
}

// Find is the row of a model that held at a time, nil where there is none. The names are as spans give them: of the
// provider, which may be empty, and of the model, of which the first that is known is meant (the one that answered, the one
// that was asked for). What the user's file says of any of them comes before the book: who writes a price for gpt-4.1, or for a
// deployment's name, is answered by gpt-4.1-2025-04-14, which the book knows. It takes no memory once a pair of names has been seen.
func (b *Book) Find(providerName string, at time.Time, models ...string) *Row {
	var listed *Row
	for _, model := range models {
		if model == "" || len(model) > maxName || len(providerName) > maxName {
			continue
		}
		f := b.find(providerName, model)
		if row := f.own.at(at); row != nil {
			return row
		}
		if listed == nil {
			listed = f.listed.at(at)
		}
		if listed != nil && b.own == nil {
			break
		}
	}
	return listed
}

// Rows are all rows of a model at all times, those of the user's file first.
func (b *Book) Rows(providerName, model string) (rows []*Row) {
	if model == "" || len(model) > maxName || len(providerName) > maxName {
		return nil
	}
	f := b.find(providerName, model)
	for _, s := range []*series{f.own, f.listed} {
		if s != nil {
			rows = append(rows, s.rows...)
		}
	}
	return rows
}

func (b *Book) find(providerName, model string) found {
	name := pair{providerName, model}
	if f, ok := b.cache.get(name); ok {
		return f
	}
	f := b.look(providerName, model)
	b.cache.put(name, f)
	return f
}

// look searches for a model without the cache.
func (b *Book) look(providerName, model string) (f found) {
	spelled := spellings(glob.Fold(model))
	name := glob.Fold(providerName)
	if alias, ok := b.ownAliases[name]; ok {
		name = alias
	}
	canonical, _ := provider.Name(name)
	ids := b.candidates(name, canonical, spelled)
	if b.own != nil {
		f.own = b.findOwn(spelled, ownProviders(name, canonical, ids))
	}
	for _, id := range ids {
		s := b.byID[id]
		if s == nil {
			continue
		}
		for _, spelling := range spelled {
			if f.listed = s.index.find(spelling); f.listed != nil {
				return f
			}
		}
	}
	return f
}

// ownProviders are the providers whose rows in the user's file are meant: the one that the span names, by any of its names, or
// where it names none, the makers of the model; then any.
func ownProviders(name, canonical string, ids []string) []string {
	if name != "" && canonical != "" {
		return []string{name, canonical, ""}
	}
	list := []string{name}
	for _, id := range ids {
		maker, _ := provider.Name(id)
		list = append(list, maker, id)
	}
	return append(list, "")
}

// findOwn looks into the user's file for the first of the providers that has the model there.
func (b *Book) findOwn(spelled, providers []string) *series {
	for _, id := range providers {
		for _, spelling := range spelled {
			if s := b.own.find(ownKey(id, spelling)); s != nil {
				return s
			}
		}
	}
	return nil
}

// candidates are the sections in which the model may stand, the likeliest first.
func (b *Book) candidates(name, canonical string, spelled []string) []string {
	var ids []string
	if name != "" && canonical != "" {
		if !slices.Contains(local, name) {
			ids = b.sectionsOf(name, canonical)
		}
		if len(ids) == 0 {
			return nil // a provider that nobody knows sets prices that nobody knows
		}
	}
	// "anthropic/claude-…": routers, of which the span tells nothing or that OpenAI's client was used, name the maker first.
	if maker, _, ok := strings.Cut(spelled[0], "/"); ok && (name == "" || canonical == "" || canonical == provider.OpenAI) {
		makerName, _ := provider.Name(maker)
		ids = append(ids, b.sectionsOf(maker, makerName)...)
	}
	if name == "" || canonical == "" { // nothing was said, or a framework named itself
		if slices.ContainsFunc(bedrock, func(pattern string) bool { return matchesAny(pattern, spelled) }) {
			ids = append(ids, sections[provider.Bedrock]...)
		}
		for _, s := range b.providers {
			if slices.ContainsFunc(s.Knows, func(pattern string) bool { return matchesAny(glob.Fold(pattern), spelled) }) {
				ids = append(ids, s.ID)
			}
		}
	}
	return ids
}

func (b *Book) sectionsOf(name, canonical string) []string {
	if ids, ok := sections[canonical]; ok {
		return slices.Clone(ids)
	}
	if b.byID[name] != nil {
		return []string{name}
	}
	for _, s := range b.providers {
		if slices.ContainsFunc(s.Names, func(pattern string) bool { return glob.Match(glob.Fold(pattern), name) }) {
			return []string{s.ID}
		}
	}
	return nil
}

func matchesAny(pattern string, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return glob.Match(pattern, name) })
}

// spellings are the folded name and what is left of it without the path before it: models/gemini-…, openai/gpt-…,
// arn:aws:bedrock:…/anthropic.claude-….
func spellings(name string) []string {
	list := []string{name}
	if i := strings.IndexByte(name, '/'); i >= 0 && i+1 < len(name) {
		list = append(list, name[i+1:])
		if j := strings.LastIndexByte(name, '/'); j > i && j+1 < len(name) {
			list = append(list, name[j+1:])
		}
	}
	return list
}

// pair is what a series is cached by.
type pair struct{ provider, model string }

// maxCached bounds the cache, in pairs of names. Models are a few dozen in any service; names that are made up turn it
// over, and cost a search each.
const maxCached = 2048

// cache remembers what was found, and what was not.
type cache struct {
	mu   sync.RWMutex
	seen map[pair]found // guarded by mu
}

func (c *cache) get(name pair) (found, bool) {
	c.mu.RLock()
	f, ok := c.seen[name]
	c.mu.RUnlock()
	return f, ok
}

func (c *cache) put(name pair, f found) {
	// The texts are copied: a kept string must not hold on to the memory of a whole request.
	name = pair{strings.Clone(name.provider), strings.Clone(name.model)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil || len(c.seen) >= maxCached {
		c.seen = make(map[pair]found, 64)
	}
	c.seen[name] = f
}
