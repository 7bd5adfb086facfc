package assertion

import (
	"context"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Run is one run of an application on a dataset row.
type Run struct {
	// Calls are the GenAI operations of the run, in the order of their beginning.
	Calls []*genai.Call
	// Row is the call that the row holds, for what a run does not record of its input. It may be nil.
	Row *genai.Call
	// Schema is the JSON Schema that the row holds, for runs that do not record one.
	Schema string
	// Cost is in US dollars. Latency is from the beginning of the first call to the end of the last, in seconds.
	Cost, Latency genai.Opt[float64]
	// Scores are the lowest scores of the run by scorer.
	Scores map[string]float64
	// Judge judges rubrics. It may be nil.
	Judge Judge

	read    bool // of the two below
	answer  answer
	invoked []invocation
	unknown bool // some call may have called tools that were not recorded
}

// Judge gives the answer of a run a number from 0 to 1 by a rubric, and explains it.
type Judge interface {
	Judge(ctx context.Context, rubric string, run *Run) (value float64, explanation string, err error)
}

// answer is the last text that a model gave.
type answer struct {
	text     string
	recorded bool
	cut      bool // the record of it was cut
	schema   string
}

// invocation is a call of a tool.
type invocation struct {
	name, id  string
	arguments genai.Value
}

// Answer returns the last text that a model gave in the run. ok is false where none was recorded.
func (r *Run) Answer() (text string, ok bool) {
	r.load()
	return r.answer.text, r.answer.recorded
}

// Tools returns the names of the tools that the run called, in order. ok is false where calls may be missing.
func (r *Run) Tools() (names []string, ok bool) {
	r.load()
	for _, i := range r.invoked {
		names = append(names, i.name)
	}
	return names, !r.unknown && len(r.Calls) > 0
}

// load reads the answer and the calls of tools. Steps around model calls repeat their answer, so they count only where
// the run has no model call.
func (r *Run) load() {
	if r.read {
		return
	}
	r.read = true
	models := slices.ContainsFunc(r.Calls, (*genai.Call).IsLLMCall)
	var asked []invocation // by a model, and not yet seen to be run
	for _, c := range r.Calls {
		if c.Operation == genai.OpExecuteTool {
			ran := invocation{c.ToolName, c.ToolCallID, c.ToolArguments()}
			if i := slices.IndexFunc(asked, ran.same); i >= 0 {
				asked = slices.Delete(asked, i, i+1)
			} else {
				r.invoked = append(r.invoked, ran)
			}
			continue
		}
		if models && !c.IsLLMCall() || c.Operation == genai.OpEmbeddings || c.Operation == genai.OpRetrieval {
			continue
		}
		output := c.Output()
		r.unknown = r.unknown || c.ContentMissing || c.ContentTruncated || len(output) == 0 && !c.Error.IsError
		if len(output) == 0 {
			continue
		}
		var texts []string
		for i := range output {
			for _, t := range output[i].ToolCalls {
				one := invocation{t.Name, t.ID, t.Arguments}
				r.invoked, asked = append(r.invoked, one), append(asked, one)
			}
			texts = append(texts, output[i].Text)
		}
		text := strings.TrimSpace(strings.Join(texts, "\n"))
		if text == "" && r.answer.recorded {
			continue
		}
		r.answer = answer{text, !c.ContentMissing, c.ContentTruncated, c.OutputSchema()}
	}
}

// same reports whether a tool was run because the model asked for it.
func (i invocation) same(asked invocation) bool {
	if i.id != "" && asked.id != "" {
		return i.id == asked.id
	}
	return i.name == asked.name
}
