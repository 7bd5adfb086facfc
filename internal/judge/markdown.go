package judge

import (
	"fmt"
	"strings"

	"github.com/faultline-otel/faultline/internal/price"
)

// The case of the table of costs: an answer with its question and two documents, and a reply of average length.
const (
	materialTokens = 1500
	replyTokens    = 200
	tableDay       = "2026-11-30" // whose prices the table has, so that it is the same every day
)

// priced are the models of the table of costs.
var priced = []struct{ provider, model string }{
	{"openai", "gpt-4.1"},
	{"openai", "gpt-4.1-mini"},
	{"openai", "gpt-4.1-nano"},
	{"openai", "gpt-4o"},
	{"openai", "gpt-4o-mini"},
	{"anthropic", "claude-haiku-4-5"},
	{"anthropic", "claude-sonnet-4-5"},
	{"gcp.gemini", "gemini-2.5-flash"},
	{"gcp.gemini", "gemini-2.5-flash-lite"},
	{"mistral_ai", "mistral-small-latest"},
	{"deepseek", "deepseek-chat"},
}

// Markdown is the reference page of rubrics, docs/reference/rubrics.md.
func Markdown() string {
	var b strings.Builder
	b.WriteString(`# Rubrics

<!-- Written by cmd/gen from internal/judge. Change it there, then: make generate -->

The rubrics in the program. [llm_judge](../../connector/llmjudgeconnector/README.md) names them under ` + "`rubrics`" + `.
The [guide](../guides/judge.md) says how to write your own.
`)
	for _, r := range Embedded() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n- judged: one %s", r.Name, r.About, r.Of)
		if len(r.Needs) > 0 && r.Of == Answer {
			fmt.Fprintf(&b, " with %s", list(r.Needs))
		}
		if r.MinTurns > 0 {
			fmt.Fprintf(&b, " of at least %d turns", r.MinTurns)
		}
		fmt.Fprintf(&b, "\n- the judge reads: %s\n- passes from: %g", list(r.Reads), r.PassAt)
		if r.Claims {
			b.WriteString("; the score is the share of claims that pass")
		}
		if len(r.Suspicions) > 0 {
			fmt.Fprintf(&b, "\n- confirms or withdraws a suspicion of: `%s`", strings.Join(r.Suspicions, "`, `"))
		}
		b.WriteString("\n\n| reason | class, detail | |\n|---|---|---|\n")
		for i := range r.Reasons {
			reason := &r.Reasons[i]
			verdict := "passes"
			if reason.Class != "" {
				verdict = fmt.Sprintf("`%s`, `%s`", reason.Class, reason.Detail)
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", reason.Code, verdict, strings.TrimSpace(reason.Means))
		}
	}
	costs(&b)
	return b.String()
}

func list(of []Part) string {
	names := make([]string, len(of))
	for i, p := range of {
		names[i] = string(p)
	}
	return strings.Join(names, ", ")
}

// costs writes the table of costs by the embedded price book.
func costs(b *strings.Builder) {
	day, err := price.ParseDay(tableDay)
	if err != nil {
		panic(err)
	}
	names := []string{"groundedness", "relevance", "helpfulness"}
	fmt.Fprintf(b, `
## What 1,000 traces cost

In US dollars, at the list prices of %s (price book %s), without discounts for cached
prompts. A trace has %d tokens of material; a rubric adds its instructions, and the reply has %d tokens. Reasoning
models reply with many more. A model on a server of your own costs nothing per token.

| provider | model | %s | all three |
|---|---|%s---|
`, tableDay, price.Embedded().Version(), materialTokens, replyTokens, strings.Join(names, " | "),
		strings.Repeat("---|", len(names)))
	for _, m := range priced {
		row := price.Embedded().Find(m.provider, day, m.model)
		if row == nil {
			panic("no price of " + m.model)
		}
		fmt.Fprintf(b, "| %s | %s |", m.provider, m.model)
		sum := 0.0
		for _, name := range names {
			usd := thousand(row, name)
			sum += usd
			fmt.Fprintf(b, " %.2f |", usd)
		}
		fmt.Fprintf(b, " %.2f |\n", sum)
	}
}

// thousand is the price of 1,000 judgements by a rubric.
func thousand(row *price.Row, name string) float64 {
	r, err := Find(name)
	if err != nil {
		panic(err)
	}
	j := New(nil, Settings{}, row, nil, nil)
	return 1000 * j.usd(price.EstimateTokens(r.instructions())+materialTokens, replyTokens)
}
