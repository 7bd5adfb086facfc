package gate

import (
	"maps"
	"slices"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

// Observation is one scored call of a candidate or a baseline.
type Observation struct {
	TraceID string
	// Session is the session of the call, "" where sessions are not followed.
	Session string
	// Row is the id of the row on the span or its resource, "" without one.
	Row  string
	Call *genai.Call // valid until Observe returns
	// Duplicate is true for a span that records a call which another span records too.
	Duplicate bool
	// Start and End are in nanoseconds, 0 where unknown.
	Start, End int64
	Verdict    failure.Verdict
	// Scored is true where the content of the call was recorded and scored. Without it a missing failure means nothing.
	Scored bool
	Scores []score.Score // valid until Observe returns
	Cost   genai.Opt[float64]
	// Skipped are the reasons of scorers that gave the call no score, by scorer.
	Skipped map[string]string
}

// RunSet holds the runs of one system, the candidate or the baseline, on the rows of a dataset.
type RunSet struct {
	cases   *Cases
	traces  map[string]*trace
	skipped map[string]map[string]int // calls without a score, by scorer and reason
	order   []*trace                  // by first appearance
	same    map[string]string         // long texts that many calls share
}

// trace is one trace of the set. Its calls are kept until the end, because any of them may name the row.
type trace struct {
	id      string
	row     int // that a call of it names, -1 without one
	session string
	calls   []*call
}

type call struct {
	row       int   // that the span itself names, -1 without one
	matches   []int // rows with the same input
	verdict   failure.Verdict
	classes   []failure.Class
	scored    bool
	skipped   map[string]string
	scores    map[string]float64
	failed    []string // the scorers whose score failed
	cost      genai.Opt[float64]
	from, to  int64
	asked     bool        // the input was recorded
	duplicate bool        // of another call of the trace
	answer    *genai.Call // without its input, unless a judge reads it
}

// NewRunSet returns an empty set for the cases.
func NewRunSet(cases *Cases) *RunSet {
	return &RunSet{
		cases: cases, traces: map[string]*trace{}, skipped: map[string]map[string]int{}, same: map[string]string{},
	}
}

// Observe adds one call. Calls of a trace may come in any order.
func (s *RunSet) Observe(o Observation) {
	t := s.traces[o.TraceID]
	if t == nil {
		t = &trace{id: o.TraceID, row: -1, session: o.Session}
		s.traces[o.TraceID] = t
		s.order = append(s.order, t)
	}
	for scorer, reason := range o.Skipped {
		if s.skipped[scorer] == nil {
			s.skipped[scorer] = map[string]int{}
		}
		s.skipped[scorer][reason]++
	}
	c := &call{
		row: -1, verdict: o.Verdict, classes: classesOf(o.Verdict), scored: o.Scored, skipped: o.Skipped, cost: o.Cost,
		from: o.Start, to: o.End, duplicate: o.Duplicate,
	}
	for _, one := range o.Scores {
		if c.scores == nil {
			c.scores = make(map[string]float64, len(o.Scores))
		}
		c.scores[one.Scorer] = one.Value
		if one.Failed {
			c.failed = append(c.failed, one.Scorer)
		}
	}
	if i, ok := s.cases.byID[o.Row]; ok {
		c.row = i
		if t.row < 0 {
			t.row = i
		}
	} else {
		c.matches = s.match(o.Call)
	}
	s.keep(c, o.Call)
	t.calls = append(t.calls, c)
}

// keep copies what a run is judged by: the answer, and what the request asked of it.
func (s *RunSet) keep(c *call, from *genai.Call) {
	c.asked = len(from.Input()) > 0
	if s.cases.judge != nil {
		c.answer = from.Clone()
		return
	}
	kept := *from
	kept.FinishReasons = slices.Clone(from.FinishReasons)
	kept.FinishReasonsCanonical = slices.Clone(from.FinishReasonsCanonical)
	content := genai.Content{
		Output: slices.Clone(from.Output()), Refusal: from.Refusal(), Tools: slices.Clone(from.Tools()),
		ToolDefinitions: s.shared(from.ToolDefinitions()), OutputSchema: s.shared(from.OutputSchema()),
		ToolArguments: from.ToolArguments(), ToolResult: from.ToolResult(),
	}
	for i := range content.Output {
		content.Output[i].ToolCalls = slices.Clone(content.Output[i].ToolCalls)
	}
	kept.SetContent(content)
	c.answer = &kept
}

// shared returns one copy of a text for all calls that have it.
func (s *RunSet) shared(text string) string {
	if one, ok := s.same[text]; ok {
		return one
	}
	s.same[text] = text
	return text
}

// match finds the rows with exactly the same input. Without one, since the prompt has often changed, it finds the
// rows with the same question, service and prompt name, as far as these are known.
func (s *RunSet) match(c *genai.Call) []int {
	if input := dataset.Input(c); input != "" {
		if rows := s.cases.byInput[input]; len(rows) > 0 {
			return rows
		}
	}
	asked := dataset.Question(c)
	if asked == "" {
		return nil
	}
	var rows []int
	for _, i := range s.cases.byAsked[asked] {
		if agree(s.cases.rows[i].Service, c.ServiceName) && agree(s.cases.rows[i].PromptName, c.PromptName) {
			rows = append(rows, i)
		}
	}
	return rows
}

func agree(a, b string) bool { return a == "" || b == "" || a == b }

// run is what one trace, or for a loop one session, did on a row.
type run struct {
	trace string
	calls []*call
}

// runs groups the calls by row, and counts the traces without one.
func (s *RunSet) runs() (byRow [][]run, unmatched int) {
	byRow = make([][]run, len(s.cases.rows))
	type loop struct {
		row     int
		session string
	}
	loops := map[loop]int{} // the place in byRow
	for _, t := range s.order {
		rows := map[int][]*call{}
		for _, c := range t.calls {
			switch {
			case c.row >= 0:
				rows[c.row] = append(rows[c.row], c)
			case t.row >= 0:
				rows[t.row] = append(rows[t.row], c)
			default:
				for _, row := range c.matches {
					rows[row] = append(rows[row], c)
				}
			}
		}
		if len(rows) == 0 {
			unmatched++
		}
		for _, row := range slices.Sorted(maps.Keys(rows)) {
			calls := rows[row]
			if s.cases.rows[row].Class == failure.RetryLoop && t.session != "" {
				key := loop{row, t.session}
				if at, begun := loops[key]; begun {
					byRow[row][at].calls = append(byRow[row][at].calls, calls...)
					continue
				}
				loops[key] = len(byRow[row])
			}
			byRow[row] = append(byRow[row], run{t.id, calls})
		}
	}
	for _, runs := range byRow {
		for _, r := range runs {
			slices.SortStableFunc(r.calls, func(a, b *call) int { return int(min(max(a.from-b.from, -1), 1)) })
		}
	}
	return byRow, unmatched
}

// classesOf lists the classes of a verdict.
func classesOf(v failure.Verdict) []failure.Class {
	if v.Failed() && len(v.Classes) == 0 {
		return []failure.Class{v.Class}
	}
	return slices.Clone(v.Classes)
}
