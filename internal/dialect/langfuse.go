package dialect

import (
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Langfuse SDKs: observations hold input and output as JSON of any shape. Errors are levels, and the span status stays
// unset.
var (
	keyLFType     = intern(inLangfuse, "langfuse.observation.type")
	keyLFInput    = intern(inLangfuse, "langfuse.observation.input")
	keyLFOutput   = intern(inLangfuse, "langfuse.observation.output")
	keyLFModel    = intern(inLangfuse, "langfuse.observation.model.name")
	keyLFParams   = intern(inLangfuse, "langfuse.observation.model.parameters")
	keyLFParams2  = intern(inLangfuse, "langfuse.observation.model_parameters")
	keyLFLevel    = intern(inLangfuse, "langfuse.observation.level")
	keyLFMessage  = intern(inLangfuse, "langfuse.observation.status_message")
	keyLFUsage    = intern(inLangfuse, "langfuse.observation.usage_details")
	keyLFCost     = intern(inLangfuse, "langfuse.observation.cost_details")
	keyLFStart    = intern(inLangfuse, "langfuse.observation.completion_start_time")
	keyLFTraceIn  = intern(inLangfuse, "langfuse.trace.input")
	keyLFTraceOut = intern(inLangfuse, "langfuse.trace.output")

	// The integration for OpenAI puts the rest of the request, and of the response, into the metadata.
	keyLFTools        = intern(inLangfuse, "langfuse.observation.metadata.tools")
	keyLFInstructions = intern(inLangfuse, "langfuse.observation.metadata.instructions")
	keyLFFormat       = intern(inLangfuse, "langfuse.observation.metadata.response_format")
	keyLFText         = intern(inLangfuse, "langfuse.observation.metadata.text")
	keyLFIncomplete   = intern(inLangfuse, "langfuse.observation.metadata.incomplete_details")
	keyLFFinish       = intern(inLangfuse, "langfuse.observation.metadata.finish_reason")
)

var langfuse = dialect{
	bit:   inLangfuse,
	takes: []key{keyLFInput, keyLFTraceIn},
	gives: []key{keyLFOutput, keyLFTraceOut},
	tools: []key{keyLFTools}, system: []key{keyLFInstructions},
	scalars: func(r *Reader, c *genai.Call) {
		kind := r.str(keyLFType)
		fill(&c.Operation, langfuseOperation(kind))
		model := r.str(keyLFModel)
		if r.has(keyRequestModel) || r.has(keyResponseModel) {
			model = "" // the attributes of the conventions state whether it was requested or used
		}
		fill(&c.Model, model)
		for _, k := range [...]key{keyLFParams, keyLFParams2} {
			if r.has(k) {
				r.requested.read(contentText(r, k))
			}
		}
		for _, k := range [...]key{keyLFFormat, keyLFText} {
			if r.has(k) {
				r.requested.readFormat(contentText(r, k))
			}
		}
		r.requested.apply(c)
		if len(c.FinishReasons) == 0 {
			r.addReasons(c, keyLFFinish)
			if r.has(keyLFIncomplete) {
				if reason := memberText(contentText(r, keyLFIncomplete), "reason"); reason != "" {
					c.FinishReasons = append(c.FinishReasons, reason)
				}
			}
		}
		if r.has(keyLFUsage) {
			text := contentText(r, keyLFUsage)
			if strings.Contains(text, `_details"`) || strings.Contains(text, `"prompt_tokens"`) {
				r.readUsage(text, &c.Usage)
			} else {
				readBuckets(text, &c.Usage)
				r.usage.form = formBuckets
			}
		}
		if r.has(keyLFCost) {
			fillOpt(&c.CostUSD, sumOfCosts(contentText(r, keyLFCost)))
		}
		if kind == "tool" {
			fill(&c.ToolName, r.span.Name())
		}
		if kind == "agent" {
			fill(&c.AgentName, r.span.Name())
		}
		if at, err := time.Parse(time.RFC3339Nano, r.str(keyLFStart)); err == nil {
			ms := float64(at.UnixNano()-r.span.StartTimestamp().AsTime().UnixNano()) / 1e6
			if ms >= 0 && r.span.StartTimestamp() > 0 && ms <= c.DurationMillis {
				fillOpt(&c.TTFT, genai.Some(ms))
			}
		}
		if r.str(keyLFLevel) == "ERROR" {
			c.Error.IsError = true
			fill(&c.Error.Message, r.str(keyLFMessage))
		}
	},
	load: func(r *Reader, c *genai.Call, content *genai.Content, part genai.Part) bool {
		switch part {
		case genai.PartTools:
			return r.toolsOfRequest(content, keyLFInput)
		case genai.PartOutput: // an empty text was recorded, an absent one was not
			if c.IsLLMCall() && r.has(keyLFOutput) && r.at[keyLFOutput].Type() == pcommon.ValueTypeStr &&
				r.at[keyLFOutput].Str() == "" {
				p := parser{answer: true, dst: content.Output[:0]}
				p.add("assistant")
				return r.keep(c, content, &p)
			}
		}
		return false
	},
	about: []emitter{
		{
			name: "Langfuse", seen: "spans of the SDKs 2.60 (Python) and 5.11 (JavaScript)",
			reads: "observation kind, input and output of any shape, model, parameters, usage, cost, prompt, " +
				"level, session, user",
			lacks: "provider and finish reason; the span status stays unset",
			needs: "content is on; a `mask` function changes it",
		},
	},
}

func langfuseOperation(kind string) string {
	switch strings.ToLower(kind) {
	case "generation":
		return genai.OpChat
	case "embedding":
		return genai.OpEmbeddings
	case "tool":
		return genai.OpExecuteTool
	case "agent":
		return genai.OpInvokeAgent
	case "retriever":
		return genai.OpRetrieval
	case "chain":
		return genai.OpChain
	case "guardrail":
		return genai.OpGuardrail
	case "span":
		return genai.OpSpan
	case "":
		return ""
	}
	return genai.OpOther
}

// sumOfCosts returns the total of a cost object, either stated or summed. A total of 0 counts as absent.
func sumOfCosts(text string) genai.Opt[float64] {
	c := cursor{s: text}
	if c.space() == '"' {
		c = cursor{s: c.str()}
	}
	if !c.open('{') {
		return genai.Opt[float64]{}
	}
	sum := 0.0
	for key := ""; c.member(&key); {
		value, ok := parseFloat(c.scalar())
		if !ok || value < 0 {
			continue
		}
		if key == "total" || key == "total_cost" {
			sum = value
			break
		}
		sum += value
	}
	if sum == 0 {
		return genai.Opt[float64]{}
	}
	return genai.Some(sum)
}
