package spanattr

import (
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/clip"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/session"
)

// Record is everything that Faultline writes on one span. Texts that Read takes from a span are valid while the span
// lives.
type Record struct {
	// The result of llm_failure. Coverage is "" on a span that it did not see.
	Coverage         Coverage
	Verdict          failure.Verdict   // of Findings; after Read only what the attributes hold
	Findings         []failure.Finding // complete while scoring; after Read one per class
	Scores           []score.Score     // after Read without the versions of passed scores
	Skips            []score.Skip      // of scorers without a score, those that failed included
	Problems         []score.Skip      // of the data: content, cost; Read ignores them
	Cancelled        bool
	DuplicateOf      string // span id in hex, "" unless another span is the call
	ToolOutcome      string
	RetrievalOutcome string
	Cost             Cost
	CallHash         uint64         // session.Digest.Call, or 0 if unknown
	Digest           session.Digest // valid if HasDigest
	HasDigest        bool
	Redactions       int64
	ContentBytes     int64 // before some was cut, 0 if nothing was
	Stratum          string
	// Scorers are the versions of the scorers if they differ from those of the resource. See AttrScorers.
	Scorers    string
	OwnScorers bool

	Session Session
	Trace   Trace

	// Annotated is set if the span has attributes that Write replaces.
	Annotated bool
	costWrong bool // the cost attributes are invalid
}

// Cost is the cost of a call and its source.
type Cost struct {
	USD     genai.Opt[float64]
	Source  string // one of the sources below
	Version string // of the price book, or "" for a reported cost
}

// The sources of a cost, values of AttrCostSource.
const (
	CostReported  = "reported"  // by the emitter
	CostComputed  = "computed"  // by a price book, from the tokens that the emitter counted
	CostEstimated = "estimated" // by a price book, from tokens that were estimated from the content
)

// Session is the state of a session as of one span. ID is "" on a span that llm_session did not see.
type Session struct {
	ID                           string
	IsTrace                      bool // ID is the trace id, because the span names no conversation
	Turns, ModelCalls, ToolCalls int64
	CostUSD                      genai.Opt[float64]
	Loops                        []string // details of retry_loop that first showed on this span
	Limit                        string   // the limit that the session reached with this span
}

// Trace is the verdict on the trace of a span. It is empty on most spans.
type Trace struct {
	Class     failure.Class
	Primary   string // span id in hex
	IsPrimary bool   // Primary is the span itself
	CausedBy  string // span id in hex
	Recovered bool
}

// maxLoops bounds the loops that are read from a span: one per detail.
const maxLoops = 4

// maxSuspects bounds the suspicions that are read from a span.
const maxSuspects = 64

// maxRedactions bounds the redactions that are read from a span, so that more can be added.
const maxRedactions = 1 << 40

// maxContentBytes bounds the size of content that is read from a span.
const maxContentBytes = 1 << 50

// maxVersion bounds the version of a price book that is read from a span.
const maxVersion = 128

// ContentChanged reports whether the content of the span is no longer what was scored: it was redacted or cut.
func (r *Record) ContentChanged() bool { return r.Redactions > 0 || r.ContentBytes > 0 }

// Reset clears the record and keeps the memory of its lists.
func (r *Record) Reset() {
	clear(r.Findings)
	findings, scores, loops := r.Findings[:0], r.Scores[:0], r.Session.Loops[:0]
	skips, problems := r.Skips[:0], r.Problems[:0]
	*r = Record{Findings: findings, Scores: scores, Skips: skips, Problems: problems}
	r.Session.Loops = loops
}

// Of returns the record of one span.
func Of(span ptrace.Span) *Record {
	var r Record
	r.Read(span)
	return &r
}

// Failed reports whether a span has a verdict.
func Failed(span ptrace.Span) bool {
	v, ok := span.Attributes().Get(AttrErrorClass)
	return ok && failure.Class(v.Str()).Bucket() != ""
}

// IsFailing reports whether a span belongs to what sampling has to keep: it has a verdict, its session reached a limit,
// or it is a GenAI operation that ended with an error. It runs for every span, and passes over the attributes once.
func IsFailing(span ptrace.Span) bool {
	failed := span.Status().Code() == ptrace.StatusCodeError
	for name := range span.Attributes().All() {
		if !ours(name) {
			continue
		}
		switch name {
		case AttrErrorClass, AttrSessionLimit:
			return true
		case AttrCoverage: // only GenAI operations have one
			if failed {
				return true
			}
		}
	}
	return false
}

// IsDuplicate reports whether another span is the model call that a span records.
func IsDuplicate(span ptrace.Span) bool {
	_, ok := span.Attributes().Get(AttrDuplicateOf)
	return ok
}

