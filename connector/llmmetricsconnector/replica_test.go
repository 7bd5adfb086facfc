package llmmetricsconnector

import (
	"fmt"
	"hash/fnv"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// total is the sum of a series over replicas.
type total struct {
	count   uint64
	sum     float64
	scale   int32
	buckets map[int32]uint64
}

// add adds the points of a replica, without the replica's name. Gauges do not add up.
func add(to map[string]*total, all []pmetric.Metrics) {
	for m := range published(all) {
		at := func(attributes pcommon.Map) *total {
			id := m.Name()
			for k, v := range attributes.All() {
				if k != string(catalog.Instance) {
					id += " " + k + "=" + v.AsString()
				}
			}
			if to[id] == nil {
				to[id] = &total{scale: math.MaxInt32, buckets: map[int32]uint64{}}
			}
			return to[id]
		}
		switch m.Type() {
		case pmetric.MetricTypeSum:
			for _, p := range m.Sum().DataPoints().All() {
				x := at(p.Attributes())
				x.count += uint64(p.IntValue())
				x.sum += p.DoubleValue()
			}
		case pmetric.MetricTypeExponentialHistogram:
			for _, p := range m.ExponentialHistogram().DataPoints().All() {
				x := at(p.Attributes())
				x.count += p.Count()
				x.sum += p.Sum()
				x.buckets[math.MinInt32] += p.ZeroCount()
				x.to(min(x.scale, p.Scale()))
				for i, n := range p.Positive().BucketCounts().All() {
					x.buckets[(p.Positive().Offset()+int32(i))>>(p.Scale()-x.scale)] += n
				}
			}
		}
	}
}

// to merges buckets down to a scale.
func (x *total) to(scale int32) {
	if x.scale == math.MaxInt32 {
		x.scale = scale
	}
	merged := map[int32]uint64{}
	for i, n := range x.buckets {
		if i != math.MinInt32 {
			i >>= x.scale - scale
		}
		merged[i] += n
	}
	x.scale, x.buckets = scale, merged
}

// TestTwoReplicasCountWhatOneCounts splits the traffic of apps between two connectors by session, like a load-balancing
// tier.
func TestTwoReplicasCountWhatOneCounts(t *testing.T) {
	td := annotated(t, sampled(t, 300))
	counted := func(take func(session string) bool) []pmetric.Metrics {
		part := ptrace.NewTraces()
		td.CopyTo(part)
		part.ResourceSpans().RemoveIf(func(rs ptrace.ResourceSpans) bool {
			rs.ScopeSpans().RemoveIf(func(ss ptrace.ScopeSpans) bool {
				ss.Spans().RemoveIf(func(s ptrace.Span) bool {
					id, ok := s.Attributes().Get(spanattr.AttrSessionID)
					return ok && !take(id.Str()) || !ok && !take(s.TraceID().String())
				})
				return ss.Spans().Len() == 0
			})
			return rs.ScopeSpans().Len() == 0
		})
		sink := &consumertest.MetricsSink{}
		c := started(t, createDefaultConfig().(*Config), sink)
		require.NoError(t, c.ConsumeTraces(t.Context(), part))
		require.NoError(t, c.Shutdown(t.Context()))
		return sink.AllMetrics()
	}
	half := func(session string) bool {
		h := fnv.New32a()
		_, _ = h.Write([]byte(session))
		return h.Sum32()%2 == 0
	}
	one, two := map[string]*total{}, map[string]*total{}
	add(one, counted(func(string) bool { return true }))
	for _, take := range []func(string) bool{half, func(s string) bool { return !half(s) }} {
		part := map[string]*total{}
		all := counted(take)
		add(part, all)
		add(two, all)
		for id, x := range part {
			require.LessOrEqual(t, x.count, one[id].count, id)
		}
		require.NotEmpty(t, part, "both replicas have traffic")
	}
	require.Len(t, two, len(one))
	kinds := map[string]bool{}
	for id, want := range one {
		got := two[id]
		require.NotNil(t, got, id)
		scale := min(want.scale, got.scale)
		if want.scale != math.MaxInt32 {
			want.to(scale)
			got.to(scale)
		}
		require.Equal(t, want.count, got.count, id)
		require.Equal(t, want.buckets, got.buckets, id)
		require.InEpsilon(t, 1+want.sum, 1+got.sum, 1e-12, id)
		kinds[strings.Fields(id)[0]] = true
	}
	for _, m := range []*catalog.Metric{
		catalog.Requests, catalog.Failures, catalog.Spans, catalog.TokenUsage, catalog.Duration, catalog.ScoreCount,
		catalog.ScoreSum, catalog.ScoreSumSq,
		catalog.ScoreFailures, catalog.LimitHits, catalog.Turns,
	} {
		require.True(t, kinds[m.Name], "%s is not in the traffic", m.Name)
	}
}

// TestSeriesOfAServiceAreBoundedWhateverItSends sends values that differ in every span wherever possible, for longer
// than a deployment lives, and counts the exported series of the service.
func TestSeriesOfAServiceAreBoundedWhateverItSends(t *testing.T) {
	t.Run("from one environment", func(t *testing.T) { hostile(t, 1, 1500) })
	t.Run("from many environments", func(t *testing.T) { hostile(t, 40, 100) })
}

func hostile(t *testing.T, environments, least int) {
	t.Helper()
	sink := &consumertest.MetricsSink{}
	c := started(t, createDefaultConfig().(*Config), sink)
	for i := range 3000 {
		td := ptrace.NewTraces()
		rs := td.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr("service.name", "shop")
		rs.Resource().Attributes().PutStr("deployment.environment.name", fmt.Sprint("environment ", i%environments))
		rs.Resource().Attributes().PutStr(spanattr.AttrScorers, fmt.Sprintf("scorer=%d refusal=%d", i, i))
		s := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
		s.SetTraceID(pcommon.TraceID{1, byte(i), byte(i >> 8)})
		s.SetSpanID(pcommon.SpanID{1, byte(i), byte(i >> 8)})
		s.SetStartTimestamp(1)
		s.SetEndTimestamp(pcommon.Timestamp(1 << (i % 40)))
		a := s.Attributes()
		for key, value := range map[string]any{
			"gen_ai.operation.name": []string{"chat", "operation " + fmt.Sprint(i)}[i%2],
			"gen_ai.provider.name":  fmt.Sprint("provider ", i),
			"gen_ai.request.model":  strings.Repeat("m", 10_000) + fmt.Sprint(i),
			"gen_ai.response.model": fmt.Sprint("model ", i),
			"gen_ai.prompt.name":    fmt.Sprint("prompt ", i), "gen_ai.prompt.version": fmt.Sprint(i),
			"gen_ai.usage.input_tokens": i, "gen_ai.usage.output_tokens": -i,
			spanattr.AttrCoverage: fmt.Sprint("coverage ", i), spanattr.AttrErrorClass: "unsafe",
			spanattr.AttrErrorClasses:            []any{"unsafe"},
			spanattr.AttrScorePrefix + "refusal": 0.5, spanattr.AttrScorePrefix + fmt.Sprint("scorer", i): 0.5,
			spanattr.AttrScorePrefix + "nan": math.NaN(),
			spanattr.AttrStratum:             fmt.Sprint(i), spanattr.AttrCostUSD: float64(i),
			spanattr.AttrCostSource: fmt.Sprint("source ", i),
			spanattr.AttrSessionID:  fmt.Sprint("session ", i), spanattr.AttrSessionTurns: i, spanattr.AttrSessionModelCalls: i,
			spanattr.AttrSessionCostUSD: float64(i),
			spanattr.AttrSessionLimit:   fmt.Sprint("limit ", i), spanattr.AttrRetrievalOutcome: fmt.Sprint("outcome ", i),
		} {
			v := pcommon.NewValueEmpty()
			require.NoError(t, v.FromRaw(value))
			v.CopyTo(a.PutEmpty(key))
		}
		require.NoError(t, c.ConsumeTraces(t.Context(), td))
		logs := plog.NewLogs()
		evaluation(logs, "shop", map[string]any{
			spanattr.AttrEvaluationName: fmt.Sprint(
				"judge ",
				i%100,
			),
			spanattr.AttrEvaluationValue:    0.5,
			spanattr.AttrJudgePromptVersion: fmt.Sprint(i),
			"gen_ai.request.model":          fmt.Sprint("model ", i),
			"gen_ai.prompt.version":         fmt.Sprint(i),
		})
		readEvaluations(logs, time.Now(), c.counter.meter)
	}
	require.NoError(t, c.Shutdown(t.Context()))
	all := sink.AllMetrics()
	requireCatalog(t, c.counter.began, all)
	series, unnamed := 0, 0
	seen := map[string]bool{}
	for m := range published(all) {
		count := func(attributes pcommon.Map) {
			id := m.Name()
			for k, v := range attributes.All() {
				id += " " + k + "=" + v.AsString()
			}
			require.False(t, seen[id], "%s occurs twice", id)
			seen[id] = true
			if _, ok := attributes.Get(string(catalog.ServiceName)); ok {
				series++
			} else {
				unnamed++
			}
		}
		switch m.Type() {
		case pmetric.MetricTypeSum:
			for _, p := range m.Sum().DataPoints().All() {
				count(p.Attributes())
			}
		case pmetric.MetricTypeGauge:
			for _, p := range m.Gauge().DataPoints().All() {
				count(p.Attributes())
			}
		case pmetric.MetricTypeExponentialHistogram:
			for _, p := range m.ExponentialHistogram().DataPoints().All() {
				count(p.Attributes())
			}
		}
	}
	t.Logf("%d series of the service, %d without a name", series, unnamed)
	require.LessOrEqual(t, series, 2000)
	require.Greater(t, series, least, "values within the limits have series of their own")
	require.LessOrEqual(t, unnamed, 100)
	requests := uint64(0)
	sums := map[string]*total{}
	add(sums, all)
	for id, x := range sums {
		if strings.HasPrefix(id, "llm.requests ") {
			requests += x.count
		}
	}
	require.Equal(t, uint64(3000), requests, "no request is lost, also not one with an unknown operation")
}
