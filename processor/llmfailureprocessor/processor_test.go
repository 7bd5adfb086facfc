package llmfailureprocessor

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.yaml.in/yaml/v3"

	"github.com/faultline-otel/faultline/processor/llmfailureprocessor/internal/metadata"
	"github.com/faultline-otel/faultline/processor/llmfailureprocessor/internal/metadatatest"
)

var update = flag.Bool("update", false, "write what the tests got as what they want")

// TestCases runs testdata/*.txtar. Each file holds logs, spans, what the processor adds to the spans, and its own
// metrics. Every case runs through the processor twice, as in an agent and then in a gateway, and the second run must
// change nothing. To add a case, add a file; `go test -update` fills in the rest.
func TestCases(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.txtar"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			require.NoError(t, err)
			section := func(name string) []byte {
				for _, f := range archive.Files {
					if f.Name == name {
						return f.Data
					}
				}
				return nil
			}
			p := start(t, string(section("config")))
			p.sendLogs(t, readLogs(t, section("logs")))
			in := readSpans(t, section("in"))
			before := ptrace.NewTraces()
			in.CopyTo(before)
			once := p.annotate(t, in)
			got := map[string]string{"out": difference(before, once), "telemetry": p.metrics(t)}

			again := ptrace.NewTraces()
			once.CopyTo(again)
			again = p.annotate(t, again)
			require.Empty(t, cmp.Diff(marshal(t, once), marshal(t, again)), "annotating again must change nothing")

			for i, f := range archive.Files {
				want, ok := got[f.Name]
				if !ok {
					continue
				}
				if *update {
					archive.Files[i].Data = []byte(want)
				} else if diff := cmp.Diff(string(f.Data), want); diff != "" {
					t.Errorf("%s (-want +got):\n%s", f.Name, diff)
				}
			}
			if *update {
				require.NoError(t, os.WriteFile(file, txtar.Format(archive), 0o600))
			}
		})
	}
}

// running is a processor in a traces and a logs pipeline, created as the Collector does.
type running struct {
	traces    processor.Traces
	logs      processor.Logs
	spans     *consumertest.TracesSink
	records   *consumertest.LogsSink
	telemetry *componenttest.Telemetry
}

func start(t *testing.T, config string) *running {
	t.Helper()
	retrieved, err := confmap.NewRetrievedFromYAML([]byte(config))
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	factory := NewFactory()
	cfg := factory.CreateDefaultConfig()
	require.NoError(t, conf.Unmarshal(cfg))
	require.NoError(t, confmap.Validate(cfg))

	r := &running{
		spans: &consumertest.TracesSink{}, records: &consumertest.LogsSink{},
		telemetry: componenttest.NewTelemetry(),
	}
	set := metadatatest.NewSettings(r.telemetry)
	set.ID = component.NewID(metadata.Type)
	r.logs, err = factory.CreateLogs(t.Context(), set, cfg, r.records)
	require.NoError(t, err)
	r.traces, err = factory.CreateTraces(t.Context(), set, cfg, r.spans)
	require.NoError(t, err)
	for _, c := range []component.Component{r.logs, r.traces} {
		require.NoError(t, c.Start(t.Context(), componenttest.NewNopHost()))
	}
	t.Cleanup(func() {
		for _, c := range []component.Component{r.traces, r.logs} {
			require.NoError(t, c.Shutdown(context.Background()))
		}
		require.NoError(t, r.telemetry.Shutdown(context.Background()))
	})
	return r
}

// annotate sends spans through the traces pipeline.
func (r *running) annotate(t *testing.T, td ptrace.Traces) ptrace.Traces {
	t.Helper()
	r.spans.Reset()
	require.NoError(t, r.traces.ConsumeTraces(t.Context(), td))
	require.Len(t, r.spans.AllTraces(), 1)
	return r.spans.AllTraces()[0]
}

// sendLogs sends logs through the logs pipeline and checks that they pass unchanged. They are read-only, as if several
// pipelines shared them.
func (r *running) sendLogs(t *testing.T, ld plog.Logs) {
	t.Helper()
	want, err := (&plog.JSONMarshaler{}).MarshalLogs(ld)
	require.NoError(t, err)
	ld.MarkReadOnly()
	require.NoError(t, r.logs.ConsumeLogs(t.Context(), ld))
	got, err := (&plog.JSONMarshaler{}).MarshalLogs(r.records.AllLogs()[0])
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(got), "logs must pass unchanged")
}

