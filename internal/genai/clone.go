package genai

import "slices"

// Clone loads all content and returns a copy that outlives the reader and the span of the call: they share no memory
// that could be written again.
func (c *Call) Clone() *Call {
	c.load()
	d := *c
	d.loader, d.loaded = nil, ^Part(0)
	d.FinishReasons, d.FinishReasonsCanonical = slices.Clone(c.FinishReasons), slices.Clone(c.FinishReasonsCanonical)
	d.content.Input, d.content.Output = cloneMessages(c.content.Input), cloneMessages(c.content.Output)
	d.content.Tools = slices.Clone(c.content.Tools)
	d.content.PromptVariables = slices.Clone(c.content.PromptVariables)
	d.content.Retrieval.Documents = slices.Clone(c.content.Retrieval.Documents)
	return &d
}

func cloneMessages(messages []Message) []Message {
	messages = slices.Clone(messages)
	for i := range messages {
		messages[i].ToolCalls = slices.Clone(messages[i].ToolCalls)
		messages[i].ToolResults = slices.Clone(messages[i].ToolResults)
		messages[i].Attachments = slices.Clone(messages[i].Attachments)
	}
	return messages
}
