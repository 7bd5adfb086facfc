package spanattr

import (
	"encoding/hex"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/clip"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/session"
)

// Part is a part of a record that one component writes.
type Part uint8

// The parts. Scores are the result of llm_failure, including the verdict. Costs are separate, because the cost of a
// span may become known while its verdict stays. llm_session writes Verdict when it finds a loop.
const (
	Scores Part = 1 << iota
	Costs
	Verdict
	Sessions
	Traces
)

// Limits for one span.
const (
	maxEvaluations = 32
	maxProblems    = 16
	maxProblem     = 128 // bytes
)

// labelFailed is the gen_ai.evaluation.score.label of a score below its threshold.
const labelFailed = "fail"

// Writer writes records. It keeps scratch memory, so only one goroutine may use it at a time.
type Writer struct {
	// Content lets evidence quote messages. Without it evidence names keys, types and codes only.
	Content bool

	keys []scoreKey // of the scorers so far; bounded, because the configuration names them
	next int        // likely index of the next scorer in keys, because scorers come in order

	skips skipSpeller
}

// Write writes parts of a record on a span and replaces those parts of an earlier pass.
func (w *Writer) Write(span ptrace.Span, r *Record, parts Part) {
	attrs := span.Attributes()
	if parts&Scores != 0 {
		if r.Annotated {
			erase(span)
		}
		attrs.EnsureCapacity(attrs.Len() + r.room())
	}
	if parts&Costs != 0 {
		writeCost(attrs, r)
	}
	if parts&Scores != 0 {
		w.writeScores(span, r)
	}
	if parts&Verdict != 0 {
		attrs.RemoveIf(func(key string, _ pcommon.Value) bool { return ofVerdict(key) })
		w.writeVerdict(attrs, &r.Verdict)
	}
	if parts&Sessions != 0 {
		r.Session.write(attrs)
	}
	if parts&Traces != 0 {
		r.Trace.write(attrs)
	}
}

// room is how many attributes a span gets of a record, with those of its session. The list of attributes is grown once:
// every growth copies it.
func (r *Record) room() int {
	const coverage, callHash, cost, verdict, sessions = 1, 1, 3, 7, 5
	n := coverage + callHash + sessions + len(r.Scores)
	if r.Cost.USD.Set {
		n += cost
	}
	if r.Verdict.Failed() {
		n += verdict
	}
	for _, there := range [...]bool{
		r.Cancelled, r.DuplicateOf != "", r.ToolOutcome != "", r.RetrievalOutcome != "", len(r.Skips) > 0,
		len(r.Problems) > 0,
		slices.ContainsFunc(r.Scores, func(s score.Score) bool { return s.Suspected }),
	} {
		if there {
			n++
		}
	}
	return n
}

func (w *Writer) writeScores(span ptrace.Span, r *Record) {
	attrs := span.Attributes()
	attrs.PutStr(AttrCoverage, string(r.Coverage))
	if r.Verdict.Failed() {
		w.writeVerdict(attrs, &r.Verdict)
	}
	if r.Cancelled {
		attrs.PutBool(AttrCancelled, true)
	}
	if r.DuplicateOf != "" {
		attrs.PutStr(AttrDuplicateOf, r.DuplicateOf)
	}
	if r.ToolOutcome != "" {
		attrs.PutStr(AttrToolOutcome, r.ToolOutcome)
	}
	if r.RetrievalOutcome != "" {
		attrs.PutStr(AttrRetrievalOutcome, r.RetrievalOutcome)
	}
	if r.CallHash != 0 {
		attrs.PutStr(AttrCallHash, Hex(r.CallHash))
	}
	failing, suspected := 0, 0
	for i := range r.Scores {
		s := &r.Scores[i]
		attrs.PutDouble(w.scoreKey(s.Scorer), s.Value)
		if s.Failed {
			failing++
		}
		if s.Suspected {
			suspected++
		}
	}
	if suspected > 0 {
		writeSuspects(attrs, r, suspected)
	}
	if failing > 0 {
		w.writeEvaluations(span, r, min(failing, maxEvaluations))
	}
	if len(r.Skips) > 0 {
		attrs.PutStr(AttrSkipped, w.skips.spell(r.Skips))
	}
	if len(r.Problems) > 0 {
		writeProblems(attrs, r.Problems)
	}
}

func writeSuspects(attrs pcommon.Map, r *Record, n int) {
	list := attrs.PutEmptySlice(AttrSuspects)
	list.EnsureCapacity(n)
	for i := range r.Scores {
		if r.Scores[i].Suspected {
			list.AppendEmpty().SetStr(r.Scores[i].Scorer)
		}
	}
}

// Hex returns a hash as 16 hex digits.
func Hex(n uint64) string {
	var b [8]byte
	for i := range b {
		b[i] = byte(n >> (56 - 8*i))
	}
	return hex.EncodeToString(b[:])
}

