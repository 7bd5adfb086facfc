package wiringconverter

import (
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/spanattr"
)

// seen says what spans went through before they reach a component.
type seen uint16

const (
	scored        seen = 1 << iota // llm_failure
	whole                          // tail_sampling or groupbytrace: all spans of a trace come together
	sampled                        // tail_sampling
	caused                         // llm_rootcause
	causedInParts                  // llm_rootcause, and not whole
	// What came before llm_failure.
	sessionFirst
	causeFirst
	samplingFirst
	journalFirst

	scores // some pipeline of this Collector has llm_failure. Otherwise spans may come scored, as at a gateway
)

// pass returns what spans went through after a processor.
func (s seen) pass(typ string) seen {
	unscored := s&scored == 0
	mark := func(first seen) {
		if unscored {
			s |= first
		}
	}
	switch typ {
	case "llm_failure":
		s |= scored
	case "llm_session":
		mark(sessionFirst)
	case "llm_journal":
		mark(journalFirst)
	case "groupbytrace":
		s |= whole
	case "tail_sampling":
		mark(samplingFirst)
		s |= whole | sampled
	case "llm_rootcause":
		mark(causeFirst)
		if s |= caused; s&whole == 0 {
			s |= causedInParts
		}
	}
	return s
}

// rule says what must not be seen, or must be, by a type of component in a traces pipeline.
type rule struct {
	typ   string
	when  seen // all of these were seen
	not   seen // none of these was
	fatal bool
	text  string
}

const elsewhere = "has no llm_failure before it, which other pipelines have: "

var rules = []rule{
	{
		"llm_failure", sessionFirst, 0, true,
		"comes after llm_session, which needs its verdicts: put llm_failure before llm_session",
	},
	{
		"llm_failure", samplingFirst, 0, true,
		"comes after tail_sampling, which decides before any failure is known: put llm_failure before tail_sampling",
	},
	{
		"llm_failure", causeFirst, 0, true,
		"comes after llm_rootcause, which needs its verdicts: put llm_failure before llm_rootcause",
	},
	{
		"llm_failure", journalFirst, 0, true,
		"comes after llm_journal, which needs its verdicts: put llm_failure before llm_journal",
	},
	{
		"llm_journal", sampled, 0, true,
		"comes after tail_sampling, whose losses it prevents: put llm_journal before tail_sampling",
	},
	{
		"tail_sampling", causedInParts, 0, true,
		"comes after llm_rootcause, which needs whole traces: put llm_rootcause after tail_sampling",
	},
	{
		"llm_rootcause", 0, whole, false,
		"is not behind tail_sampling or groupbytrace: each part of a trace gets a root cause of its own",
	},
	{"llm_rootcause", scores, scored, false, elsewhere + "it marks no root cause"},
	{"llm_session", scores, scored, false, elsewhere + "sessions have no cost and no failed calls"},
	{"llm_session", sampled, 0, false, "is behind tail_sampling: it counts only the sampled traces of a session"},
	{"llm_metrics", scores, scored, false, elsewhere + "it counts no failures, scores or costs"},
	{
		"llm_metrics", sampled, 0, false,
		"is behind tail_sampling: it counts only the sampled traces. Put it before, or set only_incidents: true",
	},
	{onlyIncidents, 0, caused, false, "has only_incidents and is not behind llm_rootcause: it counts nothing"},
	{"llm_review", scores, scored, false, elsewhere + "no trace becomes a case"},
	{"llm_judge", scores, scored, false, elsewhere + "nothing is judged"},
	{
		"llm_judge", 0, whole, false,
		"is not behind tail_sampling or groupbytrace: the part of a trace that comes first is judged",
	},
	{
		"llm_review", 0, whole, false,
		"is not behind tail_sampling or groupbytrace: cases lack the spans that arrive before the failing one",
	},
	{onlyRecent, sampled, 0, false, "has recent::only and is behind tail_sampling: it remembers nothing that is dropped"},
}

// The types of components whose settings give them another place.
const (
	onlyIncidents = "llm_metrics with only_incidents"
	onlyRecent    = "llm_review with recent::only"
	journalEnd    = "llm_journal with of"
)

// role returns the type of a component, or what stands for it.
func (s *settings) role(list, id string) string {
	switch typ := typeOf(id); {
	case typ == "llm_metrics" && at(s.components[connectors][id], "only_incidents") == true:
		return onlyIncidents
	case typ == "llm_review" && at(s.components[list][id], "recent", "only") == true:
		return onlyRecent
	case typ == "llm_journal" && at(s.components[list][id], "of") != nil:
		return journalEnd
	default:
		return typ
	}
}

// order follows spans through all pipelines, over connectors, and applies the rules to each component that they reach.
func order(s *settings) []finding {
	var start seen
	for _, p := range s.pipelines {
		if p.carries("traces") && slices.ContainsFunc(p.lists[processors], func(id string) bool {
			return typeOf(id) == "llm_failure"
		}) {
			start = scores
		}
	}
	var found []finding
	add := func(p *pipeline, list, id, typ string, state seen) {
		for _, r := range rules {
			f := finding{p.key(list), id + " " + r.text, r.fatal}
			if r.typ == typ && state&r.when == r.when && state&r.not == 0 && !slices.Contains(found, f) {
				found = append(found, f)
			}
		}
	}
	done := map[int]map[seen]bool{}
	var visit func(n int, state seen)
	visit = func(n int, state seen) {
		if done[n][state] {
			return
		}
		if done[n] == nil {
			done[n] = map[seen]bool{}
		}
		done[n][state] = true
		p := &s.pipelines[n]
		for _, id := range p.lists[processors] {
			typ := s.role(processors, id)
			add(p, processors, id, typ, state)
			state = state.pass(typ)
		}
		for _, id := range p.lists[exporters] {
			add(p, exporters, id, s.role(exporters, id), state)
			if _, ok := s.components[connectors][id]; !ok {
				continue
			}
			for next := range s.pipelines {
				if to := &s.pipelines[next]; to.carries("traces") && slices.Contains(to.lists[receivers], id) {
					visit(next, state)
				}
			}
		}
	}
	for i := range s.pipelines {
		p := &s.pipelines[i]
		if p.carries("traces") && slices.ContainsFunc(p.lists[receivers], func(id string) bool {
			_, connector := s.components[connectors][id]
			return !connector
		}) {
			visit(i, start)
		}
	}
	return append(found, sampling(s)...)
}

// sampling finds a tail_sampling that treats failing traces like others.
func sampling(s *settings) []finding {
	ours := slices.ContainsFunc(s.all(), func(c component) bool {
		return typeOf(c.id) != "llm_budget" && isOurs(typeOf(c.id)) && s.used(c.section, c.id)
	})
	var found []finding
	for _, c := range s.all() {
		if typeOf(c.id) != "tail_sampling" || !ours || !s.used(c.section, c.id) || keepsFailures(at(c.config, "policies")) {
			continue
		}
		found = append(found, finding{
			key:  c.key() + "::policies",
			text: "no policy keeps failing traces: add a string_attribute policy on " + spanattr.AttrErrorClass,
		})
	}
	return found
}

// keepsFailures reports whether a policy names the class of a failure, or keeps all traces.
func keepsFailures(policies any) bool {
	switch v := policies.(type) {
	case string:
		return v == "always_sample" || strings.Contains(v, spanattr.AttrErrorClass)
	case []any:
		return slices.ContainsFunc(v, keepsFailures)
	case map[string]any:
		for _, of := range v {
			if keepsFailures(of) {
				return true
			}
		}
	}
	return false
}
