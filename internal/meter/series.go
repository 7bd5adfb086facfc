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

// Point is the value of a series at collection. Count is set for counters, Sum for floating-point sums and gauges, and
// Buckets for histograms.
type Point struct {
	Metric     *catalog.Metric
	Attributes []Pair
	Count      uint64
	Sum        float64
	Buckets    *Buckets
	Exemplar   *Exemplar // nil if there is none

	Start time.Time // of a sum or histogram
	Ended bool      // the series ends: there is no value
}

// Exemplar is one span that a series counted.
type Exemplar struct {
	TraceID [16]byte
	SpanID  [8]byte
	Value   float64
	Time    time.Time
}

// exemplarLife is how long an exemplar is exported: longer than a flush interval, so a slower scrape sees it too.
const exemplarLife = time.Minute

// series is one sum or histogram since the start. Its first collection is 0, whatever it counted before: increase()
// does not see a counter that starts at 1.
type series struct {
	metric     *catalog.Metric
	attributes []Pair
	count      uint64
	sum        float64
	buckets    *Buckets
	born       bool
	since      int64 // when it began, Unix nanoseconds
	used       int64 // of skips and suspicions: the last span, Unix nanoseconds

	exemplar Exemplar
	failing  bool // the exemplar is a failed span
	shown    bool // the exemplar was collected, so the next span may replace it
}

var nothing Buckets

// add adds the value of a span: a number of things for counters, a measurement for other instruments.
func (s *series) add(value float64, span *Span) {
	switch s.metric.Instrument {
	case catalog.Counter:
		s.count += uint64(value)
	case catalog.FloatSum:
		s.sum += value
	case catalog.Histogram:
		s.buckets.add(value)
	case catalog.Gauge: // computed at collection
	}
	if s.shown || span.Class != "" && !s.failing || s.exemplar.Time.IsZero() {
		s.exemplar = Exemplar{TraceID: span.TraceID, SpanID: span.SpanID, Value: value, Time: span.Seen}
		s.failing, s.shown = span.Class != "", false
	}
}

// collect emits the value of the series. The first value is 0, unless this is the final collection.
func (s *series) collect(now time.Time, final bool, emit func(Point)) {
	if !s.born {
		s.since = min(s.since, now.UnixNano()) // it may be younger than the time of the collection
	}
	p := Point{Metric: s.metric, Attributes: s.attributes, Start: time.Unix(0, s.since)}
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

// end emits the end of the series, if it was ever collected. Backends then show no value instead of the last one, and a
// later series of the same name begins at a new start time.
func (s *series) end(emit func(Point)) {
	if s.born {
		emit(Point{Metric: s.metric, Attributes: s.attributes, Start: time.Unix(0, s.since), Ended: true})
	}
}
