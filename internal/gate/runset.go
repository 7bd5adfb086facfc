package gate

import (
	"slices"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
)

// Observation is one scored call of a candidate or a baseline.
type Observation struct {
	TraceID string
	// Session is the session of the call, "" where sessions are not followed.
	Session string
	// Row is the id of the row on the span or its resource, "" without one.
	Row     string
	Call    *genai.Call // not kept
	Verdict failure.Verdict
	// Scored is true where the content of the call was recorded and scored. Without it a missing failure means nothing.
	Scored bool
	// Skipped are the reasons of scorers that gave the call no score, by scorer.
	Skipped map[string]string
}

// RunSet holds the runs of one system, the candidate or the baseline, on the rows of a dataset.
type RunSet struct {
	rows    []dataset.Row
	byID    map[string]int
	byInput map[string][]int
	byAsked map[string][]int
	traces  map[string]*trace
	skipped map[string]map[string]int // calls without a score, by scorer and reason
	order   []*trace                  // by first appearance
}

// trace is one trace of the set. Its calls are kept until the end, because any of them may name the row.
type trace struct {
	row     int // that a call of it names, -1 without one
	session string
	calls   []call
}

type call struct {
	row     int   // that the span itself names, -1 without one
	matches []int // rows with the same input
	classes []failure.Class
	scored  bool
}

// NewRunSet returns an empty set for the rows.
func NewRunSet(rows []dataset.Row) *RunSet {
	s := &RunSet{
		rows: rows, byID: make(map[string]int, len(rows)), byInput: map[string][]int{}, byAsked: map[string][]int{},
		traces: map[string]*trace{}, skipped: map[string]map[string]int{},
	}
	for i, row := range rows {
		s.byID[row.ID] = i
		if input := dataset.Input(row.Call); input != "" {
			s.byInput[input] = append(s.byInput[input], i)
		}
		if asked := dataset.Question(row.Call); asked != "" {
			s.byAsked[asked] = append(s.byAsked[asked], i)
		}
	}
	return s
}

// Observe adds one call. Calls of a trace may come in any order.
func (s *RunSet) Observe(o Observation) {
	t := s.traces[o.TraceID]
	if t == nil {
		t = &trace{row: -1, session: o.Session}
		s.traces[o.TraceID] = t
		s.order = append(s.order, t)
	}
	for scorer, reason := range o.Skipped {
		if s.skipped[scorer] == nil {
			s.skipped[scorer] = map[string]int{}
		}
		s.skipped[scorer][reason]++
	}
	c := call{row: -1, classes: classesOf(o.Verdict), scored: o.Scored}
	if i, ok := s.byID[o.Row]; ok {
		c.row = i
		if t.row < 0 {
			t.row = i
		}
	} else {
		c.matches = s.match(o.Call)
	}
	t.calls = append(t.calls, c)
}

// match finds the rows with exactly the same input. Without one, since the prompt has often changed, it finds the
// rows with the same question, service and prompt name, as far as these are known.
func (s *RunSet) match(c *genai.Call) []int {
	if input := dataset.Input(c); input != "" {
		if rows := s.byInput[input]; len(rows) > 0 {
			return rows
		}
	}
	asked := dataset.Question(c)
	if asked == "" {
		return nil
	}
	var rows []int
	for _, i := range s.byAsked[asked] {
		if agree(s.rows[i].Service, c.ServiceName) && agree(s.rows[i].PromptName, c.PromptName) {
			rows = append(rows, i)
		}
	}
	return rows
}

func agree(a, b string) bool { return a == "" || b == "" || a == b }

// Tally counts the runs of one row. A run is a trace. For a loop, which only a session shows, it is a session.
type Tally struct {
	Passed int `json:"passed"`
	Failed int `json:"failed"`
	// Inconclusive runs gave no result: the provider failed, or the content was not recorded.
	Inconclusive int `json:"inconclusive,omitempty"`
	Repeated     int `json:"repeated,omitempty"` // of Failed: with the row's own class
	Unsafe       int `json:"unsafe,omitempty"`   // of Failed: with a safety failure
	// Classes are the classes of the failed runs, each once.
	Classes []failure.Class `json:"error_classes,omitempty"`

	firstPassed bool
}

// runs counts the runs with a result.
func (t Tally) runs() int { return t.Passed + t.Failed }

func (t Tally) rate() float64 { return float64(t.Passed) / float64(t.runs()) }

// first returns the pass rate of the first run with a result.
func (t Tally) first() float64 {
	if t.firstPassed {
		return 1
	}
	return 0
}

func (t Tally) silence() Status {
	if t.Inconclusive > 0 {
		return RowInconclusive
	}
	return RowMissing
}

// tallies counts the runs of every row, and the traces without a row.
func (s *RunSet) tallies() (tallies []Tally, unmatched int) {
	tallies = make([]Tally, len(s.rows))
	type loop struct {
		row     int
		session string
	}
	loops, order := map[loop][]call{}, []loop{}
	for _, t := range s.order {
		runs := map[int][]call{}
		for _, c := range t.calls {
			switch {
			case c.row >= 0:
				runs[c.row] = append(runs[c.row], c)
			case t.row >= 0:
				runs[t.row] = append(runs[t.row], c)
			default:
				for _, row := range c.matches {
					runs[row] = append(runs[row], c)
				}
			}
		}
		if len(runs) == 0 {
			unmatched++
		}
		for row, calls := range runs {
			if s.rows[row].Class != failure.RetryLoop || t.session == "" {
				tallies[row].add(s.rows[row].Class, calls)
				continue
			}
			run := loop{row, t.session}
			if _, begun := loops[run]; !begun {
				order = append(order, run)
			}
			loops[run] = append(loops[run], calls...)
		}
	}
	for _, run := range order {
		tallies[run.row].add(failure.RetryLoop, loops[run])
	}
	return tallies, unmatched
}

// add counts one run of a row with the given class. A failure of the provider or the network is neither pass nor
// fail, unless it is the row's own class.
func (t *Tally) add(class failure.Class, calls []call) {
	var passed, failed, repeated, unsafe bool
	for _, c := range calls {
		passed = passed || c.scored && len(c.classes) == 0
		for _, found := range c.classes {
			if transport(found) && found != class {
				continue
			}
			failed = true
			repeated = repeated || found == class
			unsafe = unsafe || found == failure.Unsafe
			if !slices.Contains(t.Classes, found) {
				t.Classes = append(t.Classes, found)
			}
		}
	}
	switch {
	case failed:
		t.Failed++
		t.Repeated += btoi(repeated)
		t.Unsafe += btoi(unsafe)
	case passed:
		t.firstPassed = t.firstPassed || t.runs() == 0
		t.Passed++
	default:
		t.Inconclusive++
	}
}

func transport(c failure.Class) bool {
	return c == failure.Timeout || c == failure.RateLimit || c == failure.ProviderError
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// classesOf lists the classes of a verdict.
func classesOf(v failure.Verdict) []failure.Class {
	if v.Failed() && len(v.Classes) == 0 {
		return []failure.Class{v.Class}
	}
	return slices.Clone(v.Classes)
}
