package spanattr

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/score"
)

// AttrScorers holds the versions of the scorers that gave the scores: name=version, with spaces between.
//
// A score on a span is a bare number. The versions on every span would cost 300 bytes each, so they stand once on the
// resource. Where a pass keeps the scores of an earlier one, because the content is gone, and its own scorers are others,
// the span carries its own list, which then holds. Spans with neither were scored before versions were written.
const AttrScorers = "app.llm.scorers"

// SpellScorers is the value of AttrScorers for a set of scorers.
func SpellScorers(set *score.Set) string {
	var b strings.Builder
	for _, s := range set.Scorers() {
		if strings.ContainsAny(s.Name()+s.Version(), "= ") {
			continue // it cannot be spelled
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(s.Name() + "=" + s.Version())
	}
	return b.String()
}

// ScorersOf is the value of AttrScorers on a resource, "" where there is none.
func ScorersOf(resource pcommon.Resource) string {
	v, ok := resource.Attributes().Get(AttrScorers)
	if !ok {
		return ""
	}
	return v.Str()
}

// KeepScorers writes on a span that keeps its scores which scorers gave them, where its resource is going to name
// others.
func KeepScorers(resource pcommon.Resource, span ptrace.Span, scorers string) {
	earlier := ScorersOf(resource)
	if earlier == scorers {
		return
	}
	if v, existed := span.Attributes().GetOrPutEmpty(AttrScorers); !existed {
		v.SetStr(earlier)
	}
}

// ScorerVersions looks versions up in a value of AttrScorers. The zero value is ready to use. It remembers the last
// value that it read, and the place of the last version that it gave, because scores come in the order of their scorers.
// One goroutine uses it at a time.
type ScorerVersions struct {
	raw      string
	versions []scorerVersion
	next     int
}

type scorerVersion struct{ name, version string }

// Bounds of a value of AttrScorers. A longer text is not read.
const (
	maxScorers     = 256
	maxScorersText = 32 << 10
)

// Read takes the versions that hold for the scores of a resource, or of a span that has its own.
func (s *ScorerVersions) Read(value string) {
	if len(value) > maxScorersText {
		value = ""
	}
	if value == s.raw {
		return
	}
	s.raw, s.versions, s.next = strings.Clone(value), s.versions[:0], 0
	for rest := s.raw; rest != "" && len(s.versions) < maxScorers; {
		var item string
		item, rest, _ = strings.Cut(rest, " ")
		if name, version, ok := strings.Cut(item, "="); ok {
			s.versions = append(s.versions, scorerVersion{name, version})
		}
	}
}

// Of is the version of a scorer, "" where it is not known.
func (s *ScorerVersions) Of(name string) string {
	for i := range s.versions {
		at := s.next + i
		if at >= len(s.versions) {
			at -= len(s.versions)
		}
		if s.versions[at].name == name {
			s.next = at + 1
			return s.versions[at].version
		}
	}
	return ""
}
