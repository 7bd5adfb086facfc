package genai

import "strings"

// Message is one turn. Text is its text parts, joined with a newline. Tool calls and results are fields of their own.
type Message struct {
	Role         string       `json:"role"`
	Text         string       `json:"text,omitempty"`
	Reasoning    string       `json:"reasoning,omitempty"`
	ToolCalls    []ToolCall   `json:"tool_calls,omitempty"`
	ToolResults  []ToolResult `json:"tool_results,omitempty"`
	FinishReason string       `json:"finish_reason,omitempty"` // raw, of this choice
	// Media is true where the message has parts without text: images, audio, files. They are not read.
	Media bool `json:"media,omitempty"`
	// Attachments describe those parts, as far as they say what they are.
	Attachments []Attachment `json:"attachments,omitempty"`
	// Unread names the types of parts that we do not know. The message has content that nobody reads.
	Unread []string `json:"unread,omitempty"`
}

// Attachment is a part without text. Size is that of its content in bytes, 0 where the message has only its address.
type Attachment struct {
	Kind      string `json:"kind"` // image, audio, video or file
	MediaType string `json:"media_type,omitempty"`
	Name      string `json:"name,omitempty"`
	Size      int64  `json:"size,omitempty"`
}

// IsEmpty reports whether a message has neither text, nor media, nor calls or results of tools, nor parts of unknown
// types. It may have reasoning.
func (m *Message) IsEmpty() bool {
	return len(m.ToolCalls) == 0 && len(m.ToolResults) == 0 && !m.Media && len(m.Unread) == 0 &&
		strings.TrimSpace(m.Text) == ""
}

// CallsTools reports whether the model asked the application to run a tool. The text beside such a call is no answer
// yet, other than beside a tool that the provider ran.
func (m *Message) CallsTools() bool {
	for i := range m.ToolCalls {
		if m.ToolCalls[i].Kind != ToolProvider {
			return true
		}
	}
	return false
}

// ToolCall is a tool call that the model requested.
type ToolCall struct {
	ID        string   `json:"id,omitempty"`
	Name      string   `json:"name"`
	Kind      ToolKind `json:"kind,omitempty"`
	Arguments Value    `json:"arguments,omitzero"`
}

// ToolResult is the answer of a tool as the model received it.
type ToolResult struct {
	ID     string `json:"id,omitempty"`
	Result Value  `json:"result,omitzero"`
}

// Tool is a tool definition. Parameters is the JSON Schema of its parameters as it was sent, "" without one.
type Tool struct {
	Name        string
	Description string
	Parameters  string
	Kind        ToolKind
	Namespace   string // the group that the tool is defined in; models may put it before the name
}

// Variable is a value that a prompt template was filled with. A value that is no text is JSON.
type Variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Retrieval is a query and the documents that it found. Empty is true where it found none. Without it, an empty list of
// documents means that they were not recorded.
type Retrieval struct {
	Query string `json:"query,omitempty"`
	// TopK is how many documents were asked for.
	TopK      Opt[int64] `json:"top_k,omitzero"`
	Documents []Document `json:"documents,omitempty"`
	Empty     bool       `json:"empty,omitempty"`
}

// IsZero reports whether nothing was recorded, so that `omitzero` leaves the retrieval out.
func (r Retrieval) IsZero() bool {
	return r.Query == "" && len(r.Documents) == 0 && !r.Empty && !r.TopK.Set
}

// Document is a retrieved document. Score is as reported, on any scale.
type Document struct {
	ID      string       `json:"id,omitempty"`
	Score   Opt[float64] `json:"score,omitzero"`
	Content string       `json:"content,omitempty"`
}

// Usage is the token counts as the emitter wrote them. Emitters differ in what a count includes.
type Usage struct {
	Input          Opt[int64] `json:"input,omitzero"`
	Output         Opt[int64] `json:"output,omitzero"`
	Total          Opt[int64] `json:"total,omitzero"`
	CacheRead      Opt[int64] `json:"cache_read,omitzero"`
	CacheWrite     Opt[int64] `json:"cache_write,omitzero"`
	Reasoning      Opt[int64] `json:"reasoning,omitzero"`
	InputAudio     Opt[int64] `json:"input_audio,omitzero"`
	CacheReadAudio Opt[int64] `json:"cache_read_audio,omitzero"`
	OutputAudio    Opt[int64] `json:"output_audio,omitzero"`
	InputImage     Opt[int64] `json:"input_image,omitzero"`
	OutputImage    Opt[int64] `json:"output_image,omitzero"`
}

// Tokens is the usage in disjoint kinds, each token counted once. The cost is computed from it.
type Tokens struct {
	UncachedInput Opt[int64] `json:"uncached_input,omitzero"`
	CacheRead     Opt[int64] `json:"cache_read,omitzero"`
	CacheWrite    Opt[int64] `json:"cache_write,omitzero"`
	Output        Opt[int64] `json:"output,omitzero"` // without reasoning
	Reasoning     Opt[int64] `json:"reasoning,omitzero"`

	// Sound and pictures are parts of the kinds above, because few models have other prices for them.
	InputAudio     Opt[int64] `json:"input_audio,omitzero"`      // of UncachedInput
	CacheReadAudio Opt[int64] `json:"cache_read_audio,omitzero"` // of CacheRead
	OutputAudio    Opt[int64] `json:"output_audio,omitzero"`     // of Output
	InputImage     Opt[int64] `json:"input_image,omitzero"`      // of UncachedInput
	OutputImage    Opt[int64] `json:"output_image,omitzero"`     // of Output
}
