package pattern

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
	"unsafe"

	"github.com/faultline-otel/faultline/internal/clip"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

// The keys of the scorers in the scorer file.
const (
	PIIName     = "pii"
	SecretsName = "secrets"
)

// PIIConfig is the settings of pii.
type PIIConfig struct {
	// Types are the types to look for. Empty: all of them.
	Types []string `yaml:"types"`
	// NoLeakFrom are origins of values that are no leak: system, user, own_record, listing, example. Default: all of them.
	NoLeakFrom []string `yaml:"no_leak_from"`
	// Allow lists values that are no leak.
	Allow Allow `yaml:"allow"`
}

// SecretsConfig has no settings yet.
type SecretsConfig struct{}

// PII finds personal data in the text of answers. What the call holds already is not a leak by default, see
// docs/redaction.md.
type PII struct {
	types   piiSet
	policy  policy
	version string
	clean   *score.Memo // texts without findings
}

// NewPII makes the scorer. The error has a line for each mistake.
func NewPII(config PIIConfig) (*PII, error) {
	p := &PII{types: allPII, version: version, clean: score.NewMemo()}
	var wrong lines
	var err error
	if p.policy, err = newPolicy(config); err != nil {
		wrong.add(err)
	}
	if len(config.Types) > 0 {
		p.types = 0
	}
	for i, name := range config.Types {
		at := slices.IndexFunc(types[:piiCount], func(t Type) bool { return t.Name == name })
		if at < 0 {
			wrong.add(fmt.Errorf("types[%d] must be one of %s, got %q", i, strings.Join(piiNames(), ", "), name))
			continue
		}
		p.types |= 1 << at
	}
	if p.types != allPII {
		p.version += "-" + strconv.FormatUint(uint64(p.types), 16)
	}
	if config.NoLeakFrom != nil || len(config.Allow.Domains)+len(config.Allow.Numbers) > 0 {
		hash := fnv.New32a()
		fmt.Fprint(hash, p.policy)
		p.version += "-" + strconv.FormatUint(uint64(hash.Sum32()), 16)
	}
	return p, wrong.join()
}

func piiNames() []string {
	var names []string
	for _, t := range types[:piiCount] {
		names = append(names, t.Name)
	}
	return names
}

// version is the version of the formats.
const version = "3"

// Name returns the scorer's name.
func (*PII) Name() string { return PIIName }

// Version changes whenever the same call could get another score.
func (p *PII) Version() string { return p.version }

// Score checks the text of a model's answer.
func (p *PII) Score(c *genai.Call, r *score.Result) {
	if c.Error.IsError || !c.IsLLMCall() {
		return
	}
	output := c.Output()
	if !slices.ContainsFunc(output, func(m genai.Message) bool { return m.Text != "" }) {
		return
	}
	w := watches.Get().(*watch) //nolint:forcetypeassert // the pool holds nothing else
	defer w.release()
	w.pii, w.policy, w.call, w.clean, w.result = p.types, &p.policy, c, p.clean, r
	for i := range output {
		w.content(output[i].Text)
	}
	if len(w.tally) == 0 {
		r.Add(p, 1, false)
		return
	}
	r.Add(p, 0, true)
	r.Find(w.finding(PIIName, failure.PIILeak, "the answer holds "))
}

// Secrets finds credentials in answers: in their text, and in the arguments of tool calls.
type Secrets struct {
	clean *score.Memo // texts without findings
}

// NewSecrets makes the scorer.
func NewSecrets(SecretsConfig) (*Secrets, error) { return &Secrets{clean: score.NewMemo()}, nil }

// Name returns the scorer's name.
func (*Secrets) Name() string { return SecretsName }

// Version changes whenever the same call could get another score.
func (*Secrets) Version() string { return version }

// Score checks the text and the tool calls of a model's answer, or the arguments of a tool that ran.
func (s *Secrets) Score(c *genai.Call, r *score.Result) {
	if c.Error.IsError || !c.IsLLMCall() && c.Operation != genai.OpExecuteTool {
		return
	}
	w := watches.Get().(*watch) //nolint:forcetypeassert // the pool holds nothing else
	defer w.release()
	w.secrets, w.clean, w.result = true, s.clean, r
	where, seen := "the answer holds ", false
	switch {
	case c.IsLLMCall():
		output := c.Output()
		for i := range output {
			seen = seen || output[i].Text != ""
			w.content(output[i].Text)
		}
		text := len(w.tally)
		for i := range output {
			for j := range output[i].ToolCalls {
				call := &output[i].ToolCalls[j]
				seen = seen || call.Arguments.Text != ""
				w.content(call.Arguments.Text)
				if text == 0 && len(w.tally) > 0 {
					where = "the arguments of " + clip.Text(call.Name, maxName) + " hold "
					text = len(w.tally)
				}
			}
		}
	case c.Operation == genai.OpExecuteTool:
		arguments := c.ToolArguments().Text
		seen = arguments != ""
		w.content(arguments)
		if len(w.tally) > 0 {
			where = "the arguments of " + clip.Text(cmp.Or(c.ToolName, "the tool"), maxName) + " hold "
		}
	}
	switch {
	case !seen:
	case len(w.tally) == 0:
		r.Add(s, 1, false)
	default:
		r.Add(s, 0, true)
		r.Find(w.finding(SecretsName, failure.SecretLeak, where))
	}
}

// maxName bounds the name of a tool in evidence, in bytes.
const maxName = 64

// The bytes of a text that are scored: its head and its tail.
const (
	maxHead = 48 << 10
	maxTail = 16 << 10
)

