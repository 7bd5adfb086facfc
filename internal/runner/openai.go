package runner

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"text/template"

	"github.com/faultline-otel/faultline/internal/genai"
)

// OpenAI asks a model at an endpoint with OpenAI's chat API.
type OpenAI struct {
	BaseURL string // such as https://api.openai.com/v1
	APIKey  string // "" for none
	Model   string // "" is the model of the row
	// Prompt replaces the system instructions of the row, nil keeps them. It is executed with the Case.
	Prompt     *template.Template
	PromptText string // of Prompt, for the key
	Version    string // distinguishes two states of the system
	// Parameters are further keys of the request, such as temperature.
	Parameters map[string]json.RawMessage
	Client     *http.Client
}

// Key is the endpoint, the model, the prompt and the parameters, without the API key.
func (o OpenAI) Key() string {
	parameters, _ := json.Marshal(o.Parameters) //nolint:errchkjson // JSON that was read
	return digest("openai", o.BaseURL, o.Model, o.PromptText, string(parameters), o.Version)
}

// Run implements Runner.
func (o OpenAI) Run(ctx context.Context, c *Case) (Answer, error) {
	body, err := o.request(c)
	if err != nil {
		return Answer{}, err
	}
	header := http.Header{"Content-Type": {"application/json"}}
	if o.APIKey != "" {
		header.Set("Authorization", "Bearer "+o.APIKey)
	}
	out, err := send(ctx, o.Client, http.MethodPost, strings.TrimRight(o.BaseURL, "/")+"/chat/completions", header, body)
	if err != nil {
		return Answer{}, err
	}
	answer, err := ParseAnswer(out)
	if err == nil && answer.Model == "" {
		return Answer{}, fmt.Errorf("the endpoint answers with something else than a chat completion: %.80q", out)
	}
	return answer, err
}

func (o OpenAI) request(c *Case) ([]byte, error) {
	if c.Operation == genai.OpExecuteTool || c.Operation == genai.OpRetrieval {
		return nil, fmt.Errorf("a row of operation %s cannot be asked of a model; run the application with --exec",
			c.Operation)
	}
	system := c.System
	if o.Prompt != nil {
		var b bytes.Buffer
		if err := o.Prompt.Execute(&b, c); err != nil {
			return nil, err
		}
		system = strings.TrimSpace(b.String())
	}
	messages := c.Messages
	if system != "" {
		messages = append([]Message{{Role: genai.RoleSystem, Content: system}}, messages...)
	}
	model := o.Model
	if model == "" {
		model = c.Model
	}
	if model == "" {
		return nil, fmt.Errorf("row %s names no model; give one with --model", c.Row)
	}
	request := map[string]any{"model": model, "messages": messages}
	if len(c.Tools) > 0 {
		request["tools"] = c.Tools
	}
	if len(c.Schema) > 0 {
		request["response_format"] = map[string]any{
			"type": "json_schema", "json_schema": map[string]any{"name": "answer", "schema": c.Schema},
		}
	}
	for key, value := range o.Parameters {
		request[key] = value
	}
	return json.Marshal(request)
}
