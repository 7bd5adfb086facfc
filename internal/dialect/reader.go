package dialect

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/provider"
)

// Reader turns spans of any dialect into calls. It keeps scratch memory, so only one goroutine may use it at a time.
type Reader struct {
	call genai.Call
	span ptrace.Span

	scope      string // of the last span
	scopeMarks dialects
	marks      dialects // of the span
	families   family
	at         [maxKeys]pcommon.Value // attributes that dialects read, by key; the zero value where absent
	present    []key                  // keys set in at, so that begin can clear them without a full pass

	rawProvider string // as the span spells it
	framework   string // the value of the provider attribute if it names a framework
	named       namedOperation
	usage       counted
	requested   requests // from the JSON of the request
	hasContent  bool
	events      bool         // span events or log records carry content
	logs        []logContent // of this span
	cache       *LogContentCache
	tools       toolCache
	scratch     []byte
	longest     int               // of the texts that are read, in bytes
	identity    [identities]found // of the span, in metadata
}

// NewReader returns a reader. If a span has no content, the reader takes it from the log records in the cache, which
// may be nil.
func NewReader(cache *LogContentCache) *Reader {
	return &Reader{tools: newToolCache(), cache: cache, longest: maxField}
}

// ReadUpTo makes the reader read texts of so many bytes, where the Collector reads 1 MiB. A call in a file
// may be as large as the row of a dataset.
func (r *Reader) ReadUpTo(bytes int) { r.longest = bytes }

// dialect describes how one family of emitters writes a call. Only bit is required.
type dialect struct {
	bit dialects
	// scalars fills the fields that the call does not have yet. It may read attributes of other dialects.
	scalars func(r *Reader, c *genai.Call)
	// usage names the attributes that count tokens. They are read before scalars.
	usage *usageKeys
	// load fills a part of the content in a way specific to the dialect and reports whether it found any.
	load func(r *Reader, c *genai.Call, content *genai.Content, part genai.Part) bool

	// Attributes that hold content as JSON, structured value or plain text. Preferred ones come first.
	input, output        []key // messages
	system               []key
	tools                []key // definitions
	toolArgs, toolResult []key
	takes, gives         []key // input and output of the operation: messages, tool arguments and results, or documents
	schema               []key
	query, documents     []key
	carries              []key // content that only load reads

	// holds reports whether the span holds content that no key names.
	holds func(r *Reader, c *genai.Call) bool
	about []emitter // for the reference page
}

// order is the precedence of the dialects on a span that has several. Emitters that pass on most of the provider's data
// come first. Emitters that name a framework in place of the provider come late.
var order = []*dialect{
	&langsmith, &langfuse, &vercel, &sentry, &claudeCode, &anthropicSDK, &codex, &cli, &openClaw, &adk, &strands,
	&spring, &dify, &server, &vectorStore, &llamaIndex, &otel, &tokenDetails, &openInference,
	&openLLMetry,
	&pydantic, &logfire, &mlflow, &genkit, &livekit, &haystack, &openLIT, &liteLLM, &agentFramework, &mcp, &crewAI,
	&braintrust, &langWatch, &laminar, &agenta, &honeyHive, &weave, &confident, &agentEvents,
}

// Read reads one span. ok is false if the span shows no sign of GenAI. The call and the content it loads are valid
// until the next Read of this reader and while the span lives.
func (r *Reader) Read(
	resource pcommon.Resource, scope pcommon.InstrumentationScope, span ptrace.Span,
) (call *genai.Call, ok bool) {
	attributes := span.Attributes()
	if !r.isGenAI(attributes, scope.Name(), span) {
		return nil, false
	}
	r.begin(span)
	for name, value := range attributes.All() {
		if e, ok := lookup(name); ok {
			if value.Type() != pcommon.ValueTypeEmpty {
				if r.at[e.key] == (pcommon.Value{}) {
					r.present = append(r.present, e.key)
				}
				r.at[e.key] = value
				r.marks |= e.marks
			}
		} else if len(name) >= 6 {
			r.identify(name, value)
			if f, marks := familyOf(name); f != 0 {
				r.families |= f
				r.marks |= marks
			}
		}
	}
	if r.has(keyCCType) && isClaudeCode(attributes) {
		r.marks |= inClaudeCode
	}
	if r.has(keyDBSystem) && isVectorStore(r.at[keyDBSystem]) ||
		r.has(keyDBSystemName) && isVectorStore(r.at[keyDBSystemName]) {
		r.marks |= inVectorStore
	}
	r.nameOperation()
	c := &r.call
	c.DurationMillis = durationMillis(span)
	c.ServiceName, c.DeploymentEnv = ServiceOf(resource)
	if v, ok := resource.Attributes().Get("service.version"); ok {
		c.ServiceVersion = v.AsString()
	}
	for _, d := range order {
		if r.marks&d.bit == 0 {
			continue
		}
		if d.usage != nil {
			r.countUsage(&c.Usage, d.usage)
		}
		if d.scalars != nil {
			d.scalars(r, c)
		}
		if r.usage.by == 0 && c.Usage.Input.Set {
			r.usage.by = d.bit
		}
	}
	r.finish(c)
	return c, true
}