// metrics lists the processor's own metrics that are not 0.
func (r *running) metrics(t *testing.T) string {
	t.Helper()
	var lines []string
	for _, name := range []string{"spans", "findings", "scorer_problems", "redactions", "cut_spans", "unknown_operations", "unpriced_calls"} {
		m, err := r.telemetry.GetMetric("otelcol_llm_failure_" + name)
		if err != nil {
			continue // nothing was counted
		}
		for _, p := range m.Data.(metricdata.Sum[int64]).DataPoints {
			var values []string
			for _, kv := range p.Attributes.ToSlice() {
				values = append(values, kv.Value.AsString())
			}
			lines = append(lines, fmt.Sprintf("%s{%s} = %d\n", m.Name, strings.Join(values, " "), p.Value))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// spanText is a span as written in a case.
type spanText struct {
	Name       string         `yaml:"name"`
	Scope      string         `yaml:"scope"`
	Error      string         `yaml:"error"` // message of an ERROR status
	Attributes map[string]any `yaml:"attributes"`
	Events     []struct {
		Name       string         `yaml:"name"`
		Attributes map[string]any `yaml:"attributes"`
	} `yaml:"events"`
}

// spanID returns the id of the nth span of a case. Logs refer to it.
func spanID(n int) pcommon.SpanID { return pcommon.SpanID{7: byte(n + 1)} }

var traceID = pcommon.TraceID{15: 1}

func readSpans(t *testing.T, text []byte) ptrace.Traces {
	t.Helper()
	var list []spanText
	require.NoError(t, yaml.Unmarshal(text, &list))
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "shop")
	for n, from := range list {
		ss := rs.ScopeSpans().AppendEmpty()
		ss.Scope().SetName(from.Scope)
		span := ss.Spans().AppendEmpty()
		span.SetName(from.Name)
		span.SetTraceID(traceID)
		span.SetSpanID(spanID(n))
		span.SetStartTimestamp(1_764_000_000_000_000_000)
		span.SetEndTimestamp(1_764_000_001_000_000_000)
		if from.Error != "" {
			span.Status().SetCode(ptrace.StatusCodeError)
			span.Status().SetMessage(from.Error)
		}
		put(t, span.Attributes(), from.Attributes)
		for _, e := range from.Events {
			event := span.Events().AppendEmpty()
			event.SetName(e.Name)
			put(t, event.Attributes(), e.Attributes)
		}
	}
	return td
}

// put writes attributes ordered by name, because a map has no order.
func put(t *testing.T, attrs pcommon.Map, from map[string]any) {
	t.Helper()
	var keys []string
	for key := range from {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		require.NoError(t, attrs.PutEmpty(key).FromRaw(from[key]))
	}
}

// readLogs reads the log records of a case. Each names its span by number, from 0.
func readLogs(t *testing.T, text []byte) plog.Logs {
	t.Helper()
	var list []struct {
		Span       int            `yaml:"span"`
		Event      string         `yaml:"event"`
		Attributes map[string]any `yaml:"attributes"`
		Body       any            `yaml:"body"`
	}
	require.NoError(t, yaml.Unmarshal(text, &list))
	ld := plog.NewLogs()
	records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for _, from := range list {
		record := records.AppendEmpty()
		record.SetEventName(from.Event)
		record.SetTraceID(traceID)
		record.SetSpanID(spanID(from.Span))
		put(t, record.Attributes(), from.Attributes)
		require.NoError(t, record.Body().FromRaw(from.Body))
	}
	return ld
}

// difference lists what the processor added to each span, removed (-) and changed (+ with the new value).
func difference(before, after ptrace.Traces) string {
	var b strings.Builder
	for i, rs := range after.ResourceSpans().All() {
		for j, ss := range rs.ScopeSpans().All() {
			for k, span := range ss.Spans().All() {
				was := before.ResourceSpans().At(i).ScopeSpans().At(j).Spans().At(k)
				fmt.Fprintf(&b, "%s\n", span.Name())
				for _, line := range attributeLines(was.Attributes(), span.Attributes()) {
					fmt.Fprintf(&b, "  %s\n", line)
				}
				var events []string
				for _, e := range was.Events().All() {
					events = append(events, e.Name())
				}
				for _, e := range span.Events().All() {
					if n := slices.Index(events, e.Name()); n >= 0 {
						events = slices.Delete(events, n, n+1)
						continue
					}
					fmt.Fprintf(&b, "  + event %s\n", e.Name())
					for _, line := range attributeLines(pcommon.NewMap(), e.Attributes()) {
						fmt.Fprintf(&b, "    %s\n", line)
					}
				}
				for _, name := range events {
					fmt.Fprintf(&b, "  - event %s\n", name)
				}
			}
		}
	}
	return b.String()
}

func attributeLines(was, is pcommon.Map) []string {
	var lines []string
	for key, v := range is.All() {
		if old, ok := was.Get(key); !ok || !old.Equal(v) {
			lines = append(lines, fmt.Sprintf("+ %s = %s", key, v.AsString()))
		}
	}
	for key := range was.All() {
		if _, ok := is.Get(key); !ok {
			lines = append(lines, "- "+key)
		}
	}
	slices.Sort(lines)
	return lines
}

func marshal(t *testing.T, td ptrace.Traces) string {
	t.Helper()
	b, err := (&ptrace.JSONMarshaler{}).MarshalTraces(td)
	require.NoError(t, err)
	return string(b)
}

func TestCapabilities(t *testing.T) {
	r := start(t, "{}")
	require.True(t, r.traces.Capabilities().MutatesData)
	require.True(t, r.logs.Capabilities().MutatesData, "calls in log records are marked")
}

func TestEmptyRequestStaysEmpty(t *testing.T) {
	r := start(t, "{}")
	empty := ptrace.NewTraces()
	empty.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	out := r.annotate(t, empty)
	require.Zero(t, out.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes().Len())
	require.Equal(t, "otelcol_llm_failure_spans{not_llm} = 1\n", r.metrics(t))
	r.spans.Reset()
	require.NoError(t, r.traces.ConsumeTraces(t.Context(), ptrace.NewTraces()))
}

func TestPipelinesShareAnInstance(t *testing.T) {
	f := &factory{}
	set := processortest.NewNopSettings(metadata.Type)
	one, two := createDefaultConfig().(*Config), createDefaultConfig().(*Config)
	a, err := f.instance(set, one)
	require.NoError(t, err)
	b, err := f.instance(set, one)
	require.NoError(t, err)
	c, err := f.instance(set, two)
	require.NoError(t, err)
	require.Same(t, a, b)
	require.NotSame(t, a, c, "another configuration is another instance")
	require.NoError(t, a.release(t.Context()))
	require.Equal(t, 2, f.instances.Len())
	require.NoError(t, b.release(t.Context()))
	require.NoError(t, c.release(t.Context()))
	require.Zero(t, f.instances.Len())
}

// TestConcurrentRequests checks that counts are exact, and that concurrent logs and spans do not interfere.
func TestConcurrentRequests(t *testing.T) {
	const senders, requests = 8, 25
	r := start(t, "{}")
	content := output("On its way.")
	var group sync.WaitGroup
	for range senders {
		group.Go(func() {
			for range requests {
				td := ptrace.NewTraces()
				spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
				ld := plog.NewLogs()
				records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
				for n := range 3 {
					span := spans.AppendEmpty()
					span.SetTraceID(traceID)
					span.SetSpanID(spanID(n))
					span.Attributes().PutStr("gen_ai.operation.name", "chat")
					record := records.AppendEmpty()
					record.SetTraceID(traceID)
					record.SetSpanID(spanID(n))
					record.SetEventName("gen_ai.client.inference.operation.details")
					record.Attributes().PutStr("gen_ai.output.messages", content)
				}
				spans.AppendEmpty().SetName("GET /orders")
				assert.NoError(t, r.logs.ConsumeLogs(context.Background(), ld))
				assert.NoError(t, r.traces.ConsumeTraces(context.Background(), td))
			}
		})
	}
	group.Wait()
	want := "otelcol_llm_failure_spans{not_llm} = %d\n" +
		"otelcol_llm_failure_spans{scored} = %d\n" +
		"otelcol_llm_failure_unpriced_calls{none no_price} = %d\n"
	require.Equal(t, fmt.Sprintf(want, senders*requests, 3*senders*requests, 3*senders*requests), r.metrics(t))
}
