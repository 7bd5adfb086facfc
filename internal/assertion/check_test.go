package assertion

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/genai"
)

func says(text string) *genai.Call {
	return model(genai.Message{Role: genai.RoleAssistant, Text: text})
}

func asks(calls ...genai.ToolCall) *genai.Call {
	return model(genai.Message{Role: genai.RoleAssistant, ToolCalls: calls})
}

func model(output ...genai.Message) *genai.Call {
	c := &genai.Call{Operation: genai.OpChat}
	c.SetContent(genai.Content{Output: output})
	return c
}

func tool(name, arguments string) genai.ToolCall {
	return genai.ToolCall{Name: name, Arguments: genai.Value{Text: arguments}}
}

func ran(name, arguments string) *genai.Call {
	c := &genai.Call{Operation: genai.OpExecuteTool, ToolName: name}
	c.SetContent(genai.Content{ToolArguments: genai.Value{Text: arguments}})
	return c
}

type judge struct {
	value float64
	err   error
}

func (j judge) Judge(context.Context, string, *Run) (float64, string, error) {
	return j.value, "it is short", j.err
}

func TestChecks(t *testing.T) {
	refund := []*genai.Call{
		asks(tool("lookup_order", `{"id":"4471"}`)), ran("lookup_order", `{"id":"4471"}`),
		asks(tool("issue_refund", `{"amount":20.0,"order":{"id":"4471","lines":[1,2]}}`)),
		says("I sent 1,019.99 EUR back, within 3-5 days."),
	}
	nothing := &genai.Call{Operation: genai.OpChat, ContentMissing: true}
	cut := says("I sent")
	cut.ContentTruncated = true
	structured := says(`{"amount": 20}`)
	outer := &genai.Call{Operation: genai.OpInvokeAgent}
	outer.SetContent(genai.Content{Output: []genai.Message{{Role: genai.RoleAssistant, Text: "the answer of a step"}}})
	for name, c := range map[string]struct {
		line string
		run  Run
		want Outcome
		why  string
	}{
		"a call":                      {`calls issue_refund`, Run{Calls: refund}, Pass, "issue_refund"},
		"some arguments":              {`calls issue_refund with {"amount":20,"order":{"id":"4471"}}`, Run{Calls: refund}, Pass, ""},
		"an argument of its own":      {`calls issue_refund with {"amount":21}`, Run{Calls: refund}, Fail, `issue_refund is not called with {"amount":21}; called were: lookup_order`},
		"arguments of another type":   {`calls issue_refund with {"amount":"20"}`, Run{Calls: refund}, Fail, ""},
		"a list is whole":             {`calls issue_refund with {"order":{"lines":[1]}}`, Run{Calls: refund}, Fail, ""},
		"in order":                    {`calls lookup_order then issue_refund`, Run{Calls: refund}, Pass, ""},
		"out of order":                {`calls issue_refund then lookup_order`, Run{Calls: refund}, Fail, "lookup_order is not called after issue_refund"},
		"one call is not two":         {`calls lookup_order then lookup_order`, Run{Calls: refund}, Fail, ""},
		"a tool that ran unasked":     {`calls clean_up`, Run{Calls: []*genai.Call{ran("clean_up", "")}}, Pass, ""},
		"no call":                     {`does not call delete_order`, Run{Calls: refund}, Pass, ""},
		"a call that must not be":     {`does not call issue_refund`, Run{Calls: refund}, Fail, "called issue_refund"},
		"no such call":                {`does not call issue_refund with {"amount":500}`, Run{Calls: refund}, Pass, ""},
		"no call at all":              {`does not call *`, Run{Calls: []*genai.Call{says("hello")}}, Pass, ""},
		"calls are not recorded":      {`calls issue_refund`, Run{Calls: []*genai.Call{nothing}}, Inconclusive, "not recorded"},
		"no call is not recorded":     {`does not call issue_refund`, Run{Calls: []*genai.Call{nothing}}, Inconclusive, "not recorded"},
		"a run without calls":         {`does not call issue_refund`, Run{}, Inconclusive, ""},
		"contains":                    {`contains "i sent"`, Run{Calls: refund}, Pass, ""},
		"contains not":                {`contains "sorry"`, Run{Calls: refund}, Fail, "the answer is \"I sent"},
		"does not contain":            {`does not contain "sorry"`, Run{Calls: refund}, Pass, ""},
		"what is cut may follow":      {`contains "sorry"`, Run{Calls: []*genai.Call{cut}}, Inconclusive, "cut"},
		"what is cut may be there":    {`does not contain "sorry"`, Run{Calls: []*genai.Call{cut}}, Inconclusive, "cut"},
		"no answer":                   {`contains "sorry"`, Run{Calls: []*genai.Call{nothing}}, Inconclusive, "no answer was recorded"},
		"an answer that is empty":     {`contains "sorry"`, Run{Calls: []*genai.Call{says("")}}, Fail, "the answer is empty"},
		"steps repeat the answer":     {`contains "step"`, Run{Calls: []*genai.Call{says("of the model"), outer}}, Fail, "of the model"},
		"a step alone":                {`contains "step"`, Run{Calls: []*genai.Call{outer}}, Pass, ""},
		"matches":                     {`matches /[0-9.,]+ EUR/`, Run{Calls: refund}, Pass, `"1,019.99 EUR"`},
		"does not match":              {`does not match /sent/i`, Run{Calls: refund}, Fail, ""},
		"equals":                      {`equals " yes "`, Run{Calls: []*genai.Call{says("yes\n")}}, Pass, ""},
		"equals as JSON":              {`equals "{ \"amount\":20.0}"`, Run{Calls: []*genai.Call{structured}}, Pass, ""},
		"equals less":                 {`equals "{}"`, Run{Calls: []*genai.Call{structured}}, Fail, ""},
		"a number":                    {`number between 1019 and 1020`, Run{Calls: refund}, Pass, "1,019.99"},
		"a range is no minus":         {`number between -6 and -4`, Run{Calls: refund}, Fail, ""},
		"no number":                   {`number between 1 and 2`, Run{Calls: []*genai.Call{says("none")}}, Fail, ""},
		"a schema of the row":         {`follows schema`, Run{Calls: []*genai.Call{structured}, Schema: `{"required":["amount"]}`}, Pass, ""},
		"a schema that is broken":     {`follows schema`, Run{Calls: []*genai.Call{structured}, Schema: `{"required":["id"]}`}, Fail, "required"},
		"prose for a schema":          {`follows schema`, Run{Calls: refund, Schema: `{}`}, Fail, ""},
		"no schema":                   {`follows schema`, Run{Calls: []*genai.Call{structured}}, Inconclusive, "neither the run nor the row has a schema"},
		"a schema that is none":       {`follows schema`, Run{Calls: []*genai.Call{structured}, Schema: `{"type": 5}`}, Inconclusive, "cannot be used"},
		"a language":                  {`language de`, Run{Calls: []*genai.Call{says("Die Erstattung ist auf dem Weg zu dir und kommt in drei Tagen an.")}}, Pass, "German"},
		"another language":            {`language fr`, Run{Calls: []*genai.Call{says("The refund is on its way to you and will be there in three days.")}}, Fail, "English"},
		"too short for a language":    {`language fr`, Run{Calls: []*genai.Call{says("OK")}}, Inconclusive, ""},
		"length":                      {`length <= 3`, Run{Calls: []*genai.Call{says("äöü")}}, Pass, "3 characters"},
		"too long":                    {`length <= 2`, Run{Calls: []*genai.Call{says("äöü")}}, Fail, ""},
		"cost":                        {`cost <= 0.02`, Run{Cost: genai.Some(0.02)}, Pass, "0.02 USD"},
		"no cost":                     {`cost <= 0.02`, Run{}, Inconclusive, ""},
		"latency":                     {`latency < 800ms`, Run{Latency: genai.Some(0.8)}, Fail, "0.8 s"},
		"no latency":                  {`latency < 800ms`, Run{}, Inconclusive, ""},
		"a score":                     {`score groundedness >= 0.8`, Run{Scores: map[string]float64{"groundedness": 0.7}}, Fail, "groundedness is 0.700"},
		"another score":               {`score groundedness >= 0.8`, Run{Scores: map[string]float64{"pii": 1}}, Inconclusive, "it has: pii"},
		"no judge":                    {`rubric kind >= 0.7`, Run{Calls: refund}, Inconclusive, "no judge is configured"},
		"a judge":                     {`rubric kind >= 0.7`, Run{Calls: refund, Judge: judge{value: 0.7}}, Pass, "kind is 0.70: it is short"},
		"a judge that fails":          {`rubric kind >= 0.7`, Run{Calls: refund, Judge: judge{err: errors.New("no route")}}, Inconclusive, "no route"},
		"a judge without an answer":   {`rubric kind >= 0.7`, Run{Calls: []*genai.Call{nothing}, Judge: judge{value: 1}}, Inconclusive, ""},
		"arguments that do not parse": {`calls a with {"x":1}`, Run{Calls: []*genai.Call{asks(tool("a", `{"x":1`))}}, Fail, ""},
		"a number beyond all bounds":  {`calls a with {"x":1}`, Run{Calls: []*genai.Call{asks(tool("a", `{"x":1e-99999999}`))}}, Fail, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := Parse(c.line)
			require.NoError(t, err)
			got := a.Check(t.Context(), &c.run)
			require.Equal(t, c.want, got.Outcome, got.Evidence)
			require.Contains(t, got.Evidence, c.why)
		})
	}
	require.Equal(t, Inconclusive, Assertion{}.Check(t.Context(), &Run{}).Outcome)
}

func TestEvidenceIsBounded(t *testing.T) {
	a, err := Parse(`contains "x"`)
	require.NoError(t, err)
	got := a.Check(t.Context(), &Run{Calls: []*genai.Call{says(strings.Repeat("é\xff", 1<<20))}})
	require.Less(t, len(got.Evidence), 3*MaxEvidence)
}

func TestAnswerAndTools(t *testing.T) {
	r := Run{Calls: []*genai.Call{asks(tool("a", "")), says("done"), asks(tool("b", ""))}}
	text, ok := r.Answer()
	require.True(t, ok)
	require.Equal(t, "done", text)
	names, ok := r.Tools()
	require.True(t, ok)
	require.Equal(t, []string{"a", "b"}, names)
}
