package dialect

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// requests holds what the JSON of a request states: parameters, and the requested format of the answer.
type requests struct {
	model           string
	temperature     genai.Opt[float64]
	topP, topK      genai.Opt[float64]
	maxTokens, seed genai.Opt[int64]
	stream          genai.Opt[bool]
	format          string // json_schema, json_object, text
	schema          string // JSON of the schema
	user, metadata  string // whom the request is for; JSON of its metadata
}

// read reads the parameters from the JSON of a request (OpenAI, Anthropic, Gemini or Bedrock) or from a bare object of
// parameters. It skips messages and tools.
func (q *requests) read(raw string) { q.readAt(raw, 0) }

// maxRequestNesting bounds configuration objects inside a request.
const maxRequestNesting = 3

func (q *requests) readAt(raw string, depth int) {
	c := cursor{s: raw}
	if c.space() == '"' { // serialized twice
		c = cursor{s: c.str()}
	}
	if !c.open('{') {
		return
	}
	for key := ""; c.member(&key); {
		switch key {
		case "model", "model_id", "modelId", "model_name":
			fill(&q.model, c.scalar())
		case "temperature":
			q.number(&q.temperature, c.scalar())
		case "top_p", "topP":
			q.number(&q.topP, c.scalar())
		case "top_k", "topK":
			q.number(&q.topK, c.scalar())
		case "max_tokens", "max_completion_tokens", "max_output_tokens", "maxOutputTokens", "maxTokens",
			"max_tokens_to_sample":
			if n, ok := parseInt(c.scalar()); ok && n >= 0 {
				fillOpt(&q.maxTokens, genai.Some(n))
			}
		case "seed":
			if n, ok := parseInt(c.scalar()); ok {
				fillOpt(&q.seed, genai.Some(n))
			}
		case "stream", "streaming":
			if b, ok := parseBool(c.scalar()); ok {
				fillOpt(&q.stream, genai.Some(b))
			}
		case "response_format", "responseFormat", "output_config", "output_format":
			q.readFormat(c.raw())
		case "text": // Responses API: {"format": {…}}
			if text := c.raw(); strings.HasPrefix(text, "{") {
				q.readFormat(text)
			}
		case "responseSchema", "response_schema", "responseJsonSchema", "response_json_schema", "json_schema":
			if schema := c.raw(); len(schema) > 2 && schema[0] == '{' {
				fill(&q.schema, schema)
				fill(&q.format, "json_schema")
			}
		case "user", "safety_identifier":
			fill(&q.user, c.scalar())
		case "metadata":
			if metadata := c.raw(); len(metadata) > 2 && metadata[0] == '{' {
				fill(&q.metadata, metadata)
			}
		case "config", "generationConfig", "generation_config", "inferenceConfig", "options", "kwargs", "params", "body",
			"payload", "json", "request", "0":
			if inner := c.raw(); depth < maxRequestNesting && strings.HasPrefix(inner, "{") {
				q.readAt(inner, depth+1)
			}
		case "args": // of the function that sent the request
			if inner := c.raw(); depth < maxRequestNesting && strings.HasPrefix(inner, "[") {
				for args := (cursor{s: inner[1:]}); args.element(); {
					q.readAt(args.raw(), depth+1)
				}
			}
		default:
			c.skip()
		}
	}
}

func (q *requests) number(dst *genai.Opt[float64], text string) {
	if f, ok := parseFloat(text); ok {
		fillOpt(dst, genai.Some(f))
	}
}

// maxFormatNesting bounds the wrappers around a schema ({"response_format": {"json_schema": {"schema": …}}}).
const maxFormatNesting = 4

// readFormat reads a response format: {"type", "json_schema": {"schema"}} of OpenAI, {"format": {…, "schema"}} of the
// Responses API, {"format": {"schema"}} of Anthropic, or a bare name.
func (q *requests) readFormat(raw string) { q.formatAt(raw, 0) }

func (q *requests) formatAt(raw string, depth int) {
	c := cursor{s: raw}
	if c.space() == '"' {
		text := c.str()
		if depth < maxFormatNesting && looksLikeJSON(text) {
			q.formatAt(text, depth+1)
		} else if text == "json_object" || text == "json_schema" || text == "text" {
			fill(&q.format, text)
		}
		return
	}
	if !c.open('{') || depth >= maxFormatNesting {
		return
	}
	for key := ""; c.member(&key); {
		switch key {
		case "type":
			switch typ := c.scalar(); typ {
			case "json_schema", "json_object", "text":
				fill(&q.format, typ)
			}
		case "json_schema", "format":
			q.formatAt(c.raw(), depth+1)
		case "schema":
			if schema := c.raw(); len(schema) > 2 && schema[0] == '{' {
				fill(&q.schema, schema)
				fill(&q.format, "json_schema")
			}
		default:
			c.skip()
		}
	}
}

// apply fills what no attribute has set.
func (q *requests) apply(c *genai.Call) {
	fillOpt(&c.Temperature, q.temperature)
	fillOpt(&c.TopP, q.topP)
	fillOpt(&c.TopK, q.topK)
	fillOpt(&c.MaxTokens, q.maxTokens)
	fillOpt(&c.Seed, q.seed)
	fillOpt(&c.Streaming, q.stream)
	fill(&c.ResponseFormat, q.format)
}