// writeVerdict leaves in the verdict the evidence that it shows: a later writer does not know whether it may quote
// content.
func (w *Writer) writeVerdict(attrs pcommon.Map, v *failure.Verdict) {
	v.Evidence, v.Finding.Excerpt = w.evidence(v.Evidence, v.Finding.Excerpt), ""
	attrs.PutStr(AttrErrorClass, string(v.Class))
	attrs.PutStr(AttrErrorBucket, string(v.Bucket))
	attrs.PutStr(AttrErrorDetail, v.Detail)
	classes := attrs.PutEmptySlice(AttrErrorClasses)
	classes.EnsureCapacity(len(v.Classes))
	for _, c := range v.Classes {
		classes.AppendEmpty().SetStr(string(c))
	}
	attrs.PutStr(AttrErrorEvidence, v.Evidence)
	if v.Certain {
		attrs.PutBool(AttrErrorCertain, true)
	}
	attrs.PutStr(AttrFingerprint, v.Fingerprint)
}

// evidence returns the evidence of a finding as valid UTF-8 of at most failure.MaxEvidence bytes.
func (w *Writer) evidence(text, excerpt string) string {
	if w.Content && excerpt != "" {
		// Only the visible part of a long excerpt is copied.
		text += ": " + clip.Text(excerpt, failure.MaxEvidence)
	}
	return clip.Text(text, failure.MaxEvidence)
}

// writeEvaluations adds an event for each of the first n failing scores. Its time is the end of the span, when the
// answer was known, which is the same in every pass.
func (w *Writer) writeEvaluations(span ptrace.Span, r *Record, n int) {
	events := span.Events()
	events.EnsureCapacity(events.Len() + n)
	for i := range r.Scores {
		s := &r.Scores[i]
		if !s.Failed {
			continue
		}
		if n--; n < 0 {
			return
		}
		event := events.AppendEmpty()
		event.SetName(EventEvaluation)
		event.SetTimestamp(span.EndTimestamp())
		attrs := event.Attributes()
		attrs.EnsureCapacity(5)
		attrs.PutStr(AttrEvaluationName, s.Scorer)
		attrs.PutDouble(AttrEvaluationValue, s.Value)
		attrs.PutStr(AttrEvaluationLabel, labelFailed)
		attrs.PutStr(AttrEvaluationVersion, s.Version)
		for j := range r.Findings {
			if f := &r.Findings[j]; f.Scorer == s.Scorer {
				attrs.PutStr(AttrEvaluationExplain, w.evidence(f.Evidence, f.Excerpt))
				break
			}
		}
	}
}

// writeProblems lists problems of the data as kind:reason, without duplicates.
func writeProblems(attrs pcommon.Map, problems []score.Skip) {
	list := attrs.PutEmptySlice(AttrProblems)
	list.EnsureCapacity(min(len(problems), maxProblems))
next:
	for i := range problems {
		if list.Len() == maxProblems {
			return
		}
		p := &problems[i]
		for j := range problems[:i] {
			if problems[j].Scorer == p.Scorer && problems[j].Reason == p.Reason {
				continue next
			}
		}
		list.AppendEmpty().SetStr(clip.Text(p.Scorer+":"+p.Reason, maxProblem))
	}
}

// writeCost writes the cost of a record on the span and removes invalid cost attributes.
func writeCost(attrs pcommon.Map, r *Record) {
	c := &r.Cost
	if r.costWrong || r.Annotated && (!c.USD.Set || c.Version == "") {
		attrs.RemoveIf(func(key string, _ pcommon.Value) bool { return ofCost(key) })
	}
	if !c.USD.Set {
		return
	}
	attrs.PutDouble(AttrCostUSD, c.USD.Value)
	attrs.PutStr(AttrCostSource, c.Source)
	if c.Version != "" {
		attrs.PutStr(AttrPricingVersion, c.Version)
	}
}

func (s *Session) write(attrs pcommon.Map) {
	attrs.PutStr(AttrSessionID, s.ID)
	attrs.PutInt(AttrSessionTurns, s.Turns)
	attrs.PutInt(AttrSessionModelCalls, s.ModelCalls)
	attrs.PutInt(AttrSessionToolCalls, s.ToolCalls)
	if s.CostUSD.Set {
		attrs.PutDouble(AttrSessionCostUSD, s.CostUSD.Value)
	}
	if len(s.Loops) > 0 {
		list := attrs.PutEmptySlice(AttrSessionLoops)
		for _, detail := range s.Loops {
			list.AppendEmpty().SetStr(detail)
		}
	}
	if s.Limit != "" {
		attrs.PutStr(AttrSessionLimit, s.Limit)
	}
}

func (t *Trace) write(attrs pcommon.Map) {
	if t.Class != "" {
		attrs.PutStr(AttrTraceClass, string(t.Class))
		attrs.PutStr(AttrTracePrimary, t.Primary)
	}
	if t.CausedBy != "" {
		attrs.PutStr(AttrCausedBy, t.CausedBy)
	}
	if t.Recovered {
		attrs.PutBool(AttrRecovered, true)
	}
}

