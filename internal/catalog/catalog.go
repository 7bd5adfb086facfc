// Package catalog defines every metric that Faultline publishes: name, unit, description, instrument and attributes.
// The connector emits from these definitions. Dashboards, alert rules and the reference page are built from them, so a
// panel on a metric that does not exist does not compile.
package catalog

import "strings"

// Instrument is the kind of a metric.
type Instrument uint8

// The instruments. Counters and histograms are cumulative.
const (
	Counter   Instrument = iota // a monotonic sum of whole numbers
	FloatSum                    // a monotonic sum of floating-point numbers
	Histogram                   // an exponential histogram, native in Prometheus
	Gauge
)

// String names the instrument for the reference page.
func (i Instrument) String() string {
	return [...]string{"counter", "counter", "exponential histogram", "gauge"}[i]
}

// Metric is one published metric. Metrics are compared by identity: each has exactly one value.
type Metric struct {
	Name        string
	Unit        string // UCUM; counted things are in braces
	Description string
	Instrument  Instrument
	// Attributes are the metric's own attributes, in addition to Identity and, if Sliced, to Slice.
	Attributes []Attribute
	Sliced     bool

	index int
}

// Index is the metric's position in All, a dense number to index tables with.
func (m *Metric) Index() int { return m.index }

// AllAttributes returns every attribute that a point of the metric can have, in the order of the reference page.
func (m *Metric) AllAttributes() []Attribute {
	all := append([]Attribute(nil), Identity...)
	if m.Sliced {
		all = append(all, Slice...)
	}
	return append(append(all, m.Attributes...), Overflow)
}

// PrometheusName is the metric's name after translation from OTLP: dots become underscores, units in braces vanish,
// s becomes _seconds, counters end in _total, and gauges of unit 1 end in _ratio.
func PrometheusName(m *Metric) string {
	name := underscored(m.Name)
	if m.Unit == "s" {
		name += "_seconds"
	}
	switch m.Instrument {
	case Counter, FloatSum:
		name += "_total"
	case Gauge:
		if m.Unit == "1" {
			name = strings.TrimSuffix(name, "_ratio") + "_ratio"
		}
	case Histogram:
	}
	return name
}

// Attribute is the key of an attribute of a point, from a fixed list.
type Attribute string

// Label is the attribute's name in Prometheus.
func (a Attribute) Label() string { return underscored(string(a)) }

func underscored(s string) string { return strings.ReplaceAll(s, ".", "_") }
