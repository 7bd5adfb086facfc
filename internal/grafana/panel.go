package grafana

import (
	"fmt"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/heatmap"
	"github.com/grafana/grafana-foundation-sdk/go/logs"
	"github.com/grafana/grafana-foundation-sdk/go/loki"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/tempo"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/failure"
)

// Windows of queries. The rate interval is Grafana's variable: four scrapes, or the resolution of the panel.
const (
	rateInterval = "$__rate_interval"
	wholeRange   = "$__range"
)

// Colours of values beyond a limit.
const (
	warning = "orange"
	bad     = "red"
)

func query(expr, legend string) *prometheus.DataqueryBuilder {
	return prometheus.NewDataqueryBuilder().Expr(expr).LegendFormat(legend).Range().Datasource(promSource())
}

func exemplars(q *prometheus.DataqueryBuilder) *prometheus.DataqueryBuilder { return q.Exemplar(true) }

// by is a legend with the values of labels.
func by(labels ...catalog.Attribute) string {
	fields := make([]string, len(labels))
	for i, l := range labels {
		fields[i] = "{{" + l.Label() + "}}"
	}
	return strings.Join(fields, " ")
}

// perSecond is the rate of a counter by labels.
func perSecond(selector string, labels ...catalog.Attribute) string {
	return sumBy(over("rate", selector, rateInterval), labels...)
}

// inRange is the increase of a counter over the selected range.
func inRange(selector string, labels ...catalog.Attribute) string {
	return sumBy(over("increase", selector, wholeRange), labels...)
}

// orZero is 0 where there is no series, for metrics whose absence is good news.
func orZero(expr string) string { return expr + " or vector(0)" }

func quantiles(m *catalog.Metric) []*prometheus.DataqueryBuilder {
	var queries []*prometheus.DataqueryBuilder
	for _, q := range []struct {
		value  float64
		legend string
	}{{0.5, "p50"}, {0.95, "p95"}, {0.99, "p99"}} {
		queries = append(
			queries,
			query(fmt.Sprintf("histogram_quantile(%g, %s)", q.value, perSecond(slicedBy(m))), q.legend),
		)
	}
	return queries
}

// steps are colours above limits. One limit is bad; of two limits the first is a warning.
func steps(limits ...float64) *dashboard.ThresholdsConfigBuilder {
	all := []dashboard.Threshold{{Color: "text"}}
	colours := []string{warning, bad}
	for i, limit := range limits {
		all = append(all, dashboard.Threshold{Value: new(limit), Color: colours[len(colours)-len(limits)+i]})
	}
	return dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).Steps(all)
}

// floor colours values below a limit.
func floor(limit float64) *dashboard.ThresholdsConfigBuilder {
	return dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).
		Steps([]dashboard.Threshold{{Color: bad}, {Value: new(limit), Color: "text"}})
}

func number(title, unit, description, expr string, limits ...float64) *stat.PanelBuilder {
	return stat.NewPanelBuilder().Title(title).Description(description).Unit(unit).Datasource(promSource()).
		WithTarget(query(expr, title)).Span(4).Height(4).NoValue("–").
		ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"})).
		GraphMode(common.BigValueGraphModeArea).Thresholds(steps(limits...))
}

// total is a number over the whole selected range, so its query is instant.
func total(title, unit, description, expr string, limits ...float64) *stat.PanelBuilder {
	return number(title, unit, description, expr, limits...).GraphMode(common.BigValueGraphModeNone).
		Targets(targets([]*prometheus.DataqueryBuilder{
			prometheus.NewDataqueryBuilder().Expr(expr).LegendFormat(title).Instant().Datasource(promSource()),
		}))
}

func lines(title, unit, description string, queries ...*prometheus.DataqueryBuilder) *timeseries.PanelBuilder {
	return timeseries.NewPanelBuilder().Title(title).Description(description).Unit(unit).Datasource(promSource()).
		Span(12).Height(8).Min(0).FillOpacity(10).ShowPoints(common.VisibilityModeNever).
		Legend(common.NewVizLegendOptionsBuilder().ShowLegend(true).DisplayMode(common.LegendDisplayModeTable).
			Placement(common.LegendPlacementRight).Calcs([]string{"mean", "max"})).
		Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti).
			Sort(common.SortOrderDescending)).
		Targets(targets(queries))
}

func targets(queries []*prometheus.DataqueryBuilder) []cog.Builder[variants.Dataquery] {
	all := make([]cog.Builder[variants.Dataquery], len(queries))
	for i, q := range queries {
		all[i] = q.RefId(string(rune('A' + i)))
	}
	return all
}

// stacked shows parts of a whole.
func stacked(p *timeseries.PanelBuilder) *timeseries.PanelBuilder {
	return p.FillOpacity(40).Stacking(common.NewStackingConfigBuilder().Mode(common.StackingModeNormal).Group("A"))
}

// limited draws the thresholds of the alerts on the panel.
func limited(p *timeseries.PanelBuilder, limits *dashboard.ThresholdsConfigBuilder) *timeseries.PanelBuilder {
	return p.Thresholds(limits).
		ThresholdsStyle(common.NewGraphThresholdsStyleConfigBuilder().Mode(common.GraphThresholdsStyleModeDashed))
}

