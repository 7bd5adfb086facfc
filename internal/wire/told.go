package wire

import (
	"encoding/hex"
	"math"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/provider"
)

// AttrOwnDialect is on spans whose canonical attributes do not say what their dialect says: an outer step that looks like a request, a model under
// two names, tokens counted against the conventions. Who counts reads such a span as a whole again; of all others it need not.
const AttrOwnDialect = "app.llm.own_dialect"

// Told is what the components before wrote on a span, and its scalars in canonical attributes: what is counted of it, read in one pass
// that looks at no content. Read it again for the next span, to allocate nothing.
type Told struct {
	// Canonical says that the scalars are what a Reader would read, provided that the span was annotated by who wrote AttrScorers on
	// its resource: of others nobody knows.
	Canonical bool

	Operation, Provider, RequestModel, ResponseModel string
	PromptName, PromptVersion                        string
	Request                                          bool
	Tokens                                           genai.Tokens
	TTFT                                             genai.Opt[float64] // seconds

	Coverage   Coverage
	Class      failure.Class
	Unsafe     bool // among all classes
	Cancelled  bool
	CostUSD    genai.Opt[float64]
	CostSource string
	Retrieval  string
	Stratum    string
	Scores     []ToldScore
	// Scorers is what AttrScorers says on the span itself, where OwnScorers.
	Scorers    string
	OwnScorers bool
	// Incident is the class that the incident of the trace began with, on the span that it began with.
	Incident failure.Class

	SessionID                  string
	SessionIsTrace             bool // it names no conversation but the span's own trace
	SessionTurns, SessionCalls int64
	SessionCostUSD             genai.Opt[float64]
	SessionLimit               string

	input, output, cacheRead, cacheWrite, reasoning genai.Opt[int64]
	strange                                         bool // something is written in another way than Normalise does
	rawProvider, knownProvider                      string
	framework                                       bool // rawProvider is none
}

// ToldScore is a score on a span.
type ToldScore struct {
	Scorer string
	Value  float64
	Failed bool
}

// Read reads a span. What it gives is valid while the span lives.
func (t *Told) Read(span ptrace.Span) {
	t.begin()
	primary := false
	for key, v := range span.Attributes().All() {
		switch {
		case ours(key):
			if scorer, ok := strings.CutPrefix(key, AttrScorePrefix); ok {
				if v.Type() == pcommon.ValueTypeDouble {
					t.Scores = append(t.Scores, ToldScore{Scorer: scorer, Value: v.Double()})
				}
				continue
			}
			t.ours(key, v)
			if key == AttrTracePrimary {
				var id [16]byte
				of := span.SpanID()
				hex.Encode(id[:], of[:])
				primary = v.Str() == string(id[:])
			}
		case len(key) > len("gen_ai.") && key[:len("gen_ai.")] == "gen_ai.":
			t.canonical(key, v)
		}
	}
	if !primary {
		t.Incident = ""
	}
	if t.Class == "" {
		t.Unsafe = false
	}
	if t.SessionID != "" {
		var id [32]byte
		of := span.TraceID()
		hex.Encode(id[:], of[:])
		t.SessionIsTrace = t.SessionID == string(id[:])
	}
	if len(t.Scores) > 0 && span.Events().Len() > 0 {
		t.failing(span)
	}
	t.conclude()
}

// begin forgets the span that was read before.
func (t *Told) begin() {
	scores, raw, known, framework := t.Scores[:0], t.rawProvider, t.knownProvider, t.framework
	*t = Told{}
	t.Scores, t.rawProvider, t.knownProvider, t.framework, t.Canonical = scores, raw, known, framework, true
}

// Release lets go of the span that was read last.
func (t *Told) Release() {
	clear(t.Scores[:cap(t.Scores)])
	*t = Told{Scores: t.Scores[:0]}
}

func (t *Told) ours(key string, v pcommon.Value) {
	switch key {
	case AttrErrorClass:
		if class := failure.Class(v.Str()); class.Bucket() != "" {
			t.Class = class
		}
	case AttrErrorClasses:
		t.Unsafe = hasClass(v, failure.Unsafe)
	case AttrCoverage:
		t.Coverage = Coverage(v.Str())
	case AttrCancelled:
		t.Cancelled = v.Bool()
	case AttrCostUSD:
		t.CostUSD = double(v)
	case AttrCostSource:
		t.CostSource = v.Str()
	case AttrTraceClass:
		t.Incident = failure.Class(v.Str())
	case AttrRetrievalOutcome:
		t.Retrieval = v.Str()
	case AttrStratum:
		t.Stratum = stratum(v)
	case AttrScorers:
		t.Scorers, t.OwnScorers = v.Str(), true
	case AttrOwnDialect:
		t.Canonical = false
	case AttrSessionID:
		t.SessionID = v.Str()
	case AttrSessionTurns:
		t.SessionTurns = v.Int()
	case AttrSessionModelCalls, AttrSessionToolCalls:
		t.SessionCalls += v.Int()
	case AttrSessionCostUSD:
		t.SessionCostUSD = double(v)
	case AttrSessionLimit:
		t.SessionLimit = v.Str()
	}
}