// watch is the scratch memory of scoring one call, with its findings.
type watch struct {
	pii     piiSet
	secrets bool
	policy  *policy
	call    *genai.Call // which may hold what is found
	clean   *score.Memo
	result  *score.Result // which computes the keys of texts
	dirty   bool          // the text holds a value, possibly a sample or a known one

	tally   []tally
	matches []match
	scratch [maxNested + 1][]byte
	excerpt string
	said    string // what the call holds, without separators; made when first needed
	heard   bool
	place   bool // the call is about a public place
	placed  bool
}

// tally counts the values of a type.
type tally struct {
	kind  typeID
	count int
}

var watches = sync.Pool{New: func() any { return new(watch) }}

// maxScratch bounds the memory that is kept between calls.
const maxScratch = 64 << 10

func (w *watch) release() {
	scratch, list, matches := w.scratch, w.tally[:0], w.matches[:0]
	for i := range scratch {
		if cap(scratch[i]) > maxScratch {
			scratch[i] = nil
		}
	}
	*w = watch{scratch: scratch, tally: list, matches: matches}
	watches.Put(w)
}

// content checks a text of the call, as JSON if it is JSON.
func (w *watch) content(text string) {
	if text == "" {
		return
	}
	key := w.result.Key(text)
	if _, ok := w.clean.Get(key); ok {
		return
	}
	found := len(w.tally)
	w.dirty = false
	if len(text) > maxHead+maxTail {
		w.text(text[:gap(text, maxHead)], "", 0)
		w.text(text[gap(text, len(text)-maxTail):], "", 0)
	} else {
		w.text(text, "", 0)
	}
	if found == 0 && len(w.tally) > 0 {
		w.excerpt = excerpt(text, w.tally[0].kind)
	}
	if !w.dirty {
		w.clean.Put(key, 0)
	}
}

// gap returns a place between two words, at or shortly before i.
func gap(s string, i int) int {
	for k := i; k > i-256 && k > 0; k-- {
		if s[k] <= ' ' {
			return k
		}
	}
	return i
}

func (w *watch) text(s, key string, depth int) {
	if depth <= maxNested && looksJSON(s) && validJSON(s) {
		w.json(s, key, depth)
		return
	}
	w.matches = w.matches[:0]
	if w.pii != 0 {
		w.matches = scanPII(s, key, w.pii, w.matches)
	}
	if w.secrets {
		w.matches = scanSecrets(s, key, w.matches)
	}
	w.dirty = w.dirty || len(w.matches) > 0
	for _, m := range w.matches {
		if !m.sample && !w.known(s, m) {
			w.count(m.kind)
		}
	}
}

// json checks the strings and numbers of a JSON text.
func (w *watch) json(s, name string, depth int) {
	reader := readJSON(s)
	defer reader.release()
	for {
		t, ok := reader.next()
		if !ok {
			return
		}
		raw := s[t.start:t.end]
		quoted := raw
		if t.str {
			raw = raw[1 : len(raw)-1]
		}
		switch {
		case t.name:
			w.text(raw, "", maxNested+1)
			name = raw
		case t.escaped:
			scratch := unquote(w.scratch[min(depth, maxNested)][:0], quoted)
			w.scratch[min(depth, maxNested)] = scratch
			text := unsafe.String(unsafe.SliceData(scratch), len(scratch)) //nolint:gosec // read before scratch is reused
			w.text(text, name, depth+1)
		case len(raw) >= 7:
			w.text(raw, name, depth+1)
		}
	}
}

func (w *watch) count(t typeID) {
	for i := range w.tally {
		if w.tally[i].kind == t {
			w.tally[i].count++
			return
		}
	}
	w.tally = append(w.tally, tally{kind: t, count: 1})
}

// finding lists what was found, the most severe first.
func (w *watch) finding(scorer, detail, where string) failure.Finding {
	slices.SortFunc(w.tally, func(a, b tally) int { return cmp.Compare(a.kind, b.kind) })
	const most = 4
	var parts []string
	for _, t := range w.tally {
		if len(parts) == most {
			break
		}
		info := &types[t.kind]
		part := info.One
		if t.count > 1 {
			part = strconv.Itoa(t.count) + " " + info.Many
		}
		if info.Shown != "" {
			part += " (" + info.Shown + "…)"
		}
		parts = append(parts, part)
	}
	if rest := len(w.tally) - len(parts); rest > 0 {
		parts = append(parts, strconv.Itoa(rest)+" other kinds")
	}
	list := parts[0]
	if n := len(parts) - 1; n > 0 {
		list = strings.Join(parts[:n], ", ") + " and " + parts[n]
	}
	return failure.Finding{
		Class: failure.Unsafe, Detail: detail, Scorer: scorer, Where: types[w.tally[0].kind].Name, Evidence: where + list,
		Excerpt: w.excerpt,
		Certain: slices.ContainsFunc(w.tally, func(t tally) bool { return types[t.kind].Certain }),
	}
}

// excerpt returns the text around the first value of a type, with all values replaced.
func excerpt(text string, t typeID) string {
	everything := Redactor{pii: allPII, secrets: true}
	if len(text) > maxHead+maxTail {
		text = text[:maxHead]
	}
	redacted, n := everything.JSON(text)
	at := strings.Index(redacted, t.replacement())
	if n == 0 || at < 0 {
		return ""
	}
	const around = 60
	start := max(0, at-around)
	for start < at && !utf8.RuneStart(redacted[start]) {
		start++
	}
	return failure.Excerpt(redacted[start:])
}

// lines collects mistakes, a line each.
type lines []error

func (l *lines) add(err error) { *l = append(*l, err) }

func (l lines) join() error { return errors.Join(l...) }
