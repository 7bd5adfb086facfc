package catalog

import (
	"strings"
	"testing"

	"github.com/prometheus/otlptranslator"
	"github.com/stretchr/testify/require"
)

func TestMetricsAreWellFormed(t *testing.T) {
	names := map[string]bool{}
	for i, m := range All() {
		require.Equal(t, i, m.Index(), m.Name)
		require.Regexp(t, `^(llm|gen_ai)(\.[a-z_]+)+$`, m.Name)
		require.False(t, names[PrometheusName(m)], "two metrics are named %s in Prometheus", PrometheusName(m))
		names[PrometheusName(m)] = true
		require.NotEmpty(t, m.Unit, m.Name)
		require.True(t, strings.HasSuffix(m.Description, "."), "%s: a description is a sentence", m.Name)
		for _, a := range m.AllAttributes() {
			require.NotEmpty(t, Meaning[a], "%s of %s has no meaning", a, m.Name)
		}
	}
}

// TestPrometheusNamesMatchTheTranslator compares PrometheusName with the translator that Prometheus and the
// Collector's exporters use.
func TestPrometheusNamesMatchTheTranslator(t *testing.T) {
	types := map[Instrument]otlptranslator.MetricType{
		Counter: otlptranslator.MetricTypeMonotonicCounter, FloatSum: otlptranslator.MetricTypeMonotonicCounter,
		Histogram: otlptranslator.MetricTypeExponentialHistogram, Gauge: otlptranslator.MetricTypeGauge,
	}
	namer := otlptranslator.MetricNamer{WithMetricSuffixes: true}
	for _, m := range append(All(), &Metric{Name: "llm.some.share", Unit: "1", Instrument: Gauge}) {
		want, err := namer.Build(otlptranslator.Metric{Name: m.Name, Unit: m.Unit, Type: types[m.Instrument]})
		require.NoError(t, err)
		require.Equal(t, want, PrometheusName(m))
	}
}

func TestLabelsMatchTheTranslator(t *testing.T) {
	namer := otlptranslator.LabelNamer{}
	for a := range Meaning {
		want, err := namer.Build(string(a))
		require.NoError(t, err)
		require.Equal(t, want, a.Label())
	}
}

func TestMarkdownNamesEveryMetricAndAttribute(t *testing.T) {
	page := Markdown()
	for _, m := range All() {
		require.Contains(t, page, "| `"+m.Name+"` | `"+PrometheusName(m)+"` |")
		for _, a := range m.AllAttributes() {
			require.Contains(t, page, "| `"+string(a)+"` | `"+a.Label()+"` |")
		}
	}
}
