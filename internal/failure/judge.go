package failure

import (
	"slices"

	"github.com/faultline-otel/faultline/internal/clip"
)

// precedence ranks findings by how near they are to the cause, nearest first. The rank is the row. Safety comes
// first: no other class suppresses it.
var precedence = [...]struct {
	why  string
	rows []ranked
}{
	{"never suppressed", []ranked{{class: Unsafe}}},
	{"could never have worked", []ranked{
		{ProviderError, []string{Auth, NotFound, InvalidRequest}}, {RateLimit, []string{QuotaExceeded}},
	}},
	{"the provider, or the way to it", []ranked{
		{class: ProviderError}, {class: RateLimit},
	}},
	{"the task was not answered", []ranked{{class: Refusal}, {Truncation, []string{ContextLength}}}},
	{"the answer was cut", []ranked{{class: Truncation}}},
	{"the answer is broken", []ranked{{class: ToolCallMalformed}, {class: SchemaViolation}}},
	{"a tool failed", []ranked{{class: ToolError}}},
	{"how the agent reacted", []ranked{{class: RetryLoop}, {RateLimit, []string{Budget}}}},
	{"most often the sum of the above", []ranked{{class: Timeout}}},
	{"the outcome", []ranked{{class: Hallucination}, {class: BadAnswer}, {class: GoalDrift}}},
}

// ranked is some details of a class; without details it is all that no other row lists.
type ranked struct {
	class   Class
	details []string
}

// lastRank is the rank of the outcome, and of classes without a row.
const lastRank = len(precedence) - 1

func rank(f *Finding) int {
	rest := lastRank
	for i := range precedence {
		for _, row := range precedence[i].rows {
			switch {
			case row.class != f.Class:
			case row.details == nil:
				rest = i
			case slices.Contains(row.details, f.Detail):
				return i
			}
		}
	}
	return rest
}

// Judge turns the findings on a span into its verdict. The finding nearest to the cause names it; the first of equals
// wins. It is a pure function, and the only one that makes a verdict from findings.
func Judge(findings []Finding) Verdict {
	if len(findings) == 0 {
		return Verdict{}
	}
	first := &findings[0]
	certain := false
	for i := range findings {
		f := &findings[i]
		if rank(f) < rank(first) {
			first = f
		}
		certain = certain || f.Certain && f.Class == Unsafe
	}
	return Verdict{
		Class: first.Class, Bucket: first.Class.Bucket(), Detail: first.Detail,
		Classes:  classes(findings),
		Certain:  certain,
		Evidence: clip.Text(first.Evidence, MaxEvidence), Fingerprint: Fingerprint(*first), Finding: *first,
	}
}

// classes lists each class once, in order of precedence.
func classes(findings []Finding) []Class {
	list := make([]Class, 0, len(findings))
	for r := 0; r <= lastRank; r++ {
	next:
		for i := range findings {
			if rank(&findings[i]) != r {
				continue
			}
			for _, c := range list {
				if c == findings[i].Class {
					continue next
				}
			}
			list = append(list, findings[i].Class)
		}
	}
	return list
}
