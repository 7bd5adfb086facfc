package propose

import (
	"cmp"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/score/rule"
)

// condition is one condition of a check, as an expression of package rule. rank is how far it can be trusted from few
// calls: 0 for what scorers found, more for words.
type condition struct {
	text string
	slug string // words for the name of the rule
	rank int
	hits bitset
}

// check is one condition, or two.
type check struct {
	when  string
	first *condition
	other *condition // nil for one
	hits  bitset
	worth float64
}

func (c *check) text() string {
	if c.other == nil {
		return c.first.text
	}
	return clause(c.first.text) + " and " + clause(c.other.text)
}

// clause puts a condition in parentheses where it needs them beside another one.
func clause(text string) string {
	if strings.HasPrefix(text, "let ") || strings.Contains(text, " or ") {
		return "(" + text + ")"
	}
	return text
}

func (c *check) slug() string {
	if c.other == nil {
		return c.first.slug
	}
	return c.first.slug + "_and_" + c.other.slug
}

func (c *check) rank() int {
	if c.other == nil {
		return c.first.rank
	}
	return c.first.rank + c.other.rank
}

// Bounds of the search.
const (
	maxConditions = 2500 // that are tried
	maxPaired     = 500  // that are tried in pairs
)

// costOfWrong is how many failures one wrongly flagged call outweighs. costOfSecond is the share of the failures that
// a second condition must be worth, costOfRank the same for a kind that can be trusted less.
const (
	costOfWrong  = 3.0
	costOfSecond = 0.04
	costOfRank   = 0.004
)

// search returns the best checks of the half, each for failures that those before it miss.
func (h *halved) search(most int) (found []*check) {
	scope, inside := h.scope()
	conditions := h.conditions(inside)
	open := h.failed.and(inside)
	for len(found) < most {
		left := open.count()
		if left < 2 || 10*left < h.failures {
			break
		}
		best := h.best(conditions, open, inside)
		if best == nil {
			break
		}
		best.when = scope
		found = append(found, best)
		open = open.without(best.hits)
	}
	return found
}

// conditions tries all conditions on the half. Those that fail on a call are left out: in the Collector they would be
// problems.
func (h *halved) conditions(inside bitset) (tried []*condition) {
	g := &generator{half: h, seen: map[string]bool{}}
	g.generate(inside)
	for _, c := range g.list[:min(len(g.list), maxConditions)] {
		e, err := rule.Compile(c.text)
		if err != nil {
			continue
		}
		c.hits = newBits(len(h.rows))
		broken := false
		for i := range h.rows {
			holds, err := e.Holds(h.rows[i].sight)
			if broken = err != nil; broken {
				break
			}
			if holds && inside.has(i) {
				c.hits.set(i)
			}
		}
		if n := c.hits.count(); !broken && n > 0 && n < inside.count() {
			tried = append(tried, c)
		}
	}
	return tried
}

// best returns the check that is worth most for the open failures, nil where none is worth anything.
func (h *halved) best(conditions []*condition, open, inside bitset) *check {
	sound := inside.without(h.failed)
	total := float64(open.count())
	least := max(2, (h.failures+9)/10)
	var best *check
	try := func(c check, right, wrong int) {
		if right < least || 10*wrong > right {
			return
		}
		c.worth = (float64(right)-costOfWrong*float64(wrong))/total - costOfRank*float64(c.rank())
		if c.other != nil {
			c.worth -= costOfSecond
		}
		if best == nil || c.worth > best.worth { // of equals the first, which can be trusted most
			best = &c
		}
	}
	type measured struct {
		*condition
		right int
		gain  float64
	}
	var paired []measured
	for _, c := range conditions {
		right, wrong := c.hits.both(open), c.hits.both(sound)
		try(check{first: c, hits: c.hits}, right, wrong)
		if right >= least {
			gain := float64(right)/total - float64(wrong)/float64(max(1, sound.count()))
			paired = append(paired, measured{c, right, gain})
		}
	}
	slices.SortStableFunc(paired, func(a, b measured) int { return cmp.Compare(b.gain, a.gain) })
	paired = paired[:min(len(paired), maxPaired)]
	for i, a := range paired {
		for _, b := range paired[i+1:] {
			if best != nil && float64(min(a.right, b.right))/total <= best.worth {
				continue // a pair finds no more than either
			}
			right, wrong := a.hits.three(b.hits, open), a.hits.three(b.hits, sound)
			first, other := a.condition, b.condition
			if other.rank < first.rank {
				first, other = other, first
			}
			try(check{first: first, other: other}, right, wrong)
		}
	}
	if best != nil && best.other != nil {
		best.hits = best.first.hits.and(best.other.hits)
	}
	return best
}

// scope returns the expression for the calls that a check applies to, and those calls. A check that was learned from
// the calls of one prompt says nothing of others.
func (h *halved) scope() (when string, inside bitset) {
	same := func(of func(*rule.View) string) string {
		value := ""
		for i := range h.rows {
			if row := &h.rows[i]; row.failed {
				if value == "" {
					value = of(row.view)
				}
				if value != of(row.view) {
					return ""
				}
			}
		}
		return value
	}
	inside = newBits(len(h.rows))
	for i := range h.rows {
		inside.set(i)
	}
	var clauses []string
	narrow := func(name string, of func(*rule.View) string) bool {
		value := same(of)
		if value == "" {
			return false
		}
		smaller := newBits(len(h.rows))
		for i := range h.rows {
			if inside.has(i) && of(h.rows[i].view) == value {
				smaller.set(i)
			}
		}
		if sound := smaller.without(h.failed).count(); sound < Needed {
			return false // nothing would be known of sound calls
		}
		inside = smaller
		clauses = append(clauses, name+" == "+quote(value))
		return true
	}
	narrow("call.operation", func(v *rule.View) string { return v.Call.Operation })
	if !narrow("call.tool_name", func(v *rule.View) string { return v.Call.ToolName }) &&
		!narrow("call.prompt_name", func(v *rule.View) string { return v.Call.PromptName }) {
		narrow("call.service_name", func(v *rule.View) string { return v.Call.ServiceName })
	}
	return strings.Join(clauses, " and "), inside
}
