package meter

import (
	"time"

	"github.com/faultline-otel/faultline/internal/catalog"
)

// Pair is an attribute of a series.
type Pair struct {
	Key   catalog.Attribute
	Value string
}

// Point is the value of a series when it is collected. Count is set for counters, Sum for sums of floating-point numbers and gauges,
// Buckets for histograms.
type Point struct {
	Metric     *catalog.Metric
	Attributes []Pair
	Count      uint64
	Sum        float64
	Buckets    *Buckets
	Exemplar   *Exemplar // nil where there is none
}

// Exemplar is one span that a series counted.
type Exemplar struct {
	TraceID [16]byte
	SpanID  [8]byte
	Value   float64
	Time    time.Time
}

// exemplarLife is how long an exemplar is shown: longer than a flush, so that a scrape that comes less often sees it too.
const exemplarLife = time.Minute

// series is one sum or histogram since the start. It is 0 in the first collection, whatever it counted before: a counter
// that is born at 1 is invisible to increase().
type series struct {
	metric     *catalog.Metric
	attributes []Pair
	count      uint64
	sum        float64
	buckets    *Buckets
	born       bool

	exemplar Exemplar
	failing  bool // the exemplar is a failing span
	shown    bool // the exemplar was collected, so that the next span may replace it
}

var nothing Buckets

// add counts the value of a span: for counters a number of things, for the others a measurement.
func (s *series) add(value float64, span *Span) {
	switch s.metric.Instrument {
	case catalog.Counter:
		s.count += uint64(value)
	case catalog.FloatSum:
		s.sum += value
	case catalog.Histogram:
		s.buckets.add(value)
	case catalog.Gauge: // those are computed when they are collected
	}
	if s.shown || span.Class != "" && !s.failing || s.exemplar.Time.IsZero() {
		s.exemplar = Exemplar{TraceID: span.TraceID, SpanID: span.SpanID, Value: value, Time: span.Seen}
		s.failing, s.shown = span.Class != "", false
	}
}

// collect hands out the value of the series: 0 the first time, unless there will be no second.
func (s *series) collect(now time.Time, final bool, emit func(Point)) {
	p := Point{Metric: s.metric, Attributes: s.attributes}
	if !s.born && !final {
		s.born = true
		if s.buckets != nil {
			p.Buckets = &nothing
		}
		emit(p)
		return
	}
	p.Count, p.Sum, p.Buckets = s.count, s.sum, s.buckets
	if !s.exemplar.Time.IsZero() && now.Sub(s.exemplar.Time) < exemplarLife {
		p.Exemplar = &s.exemplar
		s.shown = true
	}
	emit(p)
}