// linked adds links to the points of a panel.
func linked(p *timeseries.PanelBuilder, links ...*dashboard.DashboardLinkBuilder) *timeseries.PanelBuilder {
	all := make([]cog.Builder[dashboard.DashboardLink], len(links))
	for i, l := range links {
		all[i] = l
	}
	return p.DataLinks(all)
}

// bucketColours are the colours of the buckets in the dark scheme of the review page. Grafana is dark by default.
var bucketColours = map[failure.Bucket]string{
	failure.Ops: "#e2c36b", failure.Structure: "#8db0ff", failure.Quality: "#d3a1ec", failure.Safety: "#ff9a92",
}

// bucketsColoured gives each series named after a bucket the colour of the bucket.
func bucketsColoured(p *timeseries.PanelBuilder) *timeseries.PanelBuilder {
	for _, b := range []failure.Bucket{failure.Ops, failure.Structure, failure.Quality, failure.Safety} {
		p.OverrideByName(string(b), colour("fixed", bucketColours[b]))
	}
	return p
}

// classesColoured gives each series named after a class a shade of its bucket's colour.
func classesColoured(p *timeseries.PanelBuilder) *timeseries.PanelBuilder {
	for _, c := range failure.Classes() {
		p.OverrideByName(string(c.Class), colour("shades", bucketColours[c.Bucket]))
	}
	return p
}

func colour(mode, hex string) []dashboard.DynamicConfigValue {
	return []dashboard.DynamicConfigValue{{Id: "color", Value: map[string]any{"mode": mode, "fixedColor": hex}}}
}

// distribution is a native histogram over time.
func distribution(title, unit, description, expr string) *heatmap.PanelBuilder {
	return heatmap.NewPanelBuilder().Title(title).Description(description).Datasource(promSource()).Span(12).Height(8).
		WithTarget(exemplars(query(expr, title)).RefId("A")).
		Calculate(false).
		YAxis(heatmap.NewYAxisConfigBuilder().Unit(unit).AxisPlacement(common.AxisPlacementLeft)).
		Color(heatmap.NewHeatmapColorOptionsBuilder().Mode(heatmap.HeatmapColorModeScheme).Scheme("Blues").Steps(64).
			Scale(heatmap.HeatmapColorScaleExponential).Exponent(0.5)).
		CellGap(1).ExemplarsColor(bad).ShowLegend().
		Tooltip(heatmap.NewHeatmapTooltipBuilder().Mode(common.TooltipDisplayModeSingle).YHistogram(true))
}

// rows is an empty table.
func rows(title, description string) *table.PanelBuilder {
	return table.NewPanelBuilder().Title(title).Description(description).Span(12).Height(8).
		Footer(common.NewTableFooterOptionsBuilder().Show(false).Reducer([]string{"sum"}))
}

// instant is a query for a table: it is evaluated now, not over a range.
func instant(expr string) *prometheus.DataqueryBuilder {
	return prometheus.NewDataqueryBuilder().Expr(expr).Instant().Format(prometheus.PromQueryFormatTable).
		Datasource(promSource())
}

// columns names, orders and hides the columns of a table.
func columns(p *table.PanelBuilder, hidden []string, named [][2]string) *table.PanelBuilder {
	exclude, rename, index := map[string]any{}, map[string]any{}, map[string]any{}
	for _, name := range hidden {
		exclude[name] = true
	}
	for i, n := range named {
		rename[n[0]], index[n[0]] = n[1], i
	}
	return p.WithTransformation(dashboard.DataTransformerConfig{
		Id: "organize", Options: map[string]any{"excludeByName": exclude, "renameByName": rename, "indexByName": index},
	})
}

// traces is a table of spans that Tempo finds. Each span links to its trace, and its Faultline attributes link to its
// case on the review page.
func traces(title, description, traceql string) *table.PanelBuilder {
	return rows(title, description).Datasource(tempoSource()).
		WithTarget(tempo.NewDataqueryBuilder().QueryType("traceql").Query(traceql).Limit(20).
			TableType(tempo.SearchTableTypeSpans).RefId("A").Datasource(tempoSource())).
		OverrideByRegexp(`app\.llm\..*`, []dashboard.DynamicConfigValue{{Id: "links", Value: []map[string]any{
			{
				"title":       "Case on the review page",
				"url":         "${review}/review/${__data.fields.traceIdHidden}",
				"targetBlank": true,
			},
		}}})
}

// records is a list of log records that Loki finds.
func records(title, description, logql string) *logs.PanelBuilder {
	return logs.NewPanelBuilder().Title(title).Description(description).Datasource(lokiSource()).Span(12).Height(8).
		WithTarget(loki.NewDataqueryBuilder().Expr(logql).MaxLines(100).RefId("A").Datasource(lokiSource())).
		ShowTime(true).EnableLogDetails(true).WrapLogMessage(true).SortOrder(common.LogsSortOrderDescending).
		DedupStrategy(common.LogsDedupStrategyNone)
}
