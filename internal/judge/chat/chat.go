// Package chat asks a model at an endpoint for chat completions or embeddings, as OpenAI defined them and most
// providers and local servers (Ollama, vLLM, llama.cpp) have them.
package chat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/shared"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/judge"
)

// Model is a model at an endpoint.
type Model struct {
	service   openai.ChatCompletionService
	settings  judge.Settings
	cacheKeys bool
}

var _ judge.Model = (*Model)(nil)

// New returns the model of the settings at an endpoint, such as https://api.openai.com/v1. The client adds credentials
// and has the time-out. Nothing is read from the environment.
func New(client *http.Client, endpoint string, s judge.Settings) *Model {
	return &Model{
		service:  openai.NewChatCompletionService(options(client, endpoint, judge.MaxReply)...),
		settings: s,
	}
}

// options are those of every service. Who asks tries again: it knows for how long a case may wait.
func options(client *http.Client, endpoint string, maxReply int) []option.RequestOption {
	return []option.RequestOption{
		option.WithBaseURL(endpoint), option.WithHTTPClient(&bounded{client, maxReply}), option.WithMaxRetries(0),
	}
}

// WithCacheKeys makes requests say which of them begin alike, so that the provider sends them to the machine that has
// the beginning in its cache. Servers that do not know the key may refuse it.
func (m *Model) WithCacheKeys() *Model {
	other := *m
	other.cacheKeys = true
	return &other
}

// Ask asks for one completion.
func (m *Model) Ask(ctx context.Context, p judge.Prompt) (judge.Reply, error) {
	c, err := m.service.New(ctx, m.params(&p))
	if err != nil {
		return judge.Reply{}, ErrorOf(err)
	}
	return replyOf(c)
}

// replyOf reads a completion.
func replyOf(c *openai.ChatCompletion) (judge.Reply, error) {
	if len(c.Choices) == 0 {
		return judge.Reply{}, &judge.Error{Obstacle: judge.InvalidReply, Unknown: true, Err: errors.New("no choices")}
	}
	choice := &c.Choices[0]
	reply := judge.Reply{
		Text: choice.Message.Content, Refusal: choice.Message.Refusal, Cut: choice.FinishReason == "length",
	}
	if choice.FinishReason == "content_filter" && reply.Refusal == "" {
		reply.Refusal = choice.FinishReason
	}
	if c.JSON.Usage.Valid() && c.Usage.PromptTokens > 0 {
		reply.Tokens = genai.Some(tokens(&c.Usage))
	}
	return reply, nil
}

func (m *Model) params(p *judge.Prompt) openai.ChatCompletionNewParams {
	params := openai.ChatCompletionNewParams{
		Model: m.settings.Model,
		Messages: []openai.ChatCompletionMessageParamUnion{
			openai.SystemMessage(p.System), openai.UserMessage(p.User),
		},
	}
	// Reasoning models of OpenAI accept only the newer name of the bound, and other servers mostly the older one.
	if m.settings.Provider == "openai" || m.settings.Provider == "azure.ai.openai" {
		params.MaxCompletionTokens = openai.Int(p.MaxTokens)
	} else {
		params.MaxTokens = openai.Int(p.MaxTokens)
	}
	if m.cacheKeys && p.CacheKey != "" {
		params.PromptCacheKey = openai.String(p.CacheKey)
	}
	if t := m.settings.Temperature; t.Set {
		params.Temperature = openai.Float(t.Value)
	}
	if s := m.settings.Seed; s.Set {
		params.Seed = openai.Int(s.Value)
	}
	switch m.settings.Format {
	case judge.FormatSchema:
		params.ResponseFormat.OfJSONSchema = &shared.ResponseFormatJSONSchemaParam{
			JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{
				Name: p.SchemaName, Strict: openai.Bool(true), Schema: p.Schema,
			},
		}
	case judge.FormatObject:
		params.ResponseFormat.OfJSONObject = &shared.ResponseFormatJSONObjectParam{}
	}
	return params
}

// tokens returns the usage in disjoint kinds.
func tokens(u *openai.CompletionUsage) genai.Tokens {
	cached := min(max(u.PromptTokensDetails.CachedTokens, cacheHits(u)), u.PromptTokens)
	reasoning := min(u.CompletionTokensDetails.ReasoningTokens, u.CompletionTokens)
	t := genai.Tokens{
		UncachedInput: genai.Some(u.PromptTokens - cached), Output: genai.Some(u.CompletionTokens - reasoning),
	}
	if cached > 0 {
		t.CacheRead = genai.Some(cached)
	}
	if reasoning > 0 {
		t.Reasoning = genai.Some(reasoning)
	}
	return t
}