// Read reads what earlier components wrote on a span, in one pass over its attributes.
func (r *Record) Read(span ptrace.Span) {
	r.Reset()
	var suspects pcommon.Value // read last: it is about the scores
	for key, v := range span.Attributes().All() {
		if !ours(key) {
			continue
		}
		if scorer, ok := strings.CutPrefix(key, AttrScorePrefix); ok {
			r.Annotated = true
			if v.Type() == pcommon.ValueTypeDouble {
				r.Scores = append(r.Scores, score.Score{Scorer: scorer, Value: v.Double()})
			}
			continue
		}
		if key == AttrSuspects {
			suspects = v
		}
		r.Annotated = r.Annotated || written(key)
		r.read(key, v)
	}
	if span.Events().Len() > 0 {
		r.readEvaluations(span)
	}
	if suspects != (pcommon.Value{}) {
		r.readSuspects(suspects)
	}
	r.Session.SetID(r.Session.ID, span.TraceID())
	if r.Trace.Primary != "" {
		var id [16]byte
		own := span.SpanID()
		hex.Encode(id[:], own[:])
		r.Trace.IsPrimary = r.Trace.Primary == string(id[:])
	}
	r.checkCost()
	r.conclude()
}

func (r *Record) read(key string, v pcommon.Value) {
	switch key {
	case AttrErrorClass:
		r.Verdict.Class = failure.Class(v.Str())
	case AttrErrorDetail:
		r.Verdict.Detail = v.Str()
	case AttrErrorEvidence:
		r.Verdict.Evidence = clip.Text(v.Str(), failure.MaxEvidence)
	case AttrErrorCertain:
		r.Verdict.Certain = v.Bool()
	case AttrFingerprint:
		r.Verdict.Fingerprint = v.Str()
	case AttrErrorClasses:
		r.Verdict.Classes = classesOf(v)
	case AttrCoverage:
		switch c := Coverage(v.Str()); c {
		case Scored, NoContent, Truncated:
			r.Coverage = c
		}
	case AttrDuplicateOf:
		if id := v.Str(); len(id) == 16 {
			r.DuplicateOf = id
		}
	case AttrSkipped:
		r.Skips = appendSkips(r.Skips, v.Str())
	case AttrCancelled:
		r.Cancelled = v.Bool()
	case AttrToolOutcome:
		r.ToolOutcome = outcomeOf(v)
	case AttrRetrievalOutcome:
		r.RetrievalOutcome = outcomeOf(v)
	case AttrCostUSD:
		switch v.Type() {
		case pcommon.ValueTypeDouble:
			r.Cost.USD = genai.Some(v.Double())
		case pcommon.ValueTypeInt:
			r.Cost.USD = genai.Some(float64(v.Int()))
		default:
			r.costWrong = true
		}
	case AttrCostSource:
		r.Cost.Source = v.Str()
	case AttrPricingVersion:
		r.Cost.Version = v.Str()
	case AttrCallHash:
		r.CallHash = 0
		if hash, err := strconv.ParseUint(v.Str(), 16, 64); err == nil {
			r.CallHash = hash
		}
	case AttrDigest:
		r.HasDigest = r.Digest.UnmarshalText([]byte(v.Str())) == nil
	case AttrRedactions:
		if v.Type() == pcommon.ValueTypeInt {
			r.Redactions = min(max(v.Int(), 0), maxRedactions)
		}
	case AttrContentBytes:
		if v.Type() == pcommon.ValueTypeInt {
			r.ContentBytes = min(max(v.Int(), 0), maxContentBytes)
		}
	case AttrStratum:
		r.Stratum = stratumOf(v)
	case AttrScorers:
		r.Scorers, r.OwnScorers = v.Str(), true
	case AttrSessionID, AttrSessionTurns, AttrSessionModelCalls, AttrSessionToolCalls, AttrSessionCostUSD,
		AttrSessionLoops, AttrSessionLimit:
		r.Session.read(key, v)
	case AttrTraceClass:
		r.Trace.Class = failure.Class(v.Str())
	case AttrTracePrimary:
		r.Trace.Primary = v.Str()
	case AttrCausedBy:
		r.Trace.CausedBy = v.Str()
	case AttrRecovered:
		r.Trace.Recovered = v.Bool()
	}
}

func (s *Session) read(key string, v pcommon.Value) {
	switch key {
	case AttrSessionID:
		s.ID = v.Str()
	case AttrSessionTurns:
		s.Turns = v.Int()
	case AttrSessionModelCalls:
		s.ModelCalls = v.Int()
	case AttrSessionToolCalls:
		s.ToolCalls = v.Int()
	case AttrSessionCostUSD:
		if v.Type() == pcommon.ValueTypeDouble {
			s.CostUSD = genai.Some(v.Double())
		}
	case AttrSessionLimit:
		s.Limit = v.Str()
	case AttrSessionLoops:
		if v.Type() != pcommon.ValueTypeSlice {
			return
		}
		for _, item := range v.Slice().All() {
			detail := item.Str()
			if session.IsLoop(detail) && len(s.Loops) < maxLoops && !slices.Contains(s.Loops, detail) {
				s.Loops = append(s.Loops, detail)
			}
		}
	}
}

// SetID sets the session id of a span in the given trace.
func (s *Session) SetID(id string, trace pcommon.TraceID) {
	var own [32]byte
	hex.Encode(own[:], trace[:])
	s.ID, s.IsTrace = id, id == string(own[:])
}

