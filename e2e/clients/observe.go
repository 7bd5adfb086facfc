package clients

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/dialect"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// Result is what Faultline says of a cell, or what it must say.
type Result struct {
	Class   string // classes and details that no other failure of the trace explains, sorted
	Tokens  string // the tokens of all model calls
	Cost    float64
	Guessed bool   // some cost is estimated, because the SDK records no tokens
	Session string // named, trace (the client named none), or the wrong name
	Calls   int    // model calls
}

// Observation is what the pipeline wrote on the spans of a cell.
type Observation struct {
	spans    int
	genai    int // spans that are GenAI operations
	failures map[string]bool
	tokens   tokens
	cost     float64
	sessions map[string]int64 // model calls by session
	guessed  bool
	byTrace  bool
}

// Observe reads what the pipeline wrote on spans. cellOf returns the cell of a trace, or "".
func Observe(td ptrace.Traces, cellOf func(pcommon.TraceID) string) map[string]*Observation {
	cells := map[string]*Observation{}
	reader := dialect.NewReader(nil)
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				name := cellOf(span.TraceID())
				o := cells[name]
				if o == nil {
					o = &Observation{failures: map[string]bool{}, sessions: map[string]int64{}}
					cells[name] = o
				}
				o.spans++
				if call, ok := reader.Read(rs.Resource(), ss.Scope(), span); ok {
					o.add(call, spanattr.Of(span))
				}
			}
		}
	}
	return cells
}

func (o *Observation) add(call *genai.Call, r *spanattr.Record) {
	o.genai++
	if v := r.Verdict; v.Class != "" && r.Trace.CausedBy == "" && !r.Trace.Recovered {
		o.failures[string(v.Class)+"/"+v.Detail] = true
	}
	if r.Cancelled {
		o.failures["cancelled"] = true
	}
	if call.IsLLMCall() && r.DuplicateOf == "" {
		o.tokens.add(&call.Tokens)
		o.cost += r.Cost.USD.Value
		o.guessed = o.guessed || r.Cost.Source == spanattr.CostEstimated
	}
	if id := r.Session.ID; id != "" {
		o.sessions[id] = max(o.sessions[id], r.Session.ModelCalls)
		o.byTrace = o.byTrace || r.Session.IsTrace
	}
}

// result sums the observation up. session is the one that the client named.
func (o *Observation) result(session string) Result {
	r := Result{Tokens: o.tokens.String(), Cost: o.cost, Guessed: o.guessed}
	failures := make([]string, 0, len(o.failures))
	for f := range o.failures {
		failures = append(failures, f)
	}
	slices.Sort(failures)
	r.Class = strings.Join(failures, " ")
	for id, calls := range o.sessions {
		r.Calls += int(calls)
		switch {
		case o.byTrace:
			r.Session = "trace"
		case id == session && r.Session == "":
			r.Session = "named"
		case id != session:
			r.Session = id
		}
	}
	return r
}

// tokens are the disjoint parts of what model calls used: input, cache read, cache write, output, reasoning.
type tokens [5]int64

func (n *tokens) add(t *genai.Tokens) {
	for i, part := range []genai.Opt[int64]{t.UncachedInput, t.CacheRead, t.CacheWrite, t.Output, t.Reasoning} {
		n[i] += part.Value
	}
}

func (n *tokens) String() string { return strings.Trim(fmt.Sprint(*n), "[]") }

// fields returns the parts of a result by name, as the table of exceptions spells them.
func (r *Result) fields() fields {
	cost := fmt.Sprintf("%.8f", r.Cost)
	if r.Guessed {
		cost = "estimated"
	}
	return fields{
		"class": r.Class, "tokens": r.Tokens, "cost": cost, "session": r.Session, "calls": strconv.Itoa(r.Calls),
	}
}

// equalCost reports whether two costs differ by less than one per cent.
func equalCost(a, b float64) bool { return math.Abs(a-b) <= 0.01*math.Max(math.Abs(a), math.Abs(b)) }
