package eval

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/corpus"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/pattern"
)

// labelledText is a row of the text corpus, with the places of its personal data.
type labelledText struct {
	ID     string `json:"id"`
	Source string `json:"source"`
	Output string `json:"output"`
	Label  int    `json:"label"`
	Meta   struct {
		Spans []span `json:"spans"`
	} `json:"meta"`
}

// span holds start and end, in characters, and a type.
type span [3]any

func (s span) of(text []rune) (value, kind string) {
	return string(text[int(s[0].(float64)):int(s[1].(float64))]), s[2].(string)
}

// benign calls each with every distinct output that is labelled harmless, for whatever task it was collected.
func benign(t *testing.T, each func(source, output string)) {
	t.Helper()
	seen := map[string]bool{}
	for _, task := range []string{"refusal", "toxicity", "relevance", "groundedness", "pii"} {
		corpus.Lines(t, "text/"+task+"/dev-test.jsonl.gz", func(row labelledText) {
			if row.Label != 0 || row.Output == "" || seen[row.Source+"\x00"+row.Output] {
				return
			}
			seen[row.Source+"\x00"+row.Output] = true
			each(row.Source, row.Output)
		})
	}
}

// falseAlarms counts the benign outputs that a scorer fails, by source. Its lines are the counts and each false alarm.
func falseAlarms(t *testing.T, s score.Scorer) (lines []string) {
	t.Helper()
	sources := map[string]*counts{}
	var all counts
	var r score.Result
	benign(t, func(source, output string) {
		var c genai.Call
		c.Operation = genai.OpChat
		c.SetContent(genai.Content{Output: []genai.Message{{Role: genai.RoleAssistant, Text: output}}})
		r.Reset()
		s.Score(&c, &r)
		require.Len(t, r.Scores, 1)
		failed := r.Scores[0].Failed
		require.Equal(t, failed, len(r.Findings) > 0)
		if failed {
			f := &r.Findings[0]
			lines = append(lines, fmt.Sprintf("  false alarm, %s: %s: %.80q", source, f.Evidence, f.Excerpt))
		}
		if sources[source] == nil {
			sources[source] = &counts{}
		}
		sources[source].add(false, failed)
		all.add(false, failed)
	})
	slices.Sort(lines)
	for _, source := range slices.Sorted(maps.Keys(sources)) {
		lines = append(lines, sources[source].outputs(s.Name(), source))
	}
	return append(lines, all.outputs(s.Name(), "all"))
}

func (c counts) outputs(scorer, source string) string {
	return fmt.Sprintf("| %-8s | %-26s | %5d outputs, false positives %3d, %s |", scorer, source,
		c.fp+c.tn, c.fp, share(c.fp, c.fp+c.tn))
}

// TestEvalPII measures the pii scorer on synthetic texts whose values are marked, of which it must find all, and on
// benign outputs.
func TestEvalPII(t *testing.T) {
	kinds := map[string]string{
		"CREDIT_CARD": pattern.TypeCard, "US_SSN": pattern.TypeSSN, "EMAIL_ADDRESS": pattern.TypeEmail,
		"IBAN_CODE": pattern.TypeIBAN, "PHONE_NUMBER": pattern.TypePhone, "IP_ADDRESS": pattern.TypeIP,
	}
	var lines []string
	redactor, err := pattern.NewRedactor([]string{string(pattern.KindPII)})
	require.NoError(t, err)
	for _, part := range []string{"train", "dev-test"} {
		found := map[string]*counts{}
		corpus.Lines(t, "text/pii/"+part+".jsonl.gz", func(row labelledText) {
			text := []rune(row.Output)
			redacted, _ := redactor.Text(row.Output)
			for _, s := range row.Meta.Spans {
				value, label := s.of(text)
				if _, ours := kinds[label]; !ours {
					continue
				}
				if found[label] == nil {
					found[label] = &counts{}
				}
				hit := !strings.Contains(redacted, value)
				found[label].add(true, hit)
				if !hit {
					t.Errorf("missed %s: %.60q in %.200q", label, value, row.Output)
				}
			}
		})
		for _, label := range slices.Sorted(maps.Keys(found)) {
			c := found[label]
			lines = append(lines, fmt.Sprintf("| pii | presidio-synth-v2 %-8s | %-6s | %4d values, recall %s |",
				part, kinds[label], c.tp+c.fn, percent(c.recall())))
		}
	}
	s, err := pattern.NewPII(pattern.PIIConfig{})
	require.NoError(t, err)
	requireFigures(t, "pii", append(lines, falseAlarms(t, s)...))
}

// TestEvalSecretsOnBenignOutputs counts the false alarms of secrets. Package pattern measures how many secrets it
// finds, on tokens that its test makes up.
func TestEvalSecretsOnBenignOutputs(t *testing.T) {
	s, err := pattern.NewSecrets(pattern.SecretsConfig{})
	require.NoError(t, err)
	requireFigures(t, "secrets", falseAlarms(t, s))
}
