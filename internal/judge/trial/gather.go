package trial

import (
	"time"

	"github.com/faultline-otel/faultline/internal/judge/docket"
)

// series are the results of one version of a rubric, one a case.
type series struct {
	rubric, version string
	ids             []string // in their order
	cases           map[string]*docket.Result
	latest          time.Time
	order           int
}

type seriesKey struct{ rubric, version string }

type spanKey struct {
	seriesKey
	id, span string
}

// gather groups results by version. Of the same span the later one counts, of several spans of a case the worst, with
// the cost of all.
func gather(results []Given) (all []*series) {
	last := map[spanKey]int{}
	for i := range results {
		r := &results[i]
		key := spanKey{seriesKey{r.Rubric, r.Version}, r.ID(), r.SpanID}
		if before, again := last[key]; !again || r.Judged() || !results[before].Judged() {
			last[key] = i
		}
	}
	index := map[seriesKey]*series{}
	for i := range results {
		r := &results[i]
		key := seriesKey{r.Rubric, r.Version}
		s := index[key]
		if s == nil {
			s = &series{rubric: r.Rubric, version: r.Version, cases: map[string]*docket.Result{}}
			index[key] = s
			all = append(all, s)
		}
		if r.At.After(s.latest) {
			s.latest = r.At
		}
		s.order = i
		if last[spanKey{key, r.ID(), r.SpanID}] == i {
			s.add(r.Result)
		}
	}
	return all
}

func (s *series) add(r docket.Result) {
	id := r.ID()
	old := s.cases[id]
	if old == nil {
		s.ids = append(s.ids, id)
		s.cases[id] = &r
		return
	}
	cost := old.CostUSD
	if r.CostUSD.Set {
		cost.Value, cost.Set = cost.Value+r.CostUSD.Value, true
	}
	if r.Failed() && !old.Failed() || r.Judged() && !old.Judged() {
		*old = r
	}
	old.CostUSD = cost
}
