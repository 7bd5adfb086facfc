// Package catalog is every metric that Faultline publishes: name, unit, description, instrument and attributes, defined
// once. The connector emits from these definitions; dashboards, alert rules and the reference page are built from them,
// so that a panel on a metric that does not exist does not compile.
package catalog

import "strings"

// Instrument is how a metric adds up.
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

// Metric is one published metric. Metrics are compared by identity: there is one value for each.
type Metric struct {
	Name        string
	Unit        string // UCUM; what is counted stands in braces
	Description string
	Instrument  Instrument
	// Attributes are those of its own, besides Identity and, where Sliced, Slice.
	Attributes []Attribute
	Sliced     bool

	index int
}

// Index is the metric's place in All, a dense number to key tables with.
func (m *Metric) Index() int { return m.index }

// AllAttributes are all attributes that a point of the metric can carry, in the order of the reference page.
func (m *Metric) AllAttributes() []Attribute {
	all := append([]Attribute(nil), Identity...)
	if m.Sliced {
		all = append(all, Slice...)
	}
	return append(append(all, m.Attributes...), Overflow)
}

// PrometheusName is what the metric is called after translation from OTLP: characters that Prometheus does not know
// become underscores, units in braces vanish, s becomes _seconds, counters end in _total, gauges of unit 1 in _ratio.
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

// Attribute is a key of a point's attributes, out of a fixed list.
type Attribute string

// Label is what the attribute is called in Prometheus.
func (a Attribute) Label() string { return underscored(string(a)) }

func underscored(s string) string { return strings.ReplaceAll(s, ".", "_") }
