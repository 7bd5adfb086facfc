package spanattr

import (
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/outcome"
)

// AttrSkipped says why scorers gave a span no score: name:reason, separated by spaces.
//
// It lists only what nothing else on the span says. A scorer that is not in AttrScorers is off. One without a score and
// without an entry found no content if AttrCoverage says so, and else nothing that it judges. SkipOf tells them apart.
// So most spans need no entry, and those that do share a few values.
const AttrSkipped = "app.llm.skipped"

// maxSkips bounds the entries of one span.
const maxSkips = 16

// appendSkips reads a value of AttrSkipped.
func appendSkips(list []score.Skip, text string) []score.Skip {
	for entry := range strings.FieldsSeq(text) {
		scorer, reason, ok := strings.Cut(entry, ":")
		if ok && scorer != "" && score.KnownReason(reason) && len(list) < maxSkips {
			list = append(list, score.Skip{Scorer: scorer, Reason: reason})
		}
	}
	return list
}

// maxSpellings bounds the values that a speller keeps. A set of scorers with few reasons makes few.
const maxSpellings = 256

// skipSpeller spells lists of skips. It keeps the values, so that spelling one again allocates nothing.
type skipSpeller struct {
	scratch   []byte
	spellings map[string]string
}

// spell returns the value of AttrSkipped for a list, each scorer once with its first reason.
func (s *skipSpeller) spell(skips []score.Skip) string {
	b := s.scratch[:0]
	for i := range skips {
		skip := &skips[i]
		again := slices.ContainsFunc(skips[:i], func(other score.Skip) bool { return other.Scorer == skip.Scorer })
		if again || i >= maxSkips || strings.ContainsAny(skip.Scorer, ": ") {
			continue
		}
		if len(b) > 0 {
			b = append(b, ' ')
		}
		b = append(append(append(b, skip.Scorer...), ':'), skip.Reason...)
	}
	s.scratch = b
	if text, ok := s.spellings[string(b)]; ok {
		return text
	}
	text := string(b)
	if s.spellings == nil {
		s.spellings = map[string]string{}
	}
	if len(s.spellings) < maxSpellings {
		s.spellings[text] = text
	}
	return text
}

// Skipped returns the reason of each scorer in a value of AttrScorers that gave a span no score, those that the span
// gives nothing to judge only on request. The outcome of a call has findings and no score.
func (r *Record) Skipped(scorers string, call *genai.Call, notApplicable bool) map[string]string {
	var reasons map[string]string
	for entry := range strings.FieldsSeq(scorers) {
		name, _, _ := strings.Cut(entry, "=")
		reason := r.SkipOf(name, scorers, call)
		if reason == "" || reason == score.NotApplicable && !notApplicable || name == outcome.Name {
			continue
		}
		if reasons == nil {
			reasons = map[string]string{}
		}
		reasons[name] = reason
	}
	return reasons
}

// SkipOf returns why a scorer gave a span no score, or "" if it gave one. scorers is the value of AttrScorers that
// applies to the span, "" if unknown. call may be nil.
func (r *Record) SkipOf(scorer, scorers string, call *genai.Call) string {
	for i := range r.Scores {
		if r.Scores[i].Scorer == scorer {
			return ""
		}
	}
	for i := range r.Skips {
		if r.Skips[i].Scorer == scorer {
			return r.Skips[i].Reason
		}
	}
	switch {
	case scorers != "" && !strings.HasPrefix(scorers, scorer+"=") && !strings.Contains(scorers, " "+scorer+"="):
		return score.Off
	case call != nil && !call.IsLLMCall() && call.Operation != genai.OpExecuteTool && call.Operation != genai.OpRetrieval:
		return score.NotApplicable
	case r.Coverage == NoContent:
		return score.NoContent
	}
	return score.NotApplicable
}
