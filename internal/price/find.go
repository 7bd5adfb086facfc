package price

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/faultline-otel/faultline/internal/glob"
	"github.com/faultline-otel/faultline/internal/provider"
)

// sections lists the sections with the prices of a provider, by its canonical name. A cloud that resells models lists
// some of them itself. For the rest it passes on the price of their maker.
var sections = map[string][]string{
	provider.OpenAI: {"openai"}, provider.Anthropic: {"anthropic"}, provider.Bedrock: {"aws"},
	provider.AzureOpenAI: {"azure", "openai"}, provider.AzureInference: {"azure", "openai"},
	provider.Gemini: {"google"}, provider.VertexAI: {"google", "anthropic"}, provider.GoogleGenAI: {"google", "anthropic"},
	provider.Cohere: {"cohere"}, provider.Mistral: {"mistral"}, provider.Groq: {"groq"}, provider.DeepSeek: {"deepseek"},
	provider.XAI: {"x-ai"}, provider.Perplexity: {"perplexity"}, provider.Moonshot: {"moonshotai"},
	"together_ai": {
		"together",
	}, "fireworks_ai": {"fireworks"}, "voyage": {"voyageai"}, "z_ai": {"zhipuai"}, "zai": {"zhipuai"},
	"z.ai": {"zhipuai"}, "zhipu": {"zhipuai"},
}

// local are runtimes on the user's own machines. Models that are sold elsewhere have no list price there.
var local = []string{"ollama", "vllm", "lmstudio", "lm_studio", "llama.cpp", "llamacpp", "llamafile", "localai"}

// bedrock are the names of models on Amazon Bedrock, and nowhere else, with or without a region before them.
var bedrock = []string{"*anthropic.claude*", "*amazon.nova*", "*amazon.titan*", "*meta.llama*"}

// found is where the prices of a model stand: in the user's file, in the book, in both or in neither.
type found struct {
	own, listed *series
}

// Find returns the row of a model at a time, or nil. Names are as in spans. The provider may be empty. Of the models
// (the one that answered, the one that was requested), the first that is known counts. The user's file takes precedence
// for any of them: its price for gpt-4.1, or for the name of a deployment, also applies if gpt-4.1-2025-04-14 answers,
// which the book knows. Find does not allocate for a pair of names that it has seen before.
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

// Rows returns all rows of a model at all times, those of the user's file first.
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

// ownProviders returns the providers whose rows in the user's file apply: the one that the span names, by any of its
// names, else the makers of the model, and last any provider.
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

// findOwn returns the series of the first provider that has the model in the user's file.
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

// candidates returns the sections that may have the model, the likeliest first.
func (b *Book) candidates(name, canonical string, spelled []string) []string {
	var ids []string
	if name != "" && canonical != "" {
		if !slices.Contains(local, name) {
			ids = b.sectionsOf(name, canonical)
		}
		if len(ids) == 0 {
			return nil // the prices of an unknown provider are unknown
		}
	}
	// "anthropic/claude-…": routers put the maker first. Their spans name no provider, or OpenAI because of its client.
	if maker, _, ok := strings.Cut(spelled[0], "/"); ok &&
		(name == "" || canonical == "" || canonical == provider.OpenAI) {
		makerName, _ := provider.Name(maker)
		ids = append(ids, b.sectionsOf(maker, makerName)...)
	}
	if name == "" || canonical == "" { // the span names no provider, or a framework
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

// spellings returns the folded name, also without the path before it: models/gemini-…, openai/gpt-…,
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

// pair is the key of the cache.
type pair struct{ provider, model string }

// maxCached bounds the cache, in pairs of names. A service uses a few dozen models. Random names flush the cache, and
// cost a search each.
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
	// The texts are copied, because a kept string must not keep a whole request alive.
	name = pair{strings.Clone(name.provider), strings.Clone(name.model)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil || len(c.seen) >= maxCached {
		c.seen = make(map[pair]found, 64)
	}
	c.seen[name] = f
}
