package llmreviewexporter

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/review"
)

// tempo fetches traces by id, through the HTTP API of Grafana Tempo.
type tempo struct {
	endpoint string
	client   *http.Client
}

// maxAnswer bounds a trace from Tempo, in bytes.
const maxAnswer = 64 << 20

func newTempo(
	ctx context.Context, config *confighttp.ClientConfig, host component.Host, set component.TelemetrySettings,
) (*tempo, error) {
	if config.Endpoint == "" {
		return nil, nil //nolint:nilnil // there is no Tempo
	}
	client, err := config.ToClient(ctx, host.GetExtensions(), set)
	if err != nil {
		return nil, fmt.Errorf("tempo: %w", err)
	}
	return &tempo{strings.TrimSuffix(config.Endpoint, "/"), client}, nil
}

// fetch returns a trace. The error is ErrNotFound where Tempo does not have it, and ErrElsewhere where it does not
// answer.
func (t *tempo) fetch(ctx context.Context, traceID string) (ptrace.Traces, error) {
	none := ptrace.NewTraces()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, t.endpoint+"/api/traces/"+traceID, http.NoBody)
	if err != nil {
		return none, err
	}
	request.Header.Set("Accept", "application/protobuf")
	response, err := t.client.Do(request)
	if err != nil {
		return none, fmt.Errorf("%w: Tempo does not answer: %w", review.ErrElsewhere, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case response.StatusCode == http.StatusNotFound:
		return none, fmt.Errorf("the trace is not in Tempo at %s: %w", t.endpoint, review.ErrNotFound)
	case response.StatusCode != http.StatusOK:
		return none, fmt.Errorf("%w: Tempo at %s answers %s: %.200q", review.ErrElsewhere, t.endpoint, response.Status, body)
	case err != nil:
		return none, fmt.Errorf("%w: the answer of Tempo breaks off: %w", review.ErrElsewhere, err)
	case len(body) > maxAnswer:
		return none, fmt.Errorf("%w: the trace has more than %d MiB in Tempo", review.ErrElsewhere, maxAnswer>>20)
	}
	td, err := decode(body, response.Header.Get("Content-Type"))
	if err != nil {
		return none, fmt.Errorf("%w: the answer of Tempo is no trace: %w", review.ErrElsewhere, err)
	}
	if td.SpanCount() == 0 {
		return none, fmt.Errorf("the trace is not in Tempo at %s: %w", t.endpoint, review.ErrNotFound)
	}
	return td, nil
}

// decode reads a trace of Tempo. In protobuf it is that of OTLP.
func decode(body []byte, contentType string) (ptrace.Traces, error) {
	if media, _, err := mime.ParseMediaType(contentType); err != nil || media != "application/json" {
		return new(ptrace.ProtoUnmarshaler).UnmarshalTraces(body)
	}
	var document map[string]any
	if err := json.Unmarshal(body, &document); err != nil {
		return ptrace.NewTraces(), err
	}
	if inner, ok := document["trace"].(map[string]any); ok {
		document = inner
	}
	otlp, err := json.Marshal(asOTLP(document, 0))
	if err != nil {
		return ptrace.NewTraces(), err
	}
	return new(ptrace.JSONUnmarshaler).UnmarshalTraces(otlp)
}

// names of OTLP/JSON, by those of Tempo.
var names = map[string]string{
	"batches": "resourceSpans", "instrumentationLibrarySpans": "scopeSpans", "instrumentationLibrary": "scope",
}

// idBytes are the lengths of the ids, which Tempo writes in base64.
var idBytes = map[string]int{"traceId": 16, "spanId": 8, "parentSpanId": 8}

const maxDepth = 64

// asOTLP renames what Tempo's JSON has under other names, and rewrites ids.
func asOTLP(v any, depth int) any {
	if depth > maxDepth {
		return nil
	}
	switch v := v.(type) {
	case map[string]any:
		renamed := make(map[string]any, len(v))
		for key, value := range v {
			if text, ok := value.(string); ok && idBytes[key] > 0 {
				renamed[key] = hexID(text, idBytes[key])
				continue
			}
			if name, ok := names[key]; ok {
				key = name
			}
			renamed[key] = asOTLP(value, depth+1)
		}
		return renamed
	case []any:
		for i := range v {
			v[i] = asOTLP(v[i], depth+1)
		}
	}
	return v
}

func hexID(text string, n int) string {
	if len(text) == 2*n {
		return text
	}
	if id, err := base64.StdEncoding.DecodeString(text); err == nil && len(id) <= n {
		return strings.Repeat("00", n-len(id)) + hex.EncodeToString(id)
	}
	return text
}

// noTempo says that there is nowhere else to look.
var errNoTempo = errors.New("no Tempo is configured (tempo::endpoint of the llm_review exporter)")