// cacheHits reads the cached tokens of servers that name them otherwise, such as DeepSeek and Moonshot.
func cacheHits(u *openai.CompletionUsage) int64 {
	for _, key := range []string{"prompt_cache_hit_tokens", "cached_tokens"} {
		if n, err := strconv.ParseInt(u.JSON.ExtraFields[key].Raw(), 10, 64); err == nil && n > 0 {
			return n
		}
	}
	return 0
}

// errTooLong is a body that is longer than its bound.
var errTooLong = errors.New("the body is too long")

// ErrorOf says what an error of the client means.
func ErrorOf(err error) *judge.Error {
	if status, ok := errors.AsType[*openai.Error](err); ok {
		return StatusError(status.StatusCode, status.Response)
	}
	switch {
	case errors.Is(err, errTooLong):
		return &judge.Error{Obstacle: judge.ReplyTooLong, Unknown: true, Err: errTooLong}
	case isTimeout(err):
		return &judge.Error{Obstacle: judge.Timeout, Again: true, Unknown: true, Err: err}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &judge.Error{Obstacle: judge.CutReply, Again: true, Unknown: true, Err: err}
	}
	if _, ok := errors.AsType[net.Error](err); ok || errors.Is(err, io.EOF) {
		return &judge.Error{Obstacle: judge.Unavailable, Again: true, Unknown: brokeOff(err), Err: err}
	}
	// The body is no completion.
	return &judge.Error{Obstacle: judge.InvalidReply, Unknown: true, Err: err}
}

// brokeOff reports whether a connection ended while the server had the request.
func brokeOff(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return errors.Is(err, io.EOF) || ok && op.Op == "read"
}

func isTimeout(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return true
	}
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// StatusError says what the status of a response means. It does not keep the body, which may repeat the material.
func StatusError(code int, response *http.Response) *judge.Error {
	e := &judge.Error{Err: fmt.Errorf("status %d", code)}
	if response != nil {
		e.After = retryAfter(response.Header, time.Now())
	}
	switch {
	case code == http.StatusTooManyRequests:
		e.Obstacle, e.Again = judge.RateLimited, true
	case code == http.StatusRequestTimeout || code == http.StatusGatewayTimeout:
		e.Obstacle, e.Again, e.Unknown = judge.Timeout, true, true
	case code >= http.StatusInternalServerError || code == http.StatusConflict || code == http.StatusTooEarly:
		e.Obstacle, e.Again = judge.Unavailable, true
	default:
		e.Obstacle = judge.Rejected
	}
	return e
}

// maxRetryAfter bounds what a provider may ask for.
const maxRetryAfter = time.Hour

// retryAfter reads how long a provider asks to wait: retry-after-ms, or Retry-After in seconds or as a date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	wait := time.Duration(0)
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil {
		wait = time.Duration(min(ms, 1e9) * float64(time.Millisecond))
	} else if s, err := strconv.ParseFloat(h.Get("Retry-After"), 64); err == nil {
		wait = time.Duration(min(s, 1e9) * float64(time.Second))
	} else if at, err := http.ParseTime(h.Get("Retry-After")); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}

// bounded is a client that reads at most so much of a body.
type bounded struct {
	*http.Client
	most int // bytes
}

// Do sends a request. The end of the context closes the body: openai-go drops a response without closing it if the
// context ends just as the response arrives, and then its connection and its timer would live until the time-out.
func (b *bounded) Do(req *http.Request) (*http.Response, error) {
	res, err := b.Client.Do(req) //nolint:gosec // the address is that of the configuration
	if err != nil {
		return res, err
	}
	of := body{ReadCloser: res.Body, left: b.most, atEnd: errTooLong}
	if res.StatusCode >= http.StatusBadRequest {
		of.atEnd = io.EOF // the status says enough
	}
	of.keep = context.AfterFunc(req.Context(), func() { _ = of.ReadCloser.Close() })
	res.Body = &of
	return res, nil
}

type body struct {
	io.ReadCloser
	left  int   // bytes
	atEnd error // when none are left
	keep  func() bool
}

func (b *body) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, b.atEnd
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// Close closes the body.
func (b *body) Close() error {
	b.keep()
	return b.ReadCloser.Close()
}
