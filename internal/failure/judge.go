package failure

import "unicode/utf8"

// rank is how near to the cause a finding is; smaller is nearer. Safety comes before all: it is never suppressed by
// another class. The order of the others is that of cause and effect in a call: what could never have worked, what the
// transport did, an answer that was declined, cut or broken, what a tool did, how an agent reacted, the sum, the outcome.
func rank(f *Finding) int {
	switch f.Class {
	case Unsafe:
		return 0
	case ProviderError:
		switch f.Detail {
		case Auth, NotFound, InvalidRequest:
			return 1
		}
		return 2
	case RateLimit:
		if f.Detail == Throttled {
			return 2
		}
		return 1
	case Refusal:
		return 3
	case Truncation:
		if f.Detail == ContextLength {
			return 3
		}
		return 4
	case ToolCallMalformed, SchemaViolation:
		return 5
	case ToolError:
		return 6
	case RetryLoop:
		return 7
	case Timeout:
		return 8
	}
	return 9
}

// Judge turns the findings on a span into its verdict: the nearest to the cause names it, ties go to the first found.
// It is a pure function, and the only place that decides.
func Judge(findings []Finding) Verdict {
	if len(findings) == 0 {
		return Verdict{}
	}
	first := &findings[0]
	for i := range findings[1:] {
		if f := &findings[i+1]; rank(f) < rank(first) {
			first = f
		}
	}
	return Verdict{
		Class: first.Class, Bucket: first.Class.Bucket(), Detail: first.Detail,
		Classes:  classes(findings),
		Evidence: clip(first.Evidence, MaxEvidence), Fingerprint: Fingerprint(*first), Finding: *first,
	}
}

// lastRank is the greatest value of rank.
const lastRank = 9

// classes lists every class once, in order of precedence.
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

// clip cuts a text to at most n bytes, at the boundary of a rune, and ends what was cut with an ellipsis.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	const ellipsis = "…"
	end := n - len(ellipsis)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + ellipsis
}
