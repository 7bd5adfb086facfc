package toolcall

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/corpus"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/jsonschema"
)

// recorded is a tool call of the corpus with the definition that it was made for.
type recorded struct{ parameters, arguments string }

// recordedCalls are the first calls of a corpus file whose definition both checkers accept.
func recordedCalls(tb testing.TB, file string, n int) (list []recorded) {
	tb.Helper()
	type value struct {
		StringValue string `json:"stringValue"`
	}
	type message struct {
		Parts []struct {
			Type      string `json:"type"`
			Name      string `json:"name"`
			Arguments string `json:"arguments"`
		} `json:"parts"`
	}
	corpus.Lines(tb, "tools/"+file+".jsonl.gz", func(l struct {
		OTLP struct {
			ResourceSpans []struct {
				ScopeSpans []struct {
					Spans []struct {
						Attributes []struct {
							Key   string `json:"key"`
							Value value  `json:"value"`
						} `json:"attributes"`
					} `json:"spans"`
				} `json:"scopeSpans"`
			} `json:"resourceSpans"`
		} `json:"otlp"`
	},
	) {
		if len(list) >= n {
			return
		}
		for _, a := range l.OTLP.ResourceSpans {
			for _, b := range a.ScopeSpans {
				for _, span := range b.Spans {
					attributes := map[string]string{}
					for _, attribute := range span.Attributes {
						attributes[attribute.Key] = attribute.Value.StringValue
					}
					tools, err := genai.ParseTools(attributes["gen_ai.tool.definitions"])
					var messages []message
					if err != nil || json.Unmarshal([]byte(attributes["gen_ai.output.messages"]), &messages) != nil {
						continue
					}
					for _, m := range messages {
						for _, p := range m.Parts {
							if p.Type != "tool_call" {
								continue
							}
							for i := range tools {
								if tools[i].Name == p.Name && tools[i].Parameters != "" && p.Arguments != "" {
									list = append(list, recorded{tools[i].Parameters, p.Arguments})
								}
							}
						}
					}
				}
			}
		}
	})
	return list
}

// BenchmarkRecordedCalls compares the checker with the validator of all of JSON Schema, on tool calls that models made
// with the definitions that they were given. Both compile the definitions beforehand, because the scorer caches them.
// The checker stays as long as it is faster by more than a fifth.
func BenchmarkRecordedCalls(b *testing.B) {
	for _, file := range []string{"native", "live_v4", "multiturn_steps"} {
		var (
			calls   []recorded
			nodes   []*node
			schemas []*jsonschema.Schema
		)
		for _, call := range recordedCalls(b, file, 4000) {
			decoded, err := jsonschema.Decode(call.parameters)
			if err != nil {
				continue
			}
			schema, err := jsonschema.Compile(text(tolerate(decoded.(map[string]any))))
			if err != nil {
				continue
			}
			c := compiler{rests: map[string]rest{}}
			n := c.definition(decoded)
			if c.err != nil {
				continue
			}
			calls, nodes, schemas = append(calls, call), append(nodes, n), append(schemas, schema)
		}
		require.NotEmpty(b, calls)
		bytes := 0
		for _, call := range calls {
			bytes += len(call.arguments)
		}
		b.Run(file+"/checker", func(b *testing.B) {
			b.ReportAllocs()
			b.ReportMetric(float64(bytes)/float64(len(calls)), "bytes/call")
			for i := 0; b.Loop(); i++ {
				k := i % len(calls)
				value := tapes.Get().(*tape)
				if value.read(strings.TrimSpace(calls[k].arguments)) == nil {
					c := checker{tape: value, tool: "t"}
					c.check(nodes[k], 0, false, 0)
				}
				value.release()
			}
		})
		b.Run(file+"/validator", func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				k := i % len(calls)
				value, err := jsonschema.Decode(strings.TrimSpace(calls[k].arguments))
				if err == nil {
					_, _ = schemas[k].Validate(value)
				}
			}
		})
	}
}

func text(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}
