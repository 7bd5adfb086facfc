package llmmetricsconnector

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/faultline-otel/faultline/connector/llmmetricsconnector/internal/metadatatest"
	"github.com/faultline-otel/faultline/internal/catalog"
)

var update = flag.Bool("update", false, "write what the tests got as what they want")

// TestCases runs testdata/*.txtar. Each file has spans, the points of the second flush (in the first all are 0), and
// the Collector's own metrics. To add a case, add a file with spans; `go test -update` fills in the rest.
func TestCases(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.txtar"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			require.NoError(t, err)
			section := func(name string) []byte {
				i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == name })
				require.GreaterOrEqual(t, i, 0, "no section %s", name)
				return archive.Files[i].Data
			}
			retrieved, err := confmap.NewRetrievedFromYAML(section("config"))
			require.NoError(t, err)
			conf, err := retrieved.AsConf()
			require.NoError(t, err)
			cfg, err := load(t, conf)
			require.NoError(t, err)
			in, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(section("in"))
			require.NoError(t, err)
			in.MarkReadOnly()

			telemetry := componenttest.NewTelemetry()
			sink := &consumertest.MetricsSink{}
			c := createWith(t, metadatatest.NewSettings(telemetry), cfg, sink)
			require.NoError(t, c.Start(t.Context(), componenttest.NewNopHost()))
			require.NoError(t, c.ConsumeTraces(t.Context(), in))
			require.NoError(t, c.counter.flush(t.Context(), time.Now(), false))
			for _, line := range write(sink.AllMetrics()) {
				require.Regexp(t, `^llm\.version\.info|=( sum 0 of)? 0$`, line, "at birth")
			}
			sink.Reset()
			require.NoError(t, c.counter.flush(t.Context(), time.Now(), false))
			requireCatalog(t, c.counter.began, sink.AllMetrics())
			got := map[string]string{
				"out":       strings.Join(nonzero(write(sink.AllMetrics())), "\n") + "\n",
				"telemetry": own(t, telemetry),
			}
			require.NoError(t, c.Shutdown(t.Context()))
			require.NoError(t, telemetry.Shutdown(t.Context()))
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

// write formats every point as a line: name{values of its attributes} = value # trace/span of its exemplar, and its
// value.
func write(all []pmetric.Metrics) []string {
	var lines []string
	line := func(name string, attributes pcommon.Map, exemplars pmetric.ExemplarSlice, value any) {
		var values []string
		for k, v := range attributes.All() {
			if k == string(catalog.Overflow) {
				values = append(values, "overflow")
				continue
			}
			values = append(values, v.AsString())
		}
		s := fmt.Sprintf("%s{%s} = %v", name, strings.Join(values, " "), value)
		for _, e := range exemplars.All() {
			s += fmt.Sprintf(
				" # %s/%s %v",
				strings.TrimLeft(e.TraceID().String(), "0"),
				strings.TrimLeft(e.SpanID().String(), "0"),
				e.DoubleValue(),
			)
		}
		lines = append(lines, s)
	}
	for m := range published(all) {
		switch m.Type() {
		case pmetric.MetricTypeGauge:
			for _, p := range m.Gauge().DataPoints().All() {
				line(m.Name(), p.Attributes(), p.Exemplars(), p.DoubleValue())
			}
		case pmetric.MetricTypeSum:
			for _, p := range m.Sum().DataPoints().All() {
				var value any = p.IntValue()
				if p.ValueType() == pmetric.NumberDataPointValueTypeDouble {
					value = p.DoubleValue()
				}
				line(m.Name(), p.Attributes(), p.Exemplars(), value)
			}
		case pmetric.MetricTypeExponentialHistogram:
			for _, p := range m.ExponentialHistogram().DataPoints().All() {
				var value any = 0
				if p.Count() > 0 {
					value = fmt.Sprintf("sum %v of %d", p.Sum(), p.Count())
				}
				line(m.Name(), p.Attributes(), p.Exemplars(), value)
			}
		}
	}
	slices.Sort(lines)
	return lines
}

func published(all []pmetric.Metrics) iter.Seq[pmetric.Metric] {
	return func(yield func(pmetric.Metric) bool) {
		for _, md := range all {
			for _, rm := range md.ResourceMetrics().All() {
				for _, sm := range rm.ScopeMetrics().All() {
					for _, m := range sm.Metrics().All() {
						if !yield(m) {
							return
						}
					}
				}
			}
		}
	}
}

