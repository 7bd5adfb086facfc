package sqlstore

import (
	"cmp"
	"math"
	"slices"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/column"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/content"
	"github.com/faultline-otel/faultline/internal/review/sqlstore/judgements"
)

// row is a row of the table spans. Its span has only the fields with a column; everything else is in data.
type row struct {
	span                                        review.Span
	node                                        failure.Node // without its parent
	suspect                                     bool
	model, promptName, promptVersion, sessionID string
	release                                     string             // the version of the service
	userID                                      string             // of new rows
	cost                                        genai.Opt[float64] // of model calls only, so that a sum counts each once
	data                                        string             // the whole span as JSON
	bytes                                       int64              // of data
	terms                                       content.Terms      // for the search index
	opinions                                    string             // of the scorers, see encodeOpinions
	scores                                      map[string]float64 // of new rows
}

// rowOf reads a span into columns, bounding each.
func rowOf(s *review.Span) row {
	bounded := content.Bound(s)
	r := row{span: bounded, terms: content.TermsOf(s), opinions: judgements.EncodeOpinions(&bounded)}
	r.scores = bounded.Scores
	r.node, r.suspect = r.span.Node(), len(s.Suspects) > 0
	r.span.Call, r.span.Scores, r.span.Skipped = nil, nil, nil
	if c := s.Call; c != nil {
		r.model = column.Short(c.AnyModel())
		r.promptName, r.promptVersion = column.Short(c.PromptName), column.Short(c.PromptVersion)
		r.sessionID, r.userID = column.Short(c.SessionID), column.Short(c.UserID)
		r.release = column.Short(c.ServiceVersion)
		if c.CostUSD.Set && c.IsLLMCall() && c.CostUSD.Value >= 0 && c.CostUSD.Value <= math.MaxFloat64 {
			r.cost = c.CostUSD
		}
	}
	r.data = content.Encode(bounded)
	return r
}

// bare returns the data of the span without its call.
func (r *row) bare() string {
	s := r.span
	s.Cut = true
	return content.Encode(s)
}

// summary computes an item from all of its spans. Their order of arrival does not matter.
func (s *stored) summary() review.Item {
	rows := make([]row, 0, len(s.rows))
	for _, r := range s.rows {
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(a.span.Start.Compare(b.span.Start), cmp.Compare(a.span.ID, b.span.ID))
	})
	nodes, parents := make([]failure.Node, len(rows)), make([]string, len(rows))
	for i := range rows {
		nodes[i], parents[i] = rows[i].node, rows[i].span.ParentID
	}
	failure.Link(nodes, parents)
	item := review.Item{Service: s.service}
	if len(rows) == 0 {
		item.Verdict = s.judged.Verdict
		return item
	}
	item.Start = rows[0].span.Start
	end := rows[0].span.End()
	i := failure.FindCause(nodes).Primary
	failed := i >= 0
	if !failed {
		i = foremost(rows, s.judged, s.complaint)
	}
	primary := rows[i]
	item.Verdict, item.PrimarySpanID = primary.span.Verdict, primary.span.ID
	if !failed {
		item.Verdict = s.judged.Verdict
	}
	item.Service, item.Model, item.SessionID = primary.span.Service, primary.model, primary.sessionID
	item.PromptName, item.PromptVersion = primary.promptName, primary.promptVersion
	item.ServiceVersion = primary.release
	for i := range rows {
		r := &rows[i]
		if r.span.End().After(end) {
			end = r.span.End()
		}
		item.Service, item.Model = cmp.Or(item.Service, r.span.Service), cmp.Or(item.Model, r.model)
		item.SessionID = cmp.Or(item.SessionID, r.sessionID)
		if item.PromptName == "" {
			item.PromptName, item.PromptVersion = r.promptName, r.promptVersion
		}
		if r.cost.Set {
			item.CostUSD = genai.Some(item.CostUSD.Value + r.cost.Value)
		}
	}
	item.Service = cmp.Or(item.Service, s.service)
	item.Duration = max(end.Sub(item.Start), 0)
	return item
}

// foremost picks the span to look at first where none failed: that of a trusted judge's finding, else of bad feedback,
// else of another judge's finding, else the first with a suspicion, else the last model call, else the first span.
func foremost(rows []row, judged review.Judged, complaint string) int {
	wanted := []string{complaint, judged.SpanID}
	if judged.Failed() {
		slices.Reverse(wanted)
	}
	for _, span := range wanted {
		at := slices.IndexFunc(rows, func(r row) bool { return r.span.ID == span })
		if span != "" && at >= 0 {
			return at
		}
	}
	last := 0
	for i := range rows {
		if rows[i].model != "" && !rows[i].node.Agent {
			last = i
		}
	}
	if i := slices.IndexFunc(rows, func(r row) bool { return r.suspect }); i >= 0 {
		return i
	}
	return last
}
