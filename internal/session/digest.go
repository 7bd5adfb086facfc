package session

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/toolrun"
	"github.com/faultline-otel/faultline/internal/words"
)

// Digest is the part of a call that sessions compare: whether two calls are the same, and how much they share. It holds
// only hashes, so it may be stored where content may not.
type Digest struct {
	// Call is a hash of what was tried: the tool with its canonical arguments, or the model with the conversation. It is 0
	// if the arguments were not recorded. Such a call is never equal to another.
	Call uint64
	// Result is a hash of what a tool returned, or of the user's last question to a model. It is 0 if that was not
	// recorded.
	Result uint64
	// Sketch covers the words of a tool's arguments, or the three-word sequences of an agent's model answer.
	Sketch Sketch
	// Effect is what the tool does, as far as its name and arguments tell.
	Effect toolrun.Effect
	// Pending is set if the tool's result says that something has not ended.
	Pending bool
}

// WordReader splits texts into words. A score.Result keeps the words that scorers have read.
type WordReader interface {
	Words(text string) *words.Text
}

// NewDigest digests a tool call or a model call. It reads the content of the call and takes words from the reader,
// which may be nil.
func NewDigest(c *genai.Call, from WordReader) (d Digest) {
	switch {
	case c.Operation == genai.OpExecuteTool:
		canonical := canonicalizers.Get().(*canonicalizer)
		arguments, compared := canonical.read(c.ToolArguments().Text)
		if !c.ToolArguments().IsZero() {
			d.Call = hashBytes([]byte(c.ToolName), separator, arguments) | 1
		}
		d.Result, d.Pending = outcomeOf(c)
		d.Effect = toolrun.EffectOf(c.ToolName, c.ToolArguments().Text)
		canonical.words.Read(string(compared))
		d.Sketch = sketchWords(canonical.words.Words)
		canonicalizers.Put(canonical)
	case c.IsLLMCall():
		// A retry sends the same conversation to the same model. Only the length and the last question are compared.
		model := cmp.Or(c.RequestModel, c.AnyModel())
		question := c.Question()
		d.Call = hashTexts(model, strconv.Itoa(len(c.Input())), question) | 1
		if question != "" {
			d.Result = hashText(question) | 1
		}
		if c.AgentName != "" {
			d.Sketch = sketchAnswer(answer(c), from)
		}
	}
	return d
}

// outcomeOf hashes what a tool returned, without the envelopes of frameworks and without ids of the call. A call that
// failed without a result returned its error.
func outcomeOf(c *genai.Call) (hash uint64, pending bool) {
	if c.ToolResult().IsZero() {
		if !c.Error.IsError {
			return 0, false
		}
		var d xxhash.Digest
		d.Reset()
		_, _ = d.WriteString(c.Error.Type)
		for word := range strings.FieldsSeq(c.Error.Message[:min(len(c.Error.Message), maxCanonical)]) {
			if len(word) < minID || !strings.ContainsAny(word, "0123456789") { // else an id or a time
				_, _ = d.WriteString(word)
				_, _ = d.Write(separator)
			}
		}
		return d.Sum64() | 1, false
	}
	content := toolrun.Unwrap(c.ToolResult().Text)
	return toolrun.Hash(content) | 1, toolrun.Pending(content)
}

// minID is the length from which a word with digits in an error message is an id or a time.
const minID = 8

var separator = []byte{'\n'}

func sketchAnswer(text string, from WordReader) Sketch {
	if from == nil {
		from = new(wordReader)
	}
	return sketchShingles(from.Words(text).Words)
}

// wordReader splits each text anew.
type wordReader struct{ words.Text }

func (r *wordReader) Words(text string) *words.Text {
	r.Read(text)
	return &r.Text
}

func answer(c *genai.Call) string {
	for i := range c.Output() {
		if text := c.Output()[i].Text; text != "" {
			return text
		}
	}
	return ""
}

// digestSize is the size of a digest in bytes. Digests of earlier versions end after the sketch.
const (
	digestSize      = firstDigestSize + 2
	firstDigestSize = 8 + 8 + 4*sketchSize
)

// MarshalText writes the digest as base64.
func (d *Digest) MarshalText() ([]byte, error) {
	b, err := binary.Append(make([]byte, 0, digestSize), binary.LittleEndian, d)
	return base64.RawStdEncoding.AppendEncode(nil, b), err
}

// UnmarshalText reads what MarshalText wrote.
func (d *Digest) UnmarshalText(text []byte) error {
	b, err := base64.RawStdEncoding.DecodeString(string(text))
	if err == nil && len(b) == firstDigestSize {
		b = append(b, 0, 0)
	}
	if err != nil || len(b) != digestSize {
		return fmt.Errorf("digest must be %d bytes in base64, got %.40q", digestSize, text)
	}
	_, err = binary.Decode(b, binary.LittleEndian, d)
	return err
}