// requireCatalog compares published metrics with their definitions: name, unit, kind, attributes and times.
func requireCatalog(t *testing.T, start time.Time, all []pmetric.Metrics) {
	t.Helper()
	for m := range published(all) {
		i := slices.IndexFunc(catalog.All(), func(d *catalog.Metric) bool { return d.Name == m.Name() })
		require.GreaterOrEqual(t, i, 0, m.Name())
		definition := catalog.All()[i]
		require.Equal(t, definition.Unit, m.Unit())
		require.Equal(t, definition.Description, m.Description())
		point := func(attributes pcommon.Map, from, to pcommon.Timestamp) {
			require.LessOrEqual(t, pcommon.NewTimestampFromTime(start), from)
			require.Greater(t, to, from)
			for key := range attributes.All() {
				require.Contains(t, definition.AllAttributes(), catalog.Attribute(key), m.Name())
			}
		}
		switch m.Type() {
		case pmetric.MetricTypeSum:
			require.Contains(
				t,
				[]catalog.Instrument{catalog.Counter, catalog.FloatSum},
				definition.Instrument,
				m.Name(),
			)
			require.True(t, m.Sum().IsMonotonic())
			require.Equal(t, pmetric.AggregationTemporalityCumulative, m.Sum().AggregationTemporality())
			for _, p := range m.Sum().DataPoints().All() {
				point(p.Attributes(), p.StartTimestamp(), p.Timestamp())
			}
		case pmetric.MetricTypeGauge:
			require.Equal(t, catalog.Gauge, definition.Instrument, m.Name())
			for _, p := range m.Gauge().DataPoints().All() {
				point(p.Attributes(), p.StartTimestamp(), p.Timestamp())
			}
		case pmetric.MetricTypeExponentialHistogram:
			require.Equal(t, catalog.Histogram, definition.Instrument, m.Name())
			require.Equal(
				t,
				pmetric.AggregationTemporalityCumulative,
				m.ExponentialHistogram().AggregationTemporality(),
			)
			for _, p := range m.ExponentialHistogram().DataPoints().All() {
				point(p.Attributes(), p.StartTimestamp(), p.Timestamp())
				total := p.ZeroCount()
				for _, n := range p.Positive().BucketCounts().All() {
					total += n
				}
				require.Equal(t, p.Count(), total, "values in buckets")
			}
		default:
			require.Fail(t, "unexpected kind", "%s is a %s", m.Name(), m.Type())
		}
	}
}

func nonzero(lines []string) []string {
	return slices.DeleteFunc(lines, func(s string) bool { return strings.HasSuffix(s, " = 0") })
}