// WriteDigest writes the digest of a call on a span whose content is redacted, and adds to the count of replaced
// values.
func WriteDigest(span ptrace.Span, r *Record, replaced int) {
	attrs := span.Attributes()
	attrs.PutInt(AttrRedactions, r.Redactions+int64(replaced))
	writeDigest(attrs, r)
}

func writeDigest(attrs pcommon.Map, r *Record) {
	if !r.HasDigest && (r.Digest.Call != 0 || r.Digest.Result != 0) {
		if text, err := r.Digest.MarshalText(); err == nil {
			attrs.PutStr(AttrDigest, string(text))
		}
	}
}

// Content describes the content of a span before it was cut.
type Content struct {
	Bytes int64
	Hash  string   // of the texts that were cut
	Cut   []string // the attributes that held them
}

// maxContentNames bounds the names of cut attributes on a span.
const maxContentNames = 64

// WriteContent writes the digest of a call on a span whose content was cut, and what the content was. A span that is
// cut again keeps the description of the first time.
func WriteContent(span ptrace.Span, r *Record, c Content) {
	attrs := span.Attributes()
	writeDigest(attrs, r)
	if r.ContentBytes > 0 {
		return
	}
	attrs.PutInt(AttrContentBytes, c.Bytes)
	attrs.PutStr(AttrContentHash, c.Hash)
	names := attrs.PutEmptySlice(AttrContentCut)
	for _, name := range c.Cut[:min(len(c.Cut), maxContentNames)] {
		names.AppendEmpty().SetStr(clip.Text(name, maxContentName))
	}
}

// maxContentName bounds the name of a cut attribute on a span, in bytes.
const maxContentName = 128

// IsDigest reports whether a value of AttrDigest is a digest.
func IsDigest(v pcommon.Value) bool {
	var d session.Digest
	return d.UnmarshalText([]byte(v.Str())) == nil
}

// EraseTrace removes what llm_rootcause wrote on a span.
func EraseTrace(span ptrace.Span) {
	span.Attributes().RemoveIf(func(key string, _ pcommon.Value) bool { return ofTrace(key) })
}

// HasTrace reports whether llm_rootcause wrote on a span.
func HasTrace(span ptrace.Span) bool {
	for key := range span.Attributes().All() {
		if ofTrace(key) {
			return true
		}
	}
	return false
}

// EraseLimit removes the session limit from a span, so that only the current decision is on it.
func EraseLimit(span ptrace.Span) { span.Attributes().Remove(AttrSessionLimit) }

// EraseSessionCost removes the session cost from a span whose session has no cost.
func EraseSessionCost(span ptrace.Span) { span.Attributes().Remove(AttrSessionCostUSD) }

func ofVerdict(key string) bool {
	switch key {
	case AttrErrorClass, AttrErrorBucket, AttrErrorDetail, AttrErrorClasses, AttrErrorEvidence, AttrFingerprint,
		AttrErrorCertain:
		return true
	}
	return false
}

func ofCost(key string) bool {
	return key == AttrCostUSD || key == AttrCostSource || key == AttrPricingVersion
}

func ofTrace(key string) bool {
	return key == AttrTraceClass || key == AttrTracePrimary || key == AttrCausedBy || key == AttrRecovered
}

// written reports whether writing Scores replaces an attribute.
func written(key string) bool {
	switch key {
	case AttrCoverage, AttrToolOutcome, AttrRetrievalOutcome, AttrCancelled, AttrSkipped, AttrProblems, AttrScorers,
		AttrCallHash, AttrDuplicateOf, AttrSuspects:
		return true
	}
	return ofVerdict(key) || ofCost(key) || strings.HasPrefix(key, AttrScorePrefix)
}

// erase removes what an earlier pass wrote. It keeps evaluations by others, which do not name the version of a
// Faultline scorer.
func erase(span ptrace.Span) {
	span.Attributes().RemoveIf(func(key string, _ pcommon.Value) bool { return ours(key) && written(key) })
	span.Events().RemoveIf(func(event ptrace.SpanEvent) bool {
		if event.Name() != EventEvaluation {
			return false
		}
		_, ours := event.Attributes().Get(AttrEvaluationVersion)
		return ours
	})
}

// scoreKey is the attribute name for the score of a scorer.
type scoreKey struct{ scorer, key string }

func (w *Writer) scoreKey(scorer string) string {
	for range w.keys {
		if w.next++; w.next >= len(w.keys) {
			w.next = 0
		}
		if k := &w.keys[w.next]; k.scorer == scorer {
			return k.key
		}
	}
	w.next = len(w.keys)
	w.keys = append(w.keys, scoreKey{scorer, AttrScorePrefix + scorer})
	return w.keys[w.next].key
}
