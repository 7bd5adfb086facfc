package wire

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/score"
)

// VerdictOf reads the verdict that an Annotator wrote on a span. It is the zero verdict where there is none, or where the
// class is none of the taxonomy: the span came from a stranger.
func VerdictOf(span ptrace.Span) failure.Verdict {
	var v failure.Verdict
	for key, value := range span.Attributes().All() {
		if !ours(key) {
			continue
		}
		switch key {
		case AttrErrorClass:
			v.Class = failure.Class(value.Str())
		case AttrErrorDetail:
			v.Detail = value.Str()
		case AttrErrorEvidence:
			v.Evidence = clip(value.Str(), failure.MaxEvidence)
		case AttrFingerprint:
			v.Fingerprint = value.Str()
		case AttrErrorClasses:
			v.Classes = classesOf(value)
		}
	}
	if v.Class.Bucket() == "" {
		return failure.Verdict{}
	}
	v.Bucket = v.Class.Bucket()
	if len(v.Classes) == 0 {
		v.Classes = []failure.Class{v.Class}
	}
	v.Finding = failure.Finding{Class: v.Class, Detail: v.Detail, Evidence: v.Evidence}
	return v
}

// classesOf reads the known classes of a list.
func classesOf(value pcommon.Value) []failure.Class {
	if value.Type() != pcommon.ValueTypeSlice {
		return nil
	}
	var classes []failure.Class
	for _, c := range value.Slice().All() {
		if class := failure.Class(c.Str()); class.Bucket() != "" && len(classes) < len(failure.Classes()) {
			classes = append(classes, class)
		}
	}
	return classes
}

// hasClass reports whether a list of classes, as an Annotator writes it, holds one.
func hasClass(value pcommon.Value, class failure.Class) bool {
	if value.Type() != pcommon.ValueTypeSlice {
		return false
	}
	list := value.Slice()
	for i := range min(list.Len(), len(failure.Classes())) {
		if list.At(i).Str() == string(class) {
			return true
		}
	}
	return false
}

// CoverageWritten is the coverage that an Annotator wrote on a span, "" where none did.
func CoverageWritten(span ptrace.Span) Coverage {
	v, ok := span.Attributes().Get(AttrCoverage)
	if !ok {
		return ""
	}
	switch c := Coverage(v.Str()); c {
	case Scored, NoContent, Truncated:
		return c
	}
	return ""
}

// findingsOf gives a finding for each class of a verdict: in full for the one that names it, and of the others the class.
func findingsOf(v failure.Verdict) []failure.Finding {
	list := make([]failure.Finding, 0, len(v.Classes))
	for _, class := range v.Classes {
		finding := failure.Finding{Class: class}
		if class == v.Class {
			finding = v.Finding
		}
		list = append(list, finding)
	}
	return list
}

// readBack fills a result with what an Annotator wrote on a span: its scores, and a finding for each class.
func readBack(span ptrace.Span, r *score.Result) {
	r.Findings = append(r.Findings, findingsOf(VerdictOf(span))...)
	for key, value := range span.Attributes().All() {
		switch key {
		case AttrCancelled:
			r.Cancelled = value.Bool()
		case AttrToolOutcome:
			r.ToolOutcome = value.Str()
		case AttrRetrievalOutcome:
			r.RetrievalOutcome = value.Str()
		default:
			if name, ok := strings.CutPrefix(key, AttrScorePrefix); ok && value.Type() == pcommon.ValueTypeDouble {
				r.Scores = append(r.Scores, score.Score{Scorer: name, Value: value.Double()})
			}
		}
	}
	for _, event := range span.Events().All() {
		if event.Name() != EventEvaluation {
			continue
		}
		name, named := event.Attributes().Get(AttrEvaluationName)
		version, ours := event.Attributes().Get(AttrEvaluationVersion)
		if !named || !ours {
			continue
		}
		for i := range r.Scores {
			if r.Scores[i].Scorer == name.Str() {
				r.Scores[i].Failed, r.Scores[i].Version = true, version.Str()
			}
		}
	}
}