// readEvaluations marks the scores that failed according to an evaluation event of Faultline. Those events name the
// version of the scorer.
func (r *Record) readEvaluations(span ptrace.Span) {
	for _, event := range span.Events().All() {
		if event.Name() != EventEvaluation {
			continue
		}
		name, named := event.Attributes().Get(AttrEvaluationName)
		version, ours := event.Attributes().Get(AttrEvaluationVersion)
		if !named || !ours {
			continue
		}
		r.Annotated = true // also where only our attributes were removed since
		for i := range r.Scores {
			if r.Scores[i].Scorer == name.Str() {
				r.Scores[i].Failed, r.Scores[i].Version = true, version.Str()
			}
		}
	}
}

// readSuspects marks the scores of suspicions. A name without a score is no suspicion.
func (r *Record) readSuspects(v pcommon.Value) {
	if v.Type() != pcommon.ValueTypeSlice {
		return
	}
	list := v.Slice()
	for at := range min(list.Len(), maxSuspects) {
		name := list.At(at)
		for i := range r.Scores {
			if s := &r.Scores[i]; s.Scorer == name.Str() {
				s.Suspected = !s.Failed
				break
			}
		}
	}
}

// Suspects lists the scorers of suspicions, in the order of the scores.
func (r *Record) Suspects() []string {
	var names []string
	for i := range r.Scores {
		if r.Scores[i].Suspected {
			names = append(names, r.Scores[i].Scorer)
		}
	}
	return names
}

// checkCost checks the cost attributes. A valid cost has an amount. It has the version of a price book if it was
// computed, and no version if it was reported.
func (r *Record) checkCost() {
	c := &r.Cost
	if *c == (Cost{}) && !r.costWrong {
		return
	}
	r.Annotated = true
	computed := (c.Source == CostComputed || c.Source == CostEstimated) &&
		c.Version != "" && len(c.Version) <= maxVersion && utf8.ValidString(c.Version)
	reported := (c.Source == "" || c.Source == CostReported) && c.Version == ""
	if r.costWrong = !c.USD.Set || !computed && !reported; r.costWrong {
		*c = Cost{}
	} else if reported {
		c.Source = CostReported
	}
}

// conclude completes the verdict and makes its findings. The finding of the verdict has all that the attributes hold,
// and every other finding has only its class. A class outside the taxonomy is not a verdict.
func (r *Record) conclude() {
	v := &r.Verdict
	if v.Class == "" && v.Classes == nil && v.Detail == "" && v.Evidence == "" && v.Fingerprint == "" {
		return
	}
	if v.Bucket = v.Class.Bucket(); v.Bucket == "" {
		*v = failure.Verdict{}
		return
	}
	if len(v.Classes) == 0 {
		v.Classes = []failure.Class{v.Class}
	}
	v.Certain = v.Certain && slices.Contains(v.Classes, failure.Unsafe)
	v.Finding = failure.Finding{Class: v.Class, Detail: v.Detail, Evidence: v.Evidence, Certain: v.Certain}
	for _, class := range v.Classes {
		switch {
		case class == v.Class:
			r.Findings = append(r.Findings, v.Finding)
		case class == failure.RetryLoop && len(r.Session.Loops) > 0: // only the first class has a detail attribute
			r.Findings = append(r.Findings, failure.Finding{Class: class, Detail: r.Session.Loops[0]})
		default:
			r.Findings = append(r.Findings, failure.Finding{Class: class})
		}
	}
}

// AddFindings adds findings and makes a new verdict. If the finding of the verdict stays the same, its evidence and
// fingerprint stay too, because findings that were read from a span lack what those were made from.
func (r *Record) AddFindings(findings ...failure.Finding) {
	before := r.Verdict
	r.Findings = append(r.Findings, findings...)
	r.Verdict = failure.Judge(r.Findings)
	if before.Failed() && before.Class == r.Verdict.Class && before.Detail == r.Verdict.Detail {
		r.Verdict.Evidence, r.Verdict.Fingerprint, r.Verdict.Finding = before.Evidence, before.Fingerprint, before.Finding
	}
}

// classesOf returns the known classes in a list.
func classesOf(v pcommon.Value) []failure.Class {
	if v.Type() != pcommon.ValueTypeSlice {
		return nil
	}
	var classes []failure.Class
	for _, c := range v.Slice().All() {
		if class := failure.Class(c.Str()); class.Bucket() != "" && len(classes) < len(failure.Classes()) {
			classes = append(classes, class)
		}
	}
	return classes
}

// outcomeOf returns a valid outcome, or "".
func outcomeOf(v pcommon.Value) string {
	switch outcome := v.Str(); outcome {
	case score.OutcomeOK, score.OutcomeEmpty, score.OutcomeFailed:
		return outcome
	}
	return ""
}

// stratumOf returns a valid stratum, or "".
func stratumOf(v pcommon.Value) string {
	switch v.Str() {
	case StratumFlagged:
		return StratumFlagged
	case StratumSuspect:
		return StratumSuspect
	case StratumRandom:
		return StratumRandom
	}
	return ""
}
