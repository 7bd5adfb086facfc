package judge

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
)

func rubric(tb testing.TB, name string) *Rubric {
	tb.Helper()
	r, err := Find(name)
	require.NoError(tb, err)
	return r
}

func TestReplies(t *testing.T) {
	const good = `{"explanation":"It is about shipping.","reason":"other_topic","score":0.1}`
	for name, c := range map[string]struct {
		text  string
		code  string
		score float64
		wrong string
	}{
		"as asked":           {text: good, code: "other_topic", score: 0.1},
		"passes":             {text: `{"explanation":"","reason":"answers","score":1}`, code: "answers", score: 1},
		"in a fence":         {text: "```json\n" + good + "\n```", code: "other_topic", score: 0.1},
		"between words":      {text: "Here it is:\n" + good + "\nI hope that {helps}.", code: "other_topic", score: 0.1},
		"after thoughts":     {text: `<think>maybe {"reason":"answers","score":1}</think>` + good, code: "other_topic", score: 0.1},
		"twice the same":     {text: good + "\n" + good, code: "other_topic", score: 0.1},
		"with more keys":     {text: strings.Replace(good, "{", `{"confidence":3,`, 1), code: "other_topic", score: 0.1},
		"a brace in a text":  {text: `{"explanation":"a } in {it","reason":"answers","score":1}`, code: "answers", score: 1},
		"two that differ":    {text: good + `{"explanation":"","reason":"answers","score":1}`, wrong: "several JSON objects"},
		"single quotes":      {text: strings.ReplaceAll(good, `"`, `'`), wrong: "no complete JSON object"},
		"cut":                {text: good[:len(good)-8], wrong: "no complete JSON object"},
		"words":              {text: "It fails.", wrong: "no complete JSON object"},
		"nothing":            {text: "", wrong: "no complete JSON object"},
		"a list":             {text: "[1,2]", wrong: "no complete JSON object"},
		"another reason":     {text: `{"reason":"rude","score":0}`, wrong: `the reason "rude" is not of the list`},
		"no score":           {text: `{"reason":"answers"}`, wrong: "the score is not between 0 and 1"},
		"score of a hundred": {text: `{"reason":"answers","score":90}`, wrong: "the score is not between 0 and 1"},
		"a score as text":    {text: `{"reason":"answers","score":"1"}`, wrong: "no complete JSON object"},
		"contradiction":      {text: `{"reason":"other_topic","score":0.9}`, wrong: "the score 0.9 contradicts the reason other_topic"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := rubric(t, "relevance").parse(c.text)
			if c.wrong != "" {
				require.ErrorContains(t, err, c.wrong)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.code, f.reason.Code)
			require.InDelta(t, c.score, f.score, 1e-12)
		})
	}
}

func TestTheScoreOfClaimsIsTheShareOfSupportedOnes(t *testing.T) {
	claims := func(reasons ...string) string {
		list := make([]string, len(reasons))
		for i, reason := range reasons {
			list[i] = `{"claim":"c","reason":"` + reason + `"}`
		}
		return `{"claims":[` + strings.Join(list, ",") + `],"explanation":"e"}`
	}
	for name, c := range map[string]struct {
		text  string
		code  string
		score float64
		wrong string
	}{
		"all supported": {text: claims("supported", "supported"), code: "supported", score: 1},
		"four of five":  {text: claims("supported", "supported", "supported", "supported", "unsupported"), code: "supported", score: 0.8},
		"three of four": {text: claims("supported", "unsupported", "supported", "supported"), code: "unsupported", score: 0.75},
		"the worst reason counts": {
			text: claims("unsupported", "contradicted", "unsupported"), code: "contradicted", score: 0,
		},
		"no claim":         {text: claims(), wrong: errNothing.Error()},
		"no list":          {text: `{"explanation":"fine"}`, wrong: "no complete JSON object"},
		"an unknown one":   {text: claims("supported", "true"), wrong: `the reason "true" of a claim`},
		"too many of them": {text: claims(make([]string, 41)...), wrong: "lists 41 claims"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := rubric(t, "groundedness").parse(c.text)
			if c.wrong != "" {
				require.ErrorContains(t, err, c.wrong)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.code, f.reason.Code)
			require.InDelta(t, c.score, f.score, 1e-12)
		})
	}
}

func TestHostileRepliesAreBounded(t *testing.T) {
	r := rubric(t, "relevance")
	for _, text := range []string{
		strings.Repeat("{", MaxReply), strings.Repeat(`{"a":`, MaxReply/5), strings.Repeat("[", MaxReply), "\xff\xfe{\x00}",
	} {
		_, err := r.parse(text)
		require.Error(t, err)
	}
	f, err := r.parse(`{"explanation":"` + strings.Repeat("x", 5000) + `","reason":"answers","score":1}`)
	require.NoError(t, err)
	require.LessOrEqual(t, len(f.explanation), maxExplanation)
	require.False(t, math.IsNaN(f.score))
}

func FuzzReply(f *testing.F) {
	f.Add(`{"explanation":"x","reason":"answers","score":1}`)
	f.Add("```json\n{\"claims\":[{\"claim\":\"c\",\"reason\":\"supported\"}],\"explanation\":\"\"}\n```")
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range []string{"relevance", "groundedness"} {
			r := rubric(t, name)
			found, err := r.parse(text)
			if err != nil {
				continue
			}
			require.True(t, found.score >= 0 && found.score <= 1)
			require.Equal(t, found.score < r.PassAt, found.reason.Class != failure.Class(""))
		}
	})
}
