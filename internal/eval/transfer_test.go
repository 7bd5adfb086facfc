package eval

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/corpus"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/score/scorers"
)

// TestEvalTransfer counts how often the scorers of texts fire on runs of agents. No scorer is fitted to them. Hardly
// any of these texts is an attack or abuse, so the counts are close to the rate of false positives on another kind of
// traffic. We read the prompts of who_when and trail when we wrote harmless prompts of programs for training, but not
// those of agentrx and bfcl. Most findings of jailbreak on trail are puzzles and stories for models.
//
// The findings of pii are phone numbers of people and shops on pages that agents read out. The findings of secrets on
// bfcl are access tokens in arguments. Both are right.
func TestEvalTransfer(t *testing.T) {
	set, err := scorers.New(scorers.Default())
	require.NoError(t, err)
	watched := []string{"refusal", "jailbreak", "prompt_injection", "toxicity", "degenerate", "pii", "secrets"}
	var lines []string
	for _, file := range []string{"who_when", "trail", "agentrx", "bfcl_multi_turn"} {
		scored, failed := map[string]int{}, map[string]int{}
		corpus.Lines(t, "agents/"+file+".jsonl.gz", func(r agentRun) {
			var u ptrace.JSONUnmarshaler
			td, err := u.UnmarshalTraces(r.OTLP)
			require.NoError(t, err, r.ID)
			pipeline.NewScorer(set, pipeline.ScorerOptions{}).Traces(td, nil, func(a *pipeline.Scored) {
				for _, s := range a.Entry.Record.Scores {
					scored[s.Scorer]++
					if s.Failed {
						failed[s.Scorer]++
					}
				}
			})
		})
		for _, name := range slices.Sorted(maps.Keys(scored)) {
			if slices.Contains(watched, name) {
				lines = append(lines, fmt.Sprintf("| %-15s | %-16s | fires on %4d of %5d | %.2f%% |",
					file, name, failed[name], scored[name], 100*ratio(failed[name], scored[name])))
			}
		}
	}
	requireFigures(t, "transfer", lines)
}
