package dialect

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// MLflow: every attribute is JSON in a string. Inputs and outputs have whatever shape the traced function has.
var (
	keyMLType     = intern(inMLflow, "mlflow.spanType")
	keyMLInputs   = intern(inMLflow, "mlflow.spanInputs")
	keyMLOutputs  = intern(inMLflow, "mlflow.spanOutputs")
	keyMLProvider = intern(inMLflow, "mlflow.llm.provider")
	keyMLModel    = intern(inMLflow, "mlflow.llm.model")
	keyMLTools    = intern(inMLflow, "mlflow.chat.tools")
	keyMLUsage    = intern(inMLflow, "mlflow.chat.tokenUsage")
	keyMLFormat   = intern(inMLflow, "mlflow.message.format")
	keyMLCost     = intern(inMLflow, "mlflow.llm.cost")
	keyMLFunction = intern(inMLflow, "mlflow.spanFunctionName")
)

var mlflow = dialect{
	bit:   inMLflow,
	takes: []key{keyMLInputs},
	gives: []key{keyMLOutputs},
	tools: []key{keyMLTools},
	scalars: func(r *Reader, c *genai.Call) {
		fill(&c.Operation, mlflowOperation(r.str(keyMLType)))
		r.setProvider(c, r.name(keyMLProvider))
		if c.RequestModel == "" && c.ResponseModel == "" {
			fill(&c.Model, r.name(keyMLModel))
		}
		if r.has(keyMLUsage) {
			r.readUsage(contentText(r, keyMLUsage), &c.Usage)
			if format := r.str(keyMLFormat); format != "anthropic" && format != "bedrock" {
				r.usage.form &^= formAnthropic // MLflow spells every provider's cached tokens alike
			}
		}
		if r.has(keyMLCost) {
			fillOpt(&c.CostUSD, sumOfCosts(contentText(r, keyMLCost)))
		}
		switch c.Operation {
		case genai.OpExecuteTool:
			fill(&c.ToolName, firstOf(r.str(keyMLFunction), r.span.Name()))
		case genai.OpInvokeAgent:
			fill(&c.AgentName, r.span.Name())
		case genai.OpChat:
			if r.has(keyMLInputs) {
				r.requested.read(contentText(r, keyMLInputs))
				r.requested.apply(c)
			}
		}
	},
	load: func(r *Reader, _ *genai.Call, content *genai.Content, part genai.Part) bool {
		return part == genai.PartTools && !r.has(keyMLTools) && r.toolsOfRequest(content, keyMLInputs)
	},
	about: []emitter{
		{
			name: "MLflow tracing", seen: "source of 2026",
			reads: "kind, inputs and outputs, chat tools, usage, cost, session, user",
			lacks: "finish reasons apart from the output",
			needs: "content is on",
		},
	},
}

func mlflowOperation(kind string) string {
	switch strings.ToUpper(kind) {
	case "LLM", "CHAT_MODEL":
		return genai.OpChat
	case "TOOL":
		return genai.OpExecuteTool
	case "AGENT":
		return genai.OpInvokeAgent
	case "RETRIEVER":
		return genai.OpRetrieval
	case "EMBEDDING":
		return genai.OpEmbeddings
	case "CHAIN":
		return genai.OpChain
	case "WORKFLOW":
		return genai.OpWorkflow
	case "TASK":
		return genai.OpTask
	case "GUARDRAIL":
		return genai.OpGuardrail
	case "RERANKER":
		return "rerank"
	case "":
		return ""
	}
	return genai.OpOther
}
