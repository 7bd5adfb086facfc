package wire

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/score"
)

// AttrScorers says which versions of the scorers gave the scores: name=version, with spaces between.
//
// A score on a span is a bare number. Its scorer's version on every span would cost 300 bytes each, so it is said once on the resource. Where a
// pass keeps scores of an earlier one, since their content is gone, and its own scorers are others, the span says its own, which is
// then what holds. Spans that say neither were scored before versions were written.
const AttrScorers = "app.llm.scorers"

// spellScorers is the value of AttrScorers for a set of scorers. Neither names nor versions hold what stands between them.
func spellScorers(set *score.Set) string {
	var b strings.Builder
	for _, s := range set.Scorers() {
		if strings.ContainsAny(s.Name()+s.Version(), "= ") {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(s.Name() + "=" + s.Version())
	}
	return b.String()
}

func scorersOf(attributes pcommon.Map) string {
	v, ok := attributes.Get(AttrScorers)
	if !ok {
		return ""
	}
	return v.Str()
}

// keepScorers says on a span that keeps its scores which scorers gave them, where its resource is going to name others.
func (a *Annotator) keepScorers(resource pcommon.Resource, span ptrace.Span) {
	earlier := scorersOf(resource.Attributes())
	if earlier == a.scorers {
		return
	}
	if v, existed := span.Attributes().GetOrPutEmpty(AttrScorers); !existed {
		v.SetStr(earlier)
	}
}

// ScorerVersions reads what AttrScorers says. The zero value is ready to use; it remembers the last that it read, and the place of the
// last version that it gave, since scores come in the order of their scorers. It is used by one goroutine at a time.
type ScorerVersions struct {
	raw      string
	versions []scorerVersion
	next     int
}

type scorerVersion struct{ name, version string }

// What is read of a value that a stranger wrote: so many scorers, of a text of so many bytes. A longer one says nothing.
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