// own formats the Collector's own metrics that are not 0.
func own(t *testing.T, telemetry *componenttest.Telemetry) string {
	t.Helper()
	var lines []string
	for _, name := range []string{"series", "overflow", "ignored_values", "sessions", "untracked"} {
		m, err := telemetry.GetMetric("otelcol_llm_metrics_" + name)
		require.NoError(t, err)
		var points []metricdata.DataPoint[int64]
		switch data := m.Data.(type) {
		case metricdata.Sum[int64]:
			points = data.DataPoints
		case metricdata.Gauge[int64]:
			points = data.DataPoints
		}
		for _, p := range points {
			if p.Value == 0 {
				continue
			}
			line := m.Name
			if field, ok := p.Attributes.Value("field"); ok {
				line += "{" + field.AsString() + "}"
			}
			lines = append(lines, fmt.Sprintf("%s = %d\n", line, p.Value))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func TestConnectorReadsOnly(t *testing.T) {
	c := create(t, createDefaultConfig().(*Config), consumertest.NewNop())
	require.False(t, c.Capabilities().MutatesData)
	require.NoError(t, c.Shutdown(t.Context()), "it was never started")
}

func create(tb testing.TB, cfg *Config, next consumer.Metrics) *spans {
	tb.Helper()
	return createWith(tb, metadatatest.NewSettings(componenttest.NewTelemetry()), cfg, next)
}

func createWith(tb testing.TB, set connector.Settings, cfg *Config, next consumer.Metrics) *spans {
	tb.Helper()
	c, err := NewFactory().CreateTracesToMetrics(tb.Context(), set, cfg, next)
	require.NoError(tb, err)
	return c.(*spans)
}

// started returns a running connector.
func started(tb testing.TB, cfg *Config, next consumer.Metrics) *spans {
	tb.Helper()
	c := create(tb, cfg, next)
	require.NoError(tb, c.Start(tb.Context(), componenttest.NewNopHost()))
	return c
}

// TestFlushesByItselfAndAtShutdown runs the flush loop: counts arrive without a call, and the last ones at shutdown.
func TestFlushesByItselfAndAtShutdown(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.FlushInterval = minFlushInterval
	sink := &consumertest.MetricsSink{}
	c := started(t, cfg, sink)
	require.NoError(t, c.ConsumeTraces(t.Context(), plain(1)))
	require.Eventually(t, func() bool {
		return slices.ContainsFunc(write(sink.AllMetrics()), func(s string) bool {
			return strings.HasPrefix(s, "llm.spans{shop ") && strings.Contains(s, "= 1 ")
		})
	}, 10*time.Second, 10*time.Millisecond)
	require.NoError(t, c.ConsumeTraces(t.Context(), plain(41)))
	require.NoError(t, c.Shutdown(t.Context()))
	all := sink.AllMetrics()
	require.Contains(t, strings.Join(write(all[len(all)-1:]), "\n"), "= 42 ")
}

// plain is n spans of a service, without LLM spans.
func plain(n int) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "shop")
	ss := rs.ScopeSpans().AppendEmpty().Spans()
	for range n {
		s := ss.AppendEmpty()
		s.SetName("GET /")
		s.SetTraceID([16]byte{1})
		s.SetSpanID([8]byte{1})
	}
	return td
}

func TestRefusedFlushLosesNoCount(t *testing.T) {
	refusing := true
	sink := &consumertest.MetricsSink{}
	next, err := consumer.NewMetrics(func(ctx context.Context, md pmetric.Metrics) error {
		if refusing {
			return errors.New("full")
		}
		return sink.ConsumeMetrics(ctx, md)
	})
	require.NoError(t, err)
	c := started(t, createDefaultConfig().(*Config), next)
	require.NoError(t, c.ConsumeTraces(t.Context(), plain(3)))
	require.ErrorContains(t, c.counter.flush(t.Context(), time.Now(), false), "flush metrics: full")
	refusing = false
	require.NoError(t, c.counter.flush(t.Context(), time.Now(), false))
	require.Contains(t, strings.Join(write(sink.AllMetrics()), "\n"), "= 3 ")
	require.NoError(t, c.Shutdown(t.Context()))
}

func TestInstanceIsConfiguredOrFromTheCollectorOrRandom(t *testing.T) {
	set := metadatatest.NewSettings(componenttest.NewTelemetry())
	set.Resource = pcommon.NewResource()
	first, second := instanceID(set, &Config{}), instanceID(set, &Config{})
	require.Regexp(t, `^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`, first)
	require.NotEqual(t, first, second)
	set.Resource.Attributes().PutStr("service.instance.id", "of the collector")
	require.Equal(t, "of the collector", instanceID(set, &Config{}))
	require.Equal(t, "own", instanceID(set, &Config{InstanceID: "own"}))
	set.ID = component.NewIDWithName(set.ID.Type(), "eu")
	require.Equal(t, "own/eu", instanceID(set, &Config{InstanceID: "own"}))
}

// TestRequestsAreOfBoundedSize makes more points than fit into one request.
func TestRequestsAreOfBoundedSize(t *testing.T) {
	sink := &consumertest.MetricsSink{}
	c := started(t, createDefaultConfig().(*Config), sink)
	for i := range 6000 {
		td := plain(1)
		td.ResourceSpans().At(0).Resource().Attributes().PutStr("service.name", fmt.Sprint("s", i))
		require.NoError(t, c.ConsumeTraces(t.Context(), td))
	}
	require.NoError(t, c.counter.flush(t.Context(), time.Now(), false))
	require.NoError(t, c.counter.flush(t.Context(), time.Now(), false))
	total := 0
	for _, md := range sink.AllMetrics() {
		require.LessOrEqual(t, md.DataPointCount(), maxPoints+2000)
		total += md.DataPointCount()
	}
	require.Greater(t, len(sink.AllMetrics()), 2)
	require.Equal(t, 2*6000, total)
	require.NoError(t, c.Shutdown(t.Context()))
}

func BenchmarkFlush(b *testing.B) {
	c := create(b, createDefaultConfig().(*Config), consumertest.NewNop())
	for i := range 2000 {
		td := plain(1)
		td.ResourceSpans().At(0).Resource().Attributes().PutStr("service.name", fmt.Sprint("s", i))
		s := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
		s.Attributes().PutStr("gen_ai.operation.name", "chat")
		s.Attributes().PutStr("gen_ai.request.model", "m")
		require.NoError(b, c.ConsumeTraces(b.Context(), td))
	}
	b.ReportAllocs()
	for b.Loop() {
		_ = c.counter.flush(b.Context(), time.Now(), false)
	}
	b.ReportMetric(float64(c.counter.meter.Series()), "series")
}
