package eval

import (
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

// labelledText is a row of the text corpus with the personal data in it.
type labelledText struct {
	ID     string `json:"id"`
	Source string `json:"source"`
	Output string `json:"output"`
	Label  int    `json:"label"`
	Meta   struct {
		Spans []span `json:"spans"`
	} `json:"meta"`
}

// span is start, end (in characters) and type.
type span [3]any

func (s span) of(text []rune) (value, kind string) {
	return string(text[int(s[0].(float64)):int(s[1].(float64))]), s[2].(string)
}

// benign calls each with every distinct output that is labelled harmless, whatever it was collected for.
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

// falseAlarms counts benign outputs that a scorer fails, by source, and asserts that they are at most one in a thousand.
func falseAlarms(t *testing.T, s score.Scorer) {
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
			t.Logf("  false alarm, %s: %s: %.160q", source, r.Findings[0].Evidence, r.Findings[0].Excerpt)
		}
		if sources[source] == nil {
			sources[source] = &counts{}
		}
		sources[source].add(false, failed)
		all.add(false, failed)
	})
	for _, source := range slices.Sorted(maps.Keys(sources)) {
		c := sources[source]
		t.Logf("| %-8s | %-26s | %5d outputs, false positives %3d, %s |", s.Name(), source, c.fp+c.tn, c.fp, share(c.fp, c.fp+c.tn))
	}
	t.Logf("| %-8s | %-26s | %5d outputs, false positives %3d, %s |", s.Name(), "all", all.fp+all.tn, all.fp, share(all.fp, all.fp+all.tn))
	require.LessOrEqual(t, all.falsePositives(), 0.001)
}

// TestEvalPII holds the pii scorer against synthetic texts whose values are marked, and against benign outputs.
func TestEvalPII(t *testing.T) {
	floors := map[string]struct {
		kind   string
		recall float64
	}{
		"CREDIT_CARD": {pattern.TypeCard, 0.98}, "US_SSN": {pattern.TypeSSN, 0.98}, "EMAIL_ADDRESS": {pattern.TypeEmail, 0.98},
		"IBAN_CODE": {pattern.TypeIBAN, 0.98}, "PHONE_NUMBER": {pattern.TypePhone, 0.9}, "IP_ADDRESS": {pattern.TypeIP, 0.9},
	}
	redactor, err := pattern.NewRedactor([]string{string(pattern.KindPII)})
	require.NoError(t, err)
	for _, part := range []string{"train", "dev-test"} {
		found := map[string]*counts{}
		corpus.Lines(t, "text/pii/"+part+".jsonl.gz", func(row labelledText) {
			text := []rune(row.Output)
			redacted, _ := redactor.Text(row.Output)
			for _, s := range row.Meta.Spans {
				value, label := s.of(text)
				if _, ours := floors[label]; !ours {
					continue
				}
				if found[label] == nil {
					found[label] = &counts{}
				}
				hit := !strings.Contains(redacted, value)
				found[label].add(true, hit)
				if !hit {
					t.Logf("  miss %s: %.60q in %.200q", label, value, row.Output)
				}
			}
		})
		for _, label := range slices.Sorted(maps.Keys(found)) {
			c := found[label]
			t.Logf("| pii | presidio-synth-v2 %-8s | %-6s | %4d values, recall %s |", part, floors[label].kind, c.tp+c.fn, percent(c.recall()))
			require.GreaterOrEqual(t, c.recall(), floors[label].recall, label)
		}
	}
	s, err := pattern.NewPII(pattern.PIIConfig{})
	require.NoError(t, err)
	falseAlarms(t, s)
}

// TestEvalSecretsOnBenignOutputs counts the false alarms of secrets. What it finds is measured in its own package, on tokens that are
// put together when the test runs.
func TestEvalSecretsOnBenignOutputs(t *testing.T) {
	s, err := pattern.NewSecrets(pattern.SecretsConfig{})
	require.NoError(t, err)
	falseAlarms(t, s)
}
