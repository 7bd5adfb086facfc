package runner

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/faultline-otel/faultline/internal/errline"
	"github.com/faultline-otel/faultline/internal/strictyaml"
)

// HTTP sends a request once a case, made from a template.
type HTTP struct {
	Version string // distinguishes two states of the system

	text   []byte // of the file, for the key
	method string
	url    *template.Template
	header map[string]*template.Template
	body   *template.Template
	answer []string // path of the answer in a JSON response, nil for the whole response
	calls  []string // path of the tool calls, nil for none
	client *http.Client
}

// httpFile is the file that describes a request.
type httpFile struct {
	URL       string            `yaml:"url"`
	Method    string            `yaml:"method"`
	Headers   map[string]string `yaml:"headers"`
	Body      string            `yaml:"body"`
	Answer    string            `yaml:"answer"`
	ToolCalls string            `yaml:"tool_calls"`
}

// LoadHTTP reads the description of a request. An error has a line for each mistake: file, key, rule, value.
func LoadHTTP(name string, client *http.Client) (*HTTP, error) {
	text, err := strictyaml.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	h, err := parseHTTP(text)
	if err != nil {
		return nil, errline.Prefix(name, err)
	}
	h.client = client
	return h, nil
}

func parseHTTP(text []byte) (*HTTP, error) {
	f := httpFile{Method: http.MethodPost, Body: "{{json .}}"}
	if err := strictyaml.Unmarshal(text, &f); err != nil {
		return nil, err
	}
	var errs []error
	compile := func(key, text string) *template.Template {
		t, err := Template(key, text)
		if err != nil {
			errs = append(errs, err)
		}
		return t
	}
	h := &HTTP{
		text: text, method: strings.ToUpper(f.Method), header: map[string]*template.Template{},
		answer: path(f.Answer), calls: path(f.ToolCalls),
	}
	if plain, err := url.Parse(templated.ReplaceAllString(f.URL, "x")); err != nil || plain.Host == "" ||
		plain.Scheme != "http" && plain.Scheme != "https" {
		errs = append(errs, fmt.Errorf("url must be an http or https address, got %q", f.URL))
	}
	if !method.MatchString(h.method) {
		errs = append(errs, fmt.Errorf("method must be a method of HTTP, got %q", f.Method))
	}
	h.url, h.body = compile("url", f.URL), compile("body", f.Body)
	for key, value := range f.Headers {
		h.header[key] = compile("headers."+key, value)
	}
	return h, errors.Join(errs...)
}

var (
	templated    = regexp.MustCompile(`\{\{.*?\}\}`)
	unknownField = regexp.MustCompile(`can't evaluate field (\w+) in type \*runner\.Case`)
	method       = regexp.MustCompile(`^[A-Z]{1,16}$`)
)

// Template compiles a template that is executed with a Case. Beside the built-in functions it has json, and env for a
// variable of the environment.
func Template(name, text string) (*template.Template, error) {
	t, err := template.New(name).Option("missingkey=error").Funcs(template.FuncMap{
		"json": func(v any) (string, error) { b, err := json.Marshal(v); return string(b), err },
		"env":  os.Getenv,
	}).Parse(text)
	if err == nil {
		err = t.Execute(io.Discard, &Case{Tool: &Function{}}) // an unknown field shows only here
	}
	if err != nil {
		reason := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "template: "), name+":")
		if m := unknownField.FindStringSubmatch(reason); m != nil {
			reason = fmt.Sprintf("a case has no %s; it has Row, Run, Input, System, Messages, Tools, Schema, Documents, Tool, "+
				"Model, Service, Operation, PromptName and PromptVersion", m[1])
		}
		return nil, fmt.Errorf("%s must be a template of a case: %s", name, reason)
	}
	return t, nil
}

// Key is the text of the file, and the version.
func (h *HTTP) Key() string { return digest("http", string(h.text), h.Version) }

