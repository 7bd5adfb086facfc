package web_test

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/triage"
	"github.com/faultline-otel/faultline/internal/web"
)

// unfounded is a refund whose search found nothing, and so did its tool.
func unfounded() review.Trace {
	trace := refund()
	trace.ID = strings.Repeat("6", 32)
	search, lookup, chat, ran := &trace.Spans[1], &trace.Spans[3], &trace.Spans[4], &trace.Spans[5]
	search.Call.SetContent(genai.Content{Retrieval: genai.Retrieval{Query: "refund policy", Empty: true}})
	search.Outcome, lookup.Outcome = "empty", "empty"
	chat.Class, chat.Detail, chat.Evidence = failure.Truncation, failure.OutputLimit, `finish reason "length" at max_tokens 256`
	chat.Classes = []failure.Class{failure.Truncation, failure.ToolCallMalformed}
	ran.Outcome, ran.Class, ran.Detail, ran.Evidence = "failed", failure.ToolError, failure.ToolFailed, "issue_refund: the tool's span has status ERROR"
	ran.Classes = []failure.Class{failure.ToolError}
	trace.Spans[0].Call = &genai.Call{Operation: genai.OpInvokeAgent}
	return trace
}

func TestACaseIsLaidOutStepByStep(t *testing.T) {
	s := newSite(t, web.Options{})
	trace := unfounded()
	s.put(trace)
	page := s.page("/review/" + trace.ID)
	steps := page.one("ol.steps")
	require.Equal(t, []string{"retrieval", "generation", "routing", "upstream data"}, steps.texts("span.role"))
	var lines []string
	for _, list := range steps.all("ul") {
		lines = append(lines, list.texts("li")...)
	}
	require.Equal(t, []string{
		"retrieval kb no document was found",
		`1 chat gpt-4.1 truncation · output_limit finish reason "length" at max_tokens 256`,
		"2 chat gpt-4.1 tool_call_malformed",
		"execute_tool lookup_order the tool found nothing",
		"3 execute_tool issue_refund tool_error · failed issue_refund: the tool's span has status ERROR",
	}, lines)
	require.Equal(t, "/review/"+trace.ID+"?span=00000000000000a2#said", steps.all("a")[0].attr("href"))
	require.Contains(t, page.one("div.retrieved").text(), "no document was found")

	_, body := s.get("/api/v1/items/" + trace.ID)
	var item struct{ Steps []triage.Step }
	require.NoError(t, json.Unmarshal([]byte(body), &item))
	require.Equal(t, []failure.Step{failure.Retrieval, failure.Generation, failure.Routing, failure.Upstream},
		[]failure.Step{item.Steps[0].Step, item.Steps[1].Step, item.Steps[2].Step, item.Steps[3].Step})
	require.Len(t, item.Steps[3].Findings, 2)
}

func TestAStepWithoutAFindingSaysHowManySpansItHas(t *testing.T) {
	s := newSite(t, web.Options{})
	trace := refund()
	trace.Spans[1].Call.SetContent(genai.Content{Retrieval: genai.Retrieval{Query: "refund policy"}})
	trace.Spans[1].Name = ""
	s.put(trace)
	page := s.page("/review/" + trace.ID)
	require.Equal(t, []string{"nothing failed in 1 span", "nothing failed in 2 spans"}, page.one("ul.quiet").texts("span.dim"))
	require.Equal(t, "Step by step: generation, routing failed or found nothing; 2 steps without a finding: retrieval, upstream data",
		page.one("#steps").one("summary").text())
	require.Contains(t, page.one("div.retrieved").text(), "the documents were not recorded")
}

// TestWhatACallBrokeStandsBesideIt: wherever the sample's traces tell the schema, the part that was broken is on the
// page, with all of the values that it allows.
func TestWhatACallBrokeStandsBesideIt(t *testing.T) {
	s := newSampleSite(t)
	enums := 0
	for _, item := range s.items(allItems) {
		if item.Class != failure.ToolCallMalformed && item.Class != failure.SchemaViolation {
			continue
		}
		said := s.page("/review/" + item.TraceID).one("#said")
		switch item.Detail {
		case failure.UnknownTool, failure.CallInText, failure.UnparsableArguments, failure.ArgumentsNotObject, failure.NotJSON,
			failure.ProviderRejected: // it broke no part of a schema
			continue
		}
		require.Len(t, said.all("div.schema"), 1, "%s %s: %s", item.Class, item.Detail, item.Evidence)
		if item.Detail != failure.EnumViolation && item.Detail != "enum" {
			continue
		}
		enums++
		n := regexp.MustCompile(`one of (?:the )?(\d+) values`).FindStringSubmatch(item.Evidence)
		require.Len(t, n, 2, item.Evidence)
		part := said.one("div.schema").all("div.block")[0].text()
		_, list, found := strings.Cut(part, `"enum": [`)
		require.True(t, found, part)
		list, _, _ = strings.Cut(list, "]")
		require.Equal(t, n[1], strconv.Itoa(strings.Count(list, ",")+1), part)
	}
	require.GreaterOrEqual(t, enums, 2)
}