func (t *Told) canonical(key string, v pcommon.Value) {
	switch key {
	case "gen_ai.operation.name":
		t.Operation = t.text(v)
	case "gen_ai.provider.name":
		t.Provider = t.provider(t.text(v))
	case "gen_ai.request.model":
		t.RequestModel = t.text(v)
	case "gen_ai.response.model":
		t.ResponseModel = t.text(v)
	case "gen_ai.prompt.name":
		t.PromptName = t.text(v)
	case "gen_ai.prompt.version":
		t.PromptVersion = t.text(v)
	case "gen_ai.response.time_to_first_chunk":
		t.TTFT = double(v)
	case "gen_ai.usage.input_tokens":
		t.input = t.count(v)
	case "gen_ai.usage.output_tokens":
		t.output = t.count(v)
	case "gen_ai.usage.cache_read.input_tokens":
		t.cacheRead = t.count(v)
	case "gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens":
		t.cacheWrite = t.count(v)
	case "gen_ai.usage.reasoning.output_tokens":
		t.reasoning = t.count(v)
	}
}

// text and count take what Normalise writes. What somebody else wrote in another way is for a Reader to understand.
func (t *Told) text(v pcommon.Value) string {
	if v.Type() != pcommon.ValueTypeStr {
		t.strange = true
	}
	return v.Str()
}

func (t *Told) count(v pcommon.Value) genai.Opt[int64] {
	if v.Type() != pcommon.ValueTypeInt || v.Int() < 0 {
		t.strange = true
	}
	return genai.Some(v.Int())
}

// provider is the canonical name; the last one is remembered, since the next span most often has the same.
func (t *Told) provider(raw string) string {
	if raw != t.rawProvider {
		t.rawProvider = strings.Clone(raw)
		t.knownProvider, t.framework = provider.Name(t.rawProvider)
	}
	t.strange = t.strange || t.framework
	return t.knownProvider
}

// conclude takes the tokens apart as the conventions say that they are counted, and decides whether that is right for this span.
func (t *Told) conclude() {
	switch t.Coverage {
	case Scored, NoContent, Truncated:
	default:
		t.strange = true
	}
	t.Request = isRequest(t.Operation)
	t.Tokens = genai.Tokens{CacheRead: t.cacheRead, CacheWrite: t.cacheWrite}
	if t.input.Set {
		t.Tokens.UncachedInput = genai.Some(t.input.Value - t.cacheRead.Value - t.cacheWrite.Value)
	}
	if t.output.Set {
		t.Tokens.Output, t.Tokens.Reasoning = genai.Some(t.output.Value-t.reasoning.Value), t.reasoning
	}
	t.Canonical = t.Canonical && !t.strange && !t.OwnScorers
}

// failing marks the scores for which an event of ours, which names the scorer's version, says that they failed.
func (t *Told) failing(span ptrace.Span) {
	for _, event := range span.Events().All() {
		if event.Name() != EventEvaluation {
			continue
		}
		name, named := event.Attributes().Get(AttrEvaluationName)
		if _, ours := event.Attributes().Get(AttrEvaluationVersion); !named || !ours {
			continue
		}
		for i := range t.Scores {
			if t.Scores[i].Scorer == name.Str() {
				t.Scores[i].Failed = true
			}
		}
	}
}

// normalise normalises a span, and writes on it whether its canonical attributes then say what was read of it.
func (w *worker) normalise(span ptrace.Span, c *genai.Call) {
	t := &w.told
	t.begin()
	normalise(span, c, t)
	if w.reader.unsaid(c) {
		t.Read(span)
	} else {
		t.conclude()
	}
	model := t.RequestModel
	if model == "" {
		model = t.ResponseModel
	}
	want := c.RequestModel
	if want == "" {
		want = c.AnyModel()
	}
	if t.Operation != c.Operation || t.Provider != c.Provider || model != want || t.PromptName != c.PromptName || t.PromptVersion != c.PromptVersion ||
		t.Request != c.IsLLMCall() || t.Request && t.Tokens != c.Tokens || !near(t.TTFT, c.TTFT) {
		span.Attributes().PutBool(AttrOwnDialect, true)
	}
}

// unsaid reports whether a canonical attribute may be on the span that Normalise has not looked at, since the call says nothing of it: what
// it holds is strange, or counted on another span.
func (r *Reader) unsaid(c *genai.Call) bool {
	u := &c.Tokens
	return c.LLM.Set && !c.LLM.Value ||
		c.Operation == "" && r.has(keyOperation) || c.Provider == "" && r.has(keyProvider) ||
		c.RequestModel == "" && r.has(keyRequestModel) || c.ResponseModel == "" && r.has(keyResponseModel) ||
		c.PromptName == "" && r.has(keyPromptName) || c.PromptVersion == "" && r.has(keyPromptVersion) || !c.TTFT.Set && r.has(keyFirstChunk) ||
		!u.UncachedInput.Set && r.has(keyInputTokens) || !u.Output.Set && r.has(keyOutputTokens) || !u.CacheRead.Set && r.has(keyCacheRead) ||
		(r.has(keyCacheWrite) || r.has(keyCacheCreation)) && (!u.CacheWrite.Set || r.has(keyCacheWrite) == r.has(keyCacheCreation)) ||
		!u.Reasoning.Set && r.has(keyReasoning)
}

// near compares seconds with milliseconds.
func near(seconds, millis genai.Opt[float64]) bool {
	return seconds.Set == millis.Set && math.Abs(seconds.Value*1000-millis.Value) <= 1e-6*math.Abs(millis.Value)
}

func isRequest(operation string) bool {
	call := genai.Call{Operation: operation}
	return call.IsLLMCall()
}

func double(v pcommon.Value) genai.Opt[float64] {
	if v.Type() != pcommon.ValueTypeDouble {
		return genai.Opt[float64]{}
	}
	return genai.Some(v.Double())
}
