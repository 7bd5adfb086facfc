package llmmetricsconnector

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/faultline-otel/faultline/connector/llmmetricsconnector/internal/metadata"
	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/meter"
)

// maxPoints is the approximate number of points in one request: about 2 MB, below the 4 MB default of gRPC receivers.
const maxPoints = 5000

// points builds a request from points. The resource stays empty: the service is in the attributes of a point, which
// every backend keeps.
type points struct {
	start, now pcommon.Timestamp
	md         pmetric.Metrics
	metrics    []pmetric.Metric // by catalog index; zero before its first point
	known      []bool
	n          int
}

func newPoints(start, now time.Time) *points {
	p := &points{start: pcommon.NewTimestampFromTime(start), now: pcommon.NewTimestampFromTime(now)}
	p.reset()
	return p
}

func (p *points) reset() {
	n := len(catalog.All())
	p.md, p.metrics, p.known, p.n = pmetric.NewMetrics(), make([]pmetric.Metric, n), make([]bool, n), 0
}

func (p *points) len() int { return p.n }

// take returns the request and starts a new one.
func (p *points) take() pmetric.Metrics {
	md := p.md
	p.reset()
	return md
}

func (p *points) metric(m *catalog.Metric) pmetric.Metric {
	if p.known[m.Index()] {
		return p.metrics[m.Index()]
	}
	if p.md.ResourceMetrics().Len() == 0 {
		scope := p.md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Scope()
		scope.SetName(metadata.ScopeName)
	}
	out := p.md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().AppendEmpty()
	out.SetName(m.Name)
	out.SetUnit(m.Unit)
	out.SetDescription(m.Description)
	switch m.Instrument {
	case catalog.Counter, catalog.FloatSum:
		sum := out.SetEmptySum()
		sum.SetIsMonotonic(true)
		sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	case catalog.Histogram:
		out.SetEmptyExponentialHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	case catalog.Gauge:
		out.SetEmptyGauge()
	}
	p.metrics[m.Index()], p.known[m.Index()] = out, true
	return out
}

func (p *points) add(point meter.Point) {
	p.n++
	out := p.metric(point.Metric)
	switch point.Metric.Instrument {
	case catalog.Counter:
		dp := p.number(out.Sum().DataPoints(), point)
		if !point.Ended {
			dp.SetIntValue(int64(point.Count))
		}
	case catalog.FloatSum:
		dp := p.number(out.Sum().DataPoints(), point)
		if !point.Ended {
			dp.SetDoubleValue(point.Sum)
		}
	case catalog.Gauge:
		dp := p.number(out.Gauge().DataPoints(), point)
		dp.SetDoubleValue(point.Sum)
	case catalog.Histogram:
		p.histogram(out.ExponentialHistogram().DataPoints().AppendEmpty(), point)
	}
}

func (p *points) number(to pmetric.NumberDataPointSlice, point meter.Point) pmetric.NumberDataPoint {
	dp := to.AppendEmpty()
	dp.SetStartTimestamp(p.startOf(point))
	dp.SetTimestamp(p.now)
	dp.SetFlags(flagsOf(point))
	attributes(dp.Attributes(), point.Attributes)
	exemplar(dp.Exemplars(), point.Exemplar)
	return dp
}

func (p *points) histogram(dp pmetric.ExponentialHistogramDataPoint, point meter.Point) {
	dp.SetStartTimestamp(p.startOf(point))
	dp.SetTimestamp(p.now)
	dp.SetFlags(flagsOf(point))
	attributes(dp.Attributes(), point.Attributes)
	b := point.Buckets
	if b == nil { // the end of a series
		return
	}
	dp.SetCount(b.Count)
	dp.SetSum(b.Sum)
	dp.SetScale(b.Scale)
	dp.SetZeroCount(b.Zero)
	dp.Positive().SetOffset(b.Offset)
	dp.Positive().BucketCounts().FromRaw(b.Counts)
	exemplar(dp.Exemplars(), point.Exemplar)
}

// startOf is when the series began. A gauge has no beginning; it gets that of the connector.
func (p *points) startOf(point meter.Point) pcommon.Timestamp {
	if point.Start.IsZero() {
		return p.start
	}
	return pcommon.NewTimestampFromTime(point.Start)
}

// flagsOf marks the end of a series, which backends take as staleness.
func flagsOf(point meter.Point) pmetric.DataPointFlags {
	return pmetric.DefaultDataPointFlags.WithNoRecordedValue(point.Ended)
}

func attributes(to pcommon.Map, pairs []meter.Pair) {
	to.EnsureCapacity(len(pairs))
	for _, p := range pairs {
		if p.Key == catalog.Overflow {
			to.PutBool(string(p.Key), true)
			continue
		}
		to.PutStr(string(p.Key), p.Value)
	}
}

func exemplar(to pmetric.ExemplarSlice, e *meter.Exemplar) {
	if e == nil {
		return
	}
	out := to.AppendEmpty()
	out.SetTimestamp(pcommon.NewTimestampFromTime(e.Time))
	out.SetTraceID(e.TraceID)
	out.SetSpanID(e.SpanID)
	out.SetDoubleValue(e.Value)
}
