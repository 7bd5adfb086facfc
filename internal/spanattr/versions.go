package spanattr

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/score"
)

// AttrScorers holds the versions of the scorers that gave the scores: name=version, separated by spaces.
//
// A score on a span is only a number. Versions on every span would cost 300 bytes each, so they are on the resource. If
// a later pass with other scorers keeps earlier scores because the content is gone, the span carries its own list,
// which then applies. Spans without any list were scored before versions were written.
const AttrScorers = "app.llm.scorers"

// SpellScorers returns the value of AttrScorers for a set of scorers.
func SpellScorers(set *score.Set) string {
	var b strings.Builder
	for _, s := range set.Scorers() {
		if strings.ContainsAny(s.Name()+s.Version(), "= ") {
			continue // the format cannot express it
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(s.Name() + "=" + s.Version())
	}
	return b.String()
}

// ScorersOf returns the value of AttrScorers on a resource, or "".
func ScorersOf(resource pcommon.Resource) string {
	v, ok := resource.Attributes().Get(AttrScorers)
	if !ok {
		return ""
	}
	return v.Str()
}

// KeepScorers writes the earlier scorer versions on a span that keeps its scores, if its resource is going to name
// other versions.
func KeepScorers(resource pcommon.Resource, span ptrace.Span, scorers string) {
	earlier := ScorersOf(resource)
	if earlier == scorers {
		return
	}
	if v, existed := span.Attributes().GetOrPutEmpty(AttrScorers); !existed {
		v.SetStr(earlier)
	}
}

// ScorerVersions looks up versions in a value of AttrScorers. The zero value is ready to use. It caches the last value
// and starts each lookup after the last hit, because scores come in the order of their scorers. Only one goroutine may
// use it at a time.
type ScorerVersions struct {
	raw      string
	versions []scorerVersion
	next     int
}

type scorerVersion struct{ name, version string }

// Bounds of a value of AttrScorers. Longer values are ignored.
const (
	maxScorers     = 256
	maxScorersText = 32 << 10
)

// Read sets the value to look versions up in: that of a resource, or of a span with its own list.
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

// Of returns the version of a scorer, or "" if it is unknown.
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
