package pipeline

import (
	"encoding/hex"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/dialect"
	"github.com/faultline-otel/faultline/internal/duplicate"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/price"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/session"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// ScorerOptions are the options of a Scorer. The zero value is valid.
type ScorerOptions struct {
	// Content lets evidence quote messages. Without it evidence names keys, types and codes only.
	Content bool

	// LogContentBytes and LogContentAge bound the log records that are kept for their spans. 0 means no such bound, for
	// input that is complete, like a file.
	LogContentBytes int64
	LogContentAge   time.Duration

	// Duplicates is how many recent model calls are kept to find spans that repeat one, 0 for duplicate.DefaultCalls.
	Duplicates int

	// LongestText is how many bytes of a text are read, 0 for the 1 MiB of the Collector.
	LongestText int

	// Prices computes the cost of a call if the emitter reports none. Without it no cost is computed.
	Prices *price.Book
}

// Scorer is the first stage. It reads, prices, scores and judges spans, and writes the result on them. It is safe for
// concurrent use.
type Scorer struct {
	running atomic.Pointer[running]
	options ScorerOptions
	logs    *dialect.LogContentCache
	calls   *duplicate.Finder
	logged  *loggedCalls
	repeats repeats
	now     func() time.Time
	workers sync.Pool // of *worker
}

// running is the scorers that run. A request keeps those that it began with.
type running struct {
	set      *score.Set
	versions map[string]string // values of spanattr.AttrScorers by service; "" is every other service
}

// Scored is the result for one span. Call and its contents are valid until the callback returns.
type Scored struct {
	Span     ptrace.Span
	Resource pcommon.Resource
	// Call is nil if the span is not a GenAI operation. Then nothing was written, and the entry is empty.
	Call  *genai.Call
	Entry *Entry
	// Scorers are the versions of the scorers that run on the calls of the resource, as spanattr.SpellScorers spells them.
	Scorers string
	// Unpriced states why a model call has no cost: NoPrice or NoUsage. It is "" if the call has a cost or needs none.
	Unpriced string
}

// Coverage returns the coverage of the record, or NotLLM if the span is not a GenAI operation.
func (s *Scored) Coverage() spanattr.Coverage {
	if s.Call == nil {
		return spanattr.NotLLM
	}
	return s.Entry.Record.Coverage
}

// NewScorer returns a stage that runs the scorers of a set.
func NewScorer(set *score.Set, options ScorerOptions) *Scorer {
	if options.Duplicates == 0 {
		options.Duplicates = duplicate.DefaultCalls
	}
	s := &Scorer{
		options: options, now: time.Now,
		logs:  dialect.NewLogContentCache(options.LogContentBytes, options.LogContentAge),
		calls: duplicate.NewFinder(options.Duplicates), logged: newLoggedCalls(),
	}
	s.Use(set)
	s.workers.New = func() any {
		return &worker{reader: s.newReader(), writer: spanattr.Writer{Content: options.Content}}
	}
	return s
}

func (s *Scorer) newReader() *dialect.Reader {
	r := dialect.NewReader(s.logs)
	if s.options.LongestText > 0 {
		r.ReadUpTo(s.options.LongestText)
	}
	return r
}

// Use runs the scorers of another set from the next request on.
func (s *Scorer) Use(set *score.Set) {
	r := &running{set: set, versions: map[string]string{"": spanattr.SpellScorers(set)}}
	for _, service := range set.Services() {
		r.versions[service] = spanattr.SpellScorers(set.For(service))
	}
	s.running.Store(r)
}

// versionsOf returns the versions of the scorers that run on the calls of a resource.
func (r *running) versionsOf(resource pcommon.Resource) string {
	if len(r.versions) > 1 {
		service, _ := dialect.ServiceOf(resource)
		if own, ok := r.versions[service]; ok {
			return own
		}
	}
	return r.versions[""]
}

// Logs keeps log records with the content of spans until those spans are scored. It does not change the logs.
func (s *Scorer) Logs(logs plog.Logs) { s.logs.Add(logs) }

// LogContentBytes returns roughly how much memory the kept log records use.
func (s *Scorer) LogContentBytes() int64 { return s.logs.Bytes() }

// worker is the scratch memory of one goroutine.
type worker struct {
	reader  *dialect.Reader
	errors  lateErrors
	writer  spanattr.Writer
	running *running // of the request
	result  score.Result
	ahead   lookahead
	above   ancestors
	batch   Batch // for requests without a batch
	out     Scored
}

// Traces scores every span and passes it to each, in the order of the data. each may be nil. The entries of the spans
// go into the batch, which may be nil. The data must be mutable.
//
// Scoring a second time, in a gateway behind an agent, gives the same result: Traces replaces what an earlier pass
// wrote. It keeps the verdict of a span whose content was scored but has been removed or redacted since. It also keeps
// a computed cost with the version of its price book.
func (s *Scorer) Traces(td ptrace.Traces, b *Batch, each func(*Scored)) {
	growStack(0)
	w := s.workers.Get().(*worker)
	if b == nil {
		b = &w.batch
	}
	b.begin(td.SpanCount())
	w.running = s.running.Load()
	w.ahead.begin(td)
	w.above.begin(td)
	w.errors.forget()
	w.errors.index(td, s.logs, &s.repeats)
	for _, rs := range td.ResourceSpans().All() {
		resource := rs.Resource()
		scored, scorers := false, w.running.versionsOf(resource)
		for _, ss := range rs.ScopeSpans().All() {
			scope := ss.Scope()
			for _, span := range ss.Spans().All() {
				out := &w.out
				*out = Scored{Span: span, Resource: resource, Entry: notGenAI, Scorers: scorers}
				fresh := s.span(w, b, out, scope)
				if each != nil {
					each(out)
				}
				if out.Call == nil || len(out.Entry.Record.Scores) == 0 {
					continue
				}
				if scored = scored || fresh; !fresh {
					spanattr.KeepScorers(resource, span, scorers)
				}
			}
		}
		if scored {
			resource.Attributes().PutStr(spanattr.AttrScorers, scorers)
		}
	}
	// Not deferred, so that a worker is not reused after a panic.
	w.result.Reset()
	w.batch.reset()
	w.ahead.begin(ptrace.Traces{})
	w.above.begin(ptrace.Traces{})
	w.out, w.running = Scored{}, nil
	s.workers.Put(w)
}

// span scores one span. fresh reports whether this pass made the verdict. Otherwise the verdict of an earlier pass was
// kept.
func (s *Scorer) span(w *worker, b *Batch, out *Scored, scope pcommon.InstrumentationScope) (fresh bool) {
	span := out.Span
	call, ok := w.reader.Read(out.Resource, scope, span)
	if !ok {
		s.repeats.pass(span)
		b.addOther(span)
		return false
	}
	w.above.complete(call, scope, span)
	e := b.add(span)
	out.Call, out.Entry, e.GenAI = call, e, true
	r := &e.Record
	r.Read(span)
	earlier := r.Cost
	if !earlier.USD.Set || !price.Valid(earlier.USD.Value) {
		earlier = spanattr.Cost{}
	}
	parts := spanattr.Costs
	known := r.DuplicateOf != ""
	role := s.role(w, out.Resource, scope, span, call, r)
	w.result.Reset()
	if !s.keeps(call, r, known) {
		s.score(w, b, span, call, r)
		if role.Duplicate {
			r.Findings = withoutRepeats(r.Findings, call, role)
			r.Verdict = failure.Judge(r.Findings)
		}
		parts |= spanattr.Scores
		fresh = true
	} else {
		s.repeats.add(span, classesOf(r.Findings))
	}
	if role.Duplicate {
		call.LLM = genai.Some(false)
		r.DuplicateOf = hex.EncodeToString(role.Of[:])
	}
	e.take(call) // after scoring, because reading content can fill scalars
	e.place(span)
	s.digest(e, call, &w.result)
	var cost costed
	if !role.Duplicate {
		cost = s.cost(w.reader, span, call, earlier)
	}
	r.Cost, out.Unpriced = cost.Cost, cost.missing
	for _, problem := range [...]string{cost.problem, w.reader.UsageProblem()} {
		if problem != "" && fresh {
			r.Problems = append(r.Problems, score.Skip{Scorer: problemCost, Reason: problem})
		}
	}
	e.complete()
	spanattr.Normalise(span, call)
	w.writer.Write(span, r, parts)
	if b != &w.batch {
		e.settle(span) // what changes the span from here on, like redaction, makes later stages read it
	}
	return fresh
}

// keeps reports whether the verdict of an earlier pass stays, because the content was scored and has been removed,
// redacted or cut, or because that pass knew the call that the span repeats.
func (s *Scorer) keeps(call *genai.Call, r *spanattr.Record, earlierDuplicate bool) bool {
	if r.Coverage == "" {
		return false
	}
	gone := spanattr.CoverageOf(call) == spanattr.NoContent && r.Coverage != spanattr.NoContent
	return gone || earlierDuplicate || r.ContentChanged()
}

// score runs the scorers and judges their findings.
func (s *Scorer) score(w *worker, b *Batch, span ptrace.Span, call *genai.Call, r *spanattr.Record) {
	w.running.set.Score(call, &w.result)
	w.result.Findings = s.repeats.settle(span, call, w.result.Findings)
	for _, detail := range r.Session.Loops { // from an earlier Sessions stage, which does not find them again
		w.result.Find(session.Finding(detail, call.ToolName))
	}
	from := len(b.scores)
	b.scores = append(b.scores, w.result.Scores...)
	r.Scores = b.scores[from:len(b.scores):len(b.scores)]
	from = len(b.skips)
	b.skips = append(append(b.skips, w.result.Problems...), w.result.Skips...)
	r.Skips = b.skips[from:len(b.skips):len(b.skips)]
	r.Findings, r.Problems = slices.Clone(w.result.Findings), nil
	if !readable(call) {
		r.Problems = append(r.Problems, score.Skip{Scorer: problemContent, Reason: problemUTF8})
	}
	r.Cancelled = w.result.Cancelled
	r.Scorers, r.OwnScorers = "", false // those of its resource
	r.ToolOutcome, r.RetrievalOutcome = w.result.ToolOutcome, w.result.RetrievalOutcome
	r.Verdict = failure.Judge(r.Findings)
	r.Coverage = spanattr.CoverageOf(call) // after scoring, because reading the content can show that it was truncated
}

// digest records what later stages compare of a call, before the content can be redacted.
func (s *Scorer) digest(e *Entry, call *genai.Call, from session.WordReader) {
	r := &e.Record
	if e.Session.Kind == session.Other {
		return
	}
	if !r.HasDigest {
		r.Digest = session.NewDigest(call, from)
	}
	e.Session.Digest = r.Digest
	if r.CallHash == 0 || !r.ContentChanged() {
		r.CallHash = r.Digest.Call
	}
}

// Problems with the content of a call that do not depend on the scorer.
const (
	problemContent = "content"
	problemUTF8    = "invalid_utf8"
)

// readable reports whether the messages that scorers read are valid UTF-8. It does not load content that no scorer has
// read.
func readable(c *genai.Call) bool {
	return (!c.Loaded(genai.PartOutput) || validMessages(c.Output())) &&
		(!c.Loaded(genai.PartInput) || validMessages(c.Input()))
}

func validMessages(messages []genai.Message) bool {
	for i := range messages {
		m := &messages[i]
		if !utf8.ValidString(m.Text) || !utf8.ValidString(m.Reasoning) {
			return false
		}
		for j := range m.ToolCalls {
			if call := &m.ToolCalls[j]; !utf8.ValidString(call.Name) || !utf8.ValidString(call.Arguments.Text) {
				return false
			}
		}
	}
	return true
}

// growStack grows the stack of the goroutine to the size that scoring needs. gRPC serves every request in its own
// goroutine, whose small stack would otherwise double and be copied several times.
//
//go:noinline
func growStack(i int) byte {
	var room [12 << 10]byte
	return room[i]
}