// Run implements Runner.
func (h *HTTP) Run(ctx context.Context, c *Case) (Answer, error) {
	fill := func(t *template.Template) (string, error) {
		var b strings.Builder
		err := t.Execute(&b, c)
		return b.String(), err
	}
	address, err := fill(h.url)
	if err != nil {
		return Answer{}, err
	}
	body, err := fill(h.body)
	if err != nil {
		return Answer{}, err
	}
	header := http.Header{"Content-Type": {"application/json"}}
	for key, t := range h.header {
		value, err := fill(t)
		if err != nil {
			return Answer{}, err
		}
		header.Set(key, value)
	}
	out, err := send(ctx, h.client, h.method, address, header, []byte(body))
	if err != nil {
		return Answer{}, err
	}
	return h.read(out)
}

func (h *HTTP) read(out []byte) (Answer, error) {
	if h.answer == nil && h.calls == nil {
		return ParseAnswer(out)
	}
	var (
		answer Answer
		found  bool
	)
	if raw, ok := at(out, h.calls); ok && h.calls != nil {
		a, err := ParseAnswer(append(append([]byte(`{"tool_calls":`), raw...), '}'))
		if err != nil {
			return Answer{}, err
		}
		answer.ToolCalls, found = a.ToolCalls, len(a.ToolCalls) > 0
	}
	if raw, ok := at(out, h.answer); ok && h.answer != nil {
		found = true
		if json.Unmarshal(raw, &answer.Text) != nil {
			answer.Text = string(raw)
		}
	}
	if !found {
		return Answer{}, fmt.Errorf("the response has no %s: %.120q", strings.Join(h.answer, "."), out)
	}
	return answer, nil
}

func path(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ".")
}

// at returns the member of a JSON value at a path of keys and indexes.
func at(raw json.RawMessage, path []string) (json.RawMessage, bool) {
	for _, key := range path {
		var (
			object map[string]json.RawMessage
			list   []json.RawMessage
		)
		if json.Unmarshal(raw, &object) == nil && object != nil {
			next, ok := object[key]
			if !ok {
				return nil, false
			}
			raw = next
			continue
		}
		i, err := strconv.Atoi(key)
		if err != nil || json.Unmarshal(raw, &list) != nil || i < 0 || i >= len(list) {
			return nil, false
		}
		raw = list[i]
	}
	return raw, true
}

// attempts is how often a request is sent that the server is too busy for.
const attempts = 4

// send sends a request and returns the body of the response. It tries again where the server asks for it.
func send(ctx context.Context, client *http.Client, method, address string, header http.Header, body []byte,
) ([]byte, error) {
	wait := 500 * time.Millisecond
	for attempt := 1; ; attempt++ {
		out, after, err := sendOnce(ctx, client, method, address, header, body)
		if err == nil || after < 0 || attempt == attempts {
			return out, err
		}
		timer := time.NewTimer(max(after, wait))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, errors.Join(context.Cause(ctx), err)
		}
		wait *= 2
	}
}

// sendOnce sends a request. after is how long the server asks to wait, negative where trying again is of no use.
func sendOnce(ctx context.Context, client *http.Client, method, address string, header http.Header, body []byte,
) (out []byte, after time.Duration, err error) {
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, -1, err
	}
	request.Header = header
	response, err := client.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, -1, err
	}
	defer response.Body.Close()
	out, err = io.ReadAll(io.LimitReader(response.Body, MaxAnswer+1))
	switch {
	case err != nil:
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, -1, err
	case len(out) > MaxAnswer:
		return nil, -1, fmt.Errorf("the answer is larger than %d MiB", MaxAnswer>>20)
	case response.StatusCode/100 == 2:
		return out, 0, nil
	}
	err = fmt.Errorf("the server answers %s: %s", response.Status, reasonOf(out))
	if response.StatusCode != http.StatusTooManyRequests && response.StatusCode != http.StatusServiceUnavailable {
		return nil, -1, err
	}
	seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
	return nil, time.Duration(min(max(seconds, 0), 60)) * time.Second, err
}

// reasonOf returns the reason in the body of an error.
func reasonOf(body []byte) string {
	if raw, ok := at(body, []string{"error"}); ok {
		return message(raw)
	}
	return fmt.Sprintf("%.120q", body)
}
