package gate

import (
	"context"
	"strings"

	"github.com/faultline-otel/faultline/internal/assertion"
	"github.com/faultline-otel/faultline/internal/dataset"
)

// side is the judgement of all runs of one system.
type side struct {
	tallies   []Tally
	examples  []*Example
	accepted  [][]string // answers that passed, by row
	unmatched int
}

// maxAccepted bounds the answers of a row that others are compared with.
const maxAccepted = 5

// judge judges every run. accepted are answers that passed before, by row, or nil.
func (s *RunSet) judge(ctx context.Context, accepted [][]string) *side {
	byRow, unmatched := s.runs()
	n := len(s.cases.rows)
	out := &side{
		tallies: make([]Tally, n), examples: make([]*Example, n), accepted: make([][]string, n), unmatched: unmatched,
	}
	constant := s.constants(byRow)
	for i, runs := range byRow {
		var good []string
		if accepted != nil {
			good = accepted[i]
		}
		worst := -1
		for j := range runs {
			result := s.cases.judgeRun(ctx, i, &runs[j], good, constant)
			out.tallies[i].add(&result)
			if rank := result.rank(); rank > worst {
				worst, out.examples[i] = rank, result.example()
			}
			if !result.failed && !result.silent && len(out.accepted[i]) < maxAccepted {
				out.accepted[i] = append(out.accepted[i], result.answer)
			}
		}
		byRow[i] = nil
	}
	return out
}

// rank orders runs by how much they tell: failures first.
func (j *judged) rank() int {
	switch {
	case j.unsafe:
		return 3
	case j.failed:
		return 2
	case j.silent:
		return 1
	}
	return 0
}

// manyQuestions is how many different questions one answer may be given to before it is no answer to any.
const manyQuestions = 3

// maxConstant bounds the length of such an answer, in bytes.
const maxConstant = 400

// constants returns the answers that are given to many different questions, and to most of those that were asked.
func (s *RunSet) constants(byRow [][]run) map[string]bool {
	rows := map[string]map[string]bool{} // the questions by answer
	questions := map[string]bool{}
	for i, runs := range byRow {
		asked := dataset.Question(s.cases.rows[i].Call)
		if asked == "" {
			asked = s.cases.rows[i].ID
		}
		for _, r := range runs {
			seen := assertion.Run{}
			for _, c := range r.calls {
				if !c.duplicate {
					seen.Calls = append(seen.Calls, c.answer)
				}
			}
			text, ok := seen.Answer()
			if !ok || len(text) > maxConstant {
				continue
			}
			questions[asked] = true
			key := constantKey(text)
			if rows[key] == nil {
				rows[key] = map[string]bool{}
			}
			rows[key][asked] = true
		}
	}
	many := map[string]bool{}
	for key, asked := range rows {
		if key != "" && len(asked) >= manyQuestions && 2*len(asked) > len(questions) {
			many[key] = true
		}
	}
	return many
}

func constantKey(answer string) string {
	return strings.ToLower(strings.Join(strings.Fields(answer), " "))
}