// isGenAI is the gate. It allocates nothing and decides on a few bytes of each attribute name.
func (r *Reader) isGenAI(attributes pcommon.Map, scope string, span ptrace.Span) bool {
	if scope != r.scope {
		r.scope, r.scopeMarks = scope, scopeMarks(scope)
	}
	if r.scopeMarks&^weakScopes != 0 {
		return true
	}
	typed := false // has an attribute that Claude Code has
	for name, value := range attributes.All() {
		if !mayTell(name) {
			continue
		}
		if evident(name) || (name == "db.system" || name == "db.system.name") && isVectorStore(value) {
			return true
		}
		typed = typed || name == "span.type"
	}
	if name := span.Name(); len(name) > 10 && (strings.HasPrefix(name, "claude_code.") ||
		strings.HasPrefix(name, "anthropic.") || strings.HasPrefix(name, "qwen-code.")) {
		return true
	}
	if r.scopeMarks != 0 && weakEvidence(attributes, r.scopeMarks) {
		return true
	}
	for i := range span.Events().Len() {
		name := span.Events().At(i).Name()
		if strings.HasPrefix(name, "gen_ai.") && name != eventEvaluation || isAgentEvent(name) {
			return true
		}
	}
	return typed && isClaudeCode(attributes)
}

func (r *Reader) begin(span ptrace.Span) {
	for _, k := range r.present {
		r.at[k] = pcommon.Value{}
	}
	r.present = r.present[:0]
	r.span = span
	r.marks, r.families = r.scopeMarks, 0
	r.rawProvider, r.framework, r.usage, r.requested = "", "", counted{}, requests{}
	r.hasContent = false
	r.identity = [identities]found{}
	r.call.Reset(r)
	if name := span.Name(); strings.HasPrefix(name, "claude_code.") {
		r.marks |= inClaudeCode
	} else if strings.HasPrefix(name, "anthropic.") {
		r.marks |= inAnthropicSDK
	}
	r.logs = r.cache.of(span.TraceID(), span.SpanID())
	r.events = false
	for i := range r.logs {
		r.noteEvent(r.logs[i].name, true)
	}
	for i := range span.Events().Len() {
		r.noteEvent(span.Events().At(i).Name(), false)
	}
	r.marks |= inOTel // every dialect may use the conventions besides its own attributes
}

// noteEvent notes what a span event or a log record of the span is evidence of.
func (r *Reader) noteEvent(name string, isLog bool) {
	if isAgentEvent(name) {
		r.marks |= inAgentEvents
		return
	}
	r.events = r.events || isLog || isContentEvent(name)
}

// setProvider sets the provider from one attribute. The first attribute that names a provider decides. The name of a
// framework is kept apart, and so is an unusual spelling in a later attribute.
func (r *Reader) setProvider(c *genai.Call, raw string) {
	if raw == "" || raw == c.Provider {
		return
	}
	canonical, framework := provider.Name(raw)
	switch {
	case framework:
		fill(&r.framework, raw)
	case c.Provider == "":
		c.Provider, r.rawProvider = canonical, raw
	case canonical == c.Provider && r.rawProvider == c.Provider:
		r.rawProvider = raw
	}
}

// finish fills what depends on the result of all dialects.
func (r *Reader) finish(c *genai.Call) {
	switch {
	case r.framework != "":
		c.ProviderRaw = r.framework
	case r.rawProvider != c.Provider:
		c.ProviderRaw = r.rawProvider
	}
	r.identities(c)
	r.resolveOperation(c)
	r.readError(c)
	r.splitTokens(c)
	r.findContent(c)
	bare := !c.Error.IsError || c.Error.Type == "" && c.Error.Message == ""
	if len(c.FinishReasons) == 0 && c.IsLLMCall() && r.hasContent && bare {
		// Some emitters state the finish reason only inside the answer. It is read now because verdicts depend on it, on
		// spans with a bare error too: it says more than the error does.
		c.Output()
	}
	r.canonicalReasons(c)
}

func (r *Reader) canonicalReasons(c *genai.Call) {
	c.FinishReasonsCanonical = c.FinishReasonsCanonical[:0]
	for _, reason := range c.FinishReasons {
		c.FinishReasonsCanonical = append(c.FinishReasonsCanonical, provider.Finish(reason))
	}
}

func durationMillis(span ptrace.Span) float64 {
	start, end := span.StartTimestamp(), span.EndTimestamp()
	if end <= start || start == 0 {
		return 0
	}
	return float64(end-start) / 1e6
}

// ServiceOf returns the service of a resource and its environment, or "".
func ServiceOf(resource pcommon.Resource) (service, environment string) {
	attributes := resource.Attributes()
	if v, ok := attributes.Get("service.name"); ok {
		service = v.AsString()
	}
	// The conventions used the second name until version 1.27.
	for _, name := range [...]string{"deployment.environment.name", "deployment.environment"} {
		if v, ok := attributes.Get(name); ok && v.AsString() != "" {
			return service, v.AsString()
		}
	}
	return service, ""
}
