package spanattr

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/genai"
)

// AttrConversation holds the name of the session after Normalise, in every dialect.
const AttrConversation = "gen_ai.conversation.id"

// Normalise writes the scalars of a call under the attribute names of the OpenTelemetry GenAI conventions, if the span
// does not have them. It changes no existing attribute and copies no content. Token counts follow the conventions:
// input includes cached tokens, and output includes reasoning. Outer steps get no token counts, because their inner
// call has them.
//
// The call must have been read from this span.
func Normalise(span ptrace.Span, c *genai.Call) {
	n := normaliser{span.Attributes()}
	n.text("gen_ai.operation.name", c.Operation)
	n.text("gen_ai.provider.name", c.Provider)
	n.text("gen_ai.request.model", c.RequestModel)
	n.text("gen_ai.response.model", c.ResponseModel)
	if c.RequestModel == "" && c.ResponseModel == "" {
		n.text("gen_ai.request.model", c.Model)
	}
	n.text("gen_ai.response.id", c.ResponseID)
	n.text(AttrConversation, c.SessionID)
	n.text("gen_ai.agent.name", c.AgentName)
	n.text("gen_ai.agent.version", c.AgentVersion)
	n.text("gen_ai.output.type", c.OutputType)
	n.text("gen_ai.tool.name", c.ToolName)
	n.text("gen_ai.tool.call.id", c.ToolCallID)
	n.text("gen_ai.prompt.name", c.PromptName)
	n.text("gen_ai.prompt.version", c.PromptVersion)
	n.texts("gen_ai.response.finish_reasons", c.FinishReasons)
	n.number("gen_ai.request.temperature", c.Temperature)
	n.number("gen_ai.request.top_p", c.TopP)
	n.number("gen_ai.request.top_k", c.TopK)
	n.integer("gen_ai.request.max_tokens", c.MaxTokens)
	n.integer("gen_ai.request.seed", c.Seed)
	if c.Streaming.Set && c.Streaming.Value {
		n.flag("gen_ai.request.stream", true)
	}
	if c.TTFT.Set {
		n.number("gen_ai.response.time_to_first_chunk", genai.Some(c.TTFT.Value/1000))
	}
	if c.Error.IsError {
		n.text("error.type", c.Error.Type)
	}
	if c.LLM.Set && !c.LLM.Value {
		return
	}
	u := &c.Tokens
	if u.UncachedInput.Set {
		n.integer("gen_ai.usage.input_tokens", genai.Some(u.UncachedInput.Value+u.CacheRead.Value+u.CacheWrite.Value))
	}
	if u.Output.Set {
		n.integer("gen_ai.usage.output_tokens", genai.Some(u.Output.Value+u.Reasoning.Value))
	}
	n.integer("gen_ai.usage.cache_read.input_tokens", u.CacheRead)
	if u.CacheWrite.Set {
		const creation = "gen_ai.usage.cache_creation.input_tokens"
		if _, ok := n.attributes.Get(creation); !ok {
			n.integer("gen_ai.usage.cache_write.input_tokens", u.CacheWrite)
		}
	}
	n.integer("gen_ai.usage.reasoning.output_tokens", u.Reasoning)
}

// normaliser adds attributes that the span does not have yet.
type normaliser struct{ attributes pcommon.Map }

func (n normaliser) text(name, value string) {
	if value == "" {
		return
	}
	if v, existed := n.attributes.GetOrPutEmpty(name); !existed {
		v.SetStr(value)
	}
}

func (n normaliser) texts(name string, values []string) {
	if len(values) == 0 {
		return
	}
	v, existed := n.attributes.GetOrPutEmpty(name)
	if existed {
		return
	}
	list := v.SetEmptySlice()
	list.EnsureCapacity(len(values))
	for _, value := range values {
		list.AppendEmpty().SetStr(value)
	}
}

func (n normaliser) integer(name string, value genai.Opt[int64]) {
	if !value.Set {
		return
	}
	if v, existed := n.attributes.GetOrPutEmpty(name); !existed {
		v.SetInt(value.Value)
	}
}

func (n normaliser) number(name string, value genai.Opt[float64]) {
	if !value.Set {
		return
	}
	if v, existed := n.attributes.GetOrPutEmpty(name); !existed {
		v.SetDouble(value.Value)
	}
}

func (n normaliser) flag(name string, value bool) {
	if v, existed := n.attributes.GetOrPutEmpty(name); !existed {
		v.SetBool(value)
	}
}
