package grafana

import (
	"encoding/json"
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/failure"
)

// OverviewUID is what alerts and links call the dashboard that one begins at.
const OverviewUID = "faultline-overview"

// Window sizes of queries. The rate interval is Grafana's variable: four scrapes, or the resolution of the panel.
const rateInterval = "$__rate_interval"

// scope narrows every query to what the variables of the dashboard select.
var scope = []match{
	{catalog.Environment, "=~", "$environment"},
	{catalog.ServiceName, "=~", "$service"},
}

// sliced narrows further, for metrics that carry the breakdown.
var sliced = append(scope[:2:2], match{catalog.Model, "=~", "$model"})

// Overview is the dashboard, as a typed model. MarshalOverview writes it.
//
//nolint:staticcheck // the v2 schema needs Grafana 12; this one is read by all that are in use
func Overview() (dashboard.Dashboard, error) {
	requests := selector(catalog.Requests, sliced...)
	failed := selector(catalog.Requests, append(sliced[:3:3], eq(catalog.Outcome, "failed"))...)
	failures := selector(catalog.Failures, sliced...)
	unsafe := selector(catalog.Failures, append(sliced[:3:3], eq(catalog.ErrorBucket, string(failure.Safety)))...)
	b := dashboard.NewDashboardBuilder("Faultline / Overview").
		Uid(OverviewUID).
		Description("What fails, how often and where. Written by cmd/gen from internal/grafana.").
		Tags([]string{"faultline", "llm"}).
		Readonly().
		Tooltip(dashboard.DashboardCursorSyncCrosshair).
		Time("now-3h", "now").
		Refresh("30s").
		WithVariable(dashboard.NewDatasourceVariableBuilder("prometheus").Label("Prometheus").Type("prometheus")).
		WithVariable(variable("environment", "Environment", catalog.Environment)).
		WithVariable(variable("service", "Service", catalog.ServiceName)).
		WithVariable(variable("model", "Model", catalog.Model))

	b.WithRow(dashboard.NewRowBuilder("Now")).
		WithPanel(number("Requests / s", "reqps", "Calls to a model.",
			sumBy(over("rate", requests, rateInterval)), nil)).
		WithPanel(number("Failed requests", "percentunit", "Share of the calls that failed, whatever the class.",
			sumBy(over("rate", failed, rateInterval))+" / "+sumBy(over("rate", requests, rateInterval)), []float64{0.02, 0.05})).
		WithPanel(number("Safety failures", "short", "In the range that is shown. Any is too many.",
			sumBy(over("increase", unsafe, "$__range"))+" or vector(0)", []float64{0.5})).
		WithPanel(number("Not scorable", "percentunit", "Share of GenAI spans whose content was not recorded, or was cut. What is not recorded cannot be judged.",
			share(catalog.Spans, match{catalog.Coverage, "=~", "no_content|truncated"}, match{catalog.Coverage, "!=", "not_llm"}), []float64{0.1, 0.5}))

	b.WithRow(dashboard.NewRowBuilder("Failures")).
		WithPanel(lines("Failures by class", "short", "Failing spans a second. The dots are traces.", true, exemplars(
			query(sumBy(over("rate", failures, rateInterval), catalog.ErrorClass), "{{"+catalog.ErrorClass.Label()+"}}")))).
		WithPanel(buckets(lines("Failures by bucket", "short", "Who acts: ops, structure, quality, safety. One colour each, here and on the review page.", true,
			query(sumBy(over("rate", failures, rateInterval), catalog.ErrorBucket), "{{"+catalog.ErrorBucket.Label()+"}}")))).
		WithPanel(lines("Failed share by service", "percentunit", "", false,
			query(sumBy(over("rate", failed, rateInterval), catalog.ServiceName)+" / "+sumBy(over("rate", requests, rateInterval), catalog.ServiceName),
				"{{"+catalog.ServiceName.Label()+"}}"))).
		WithPanel(worst("Worst slices", failed, requests))

	b.WithRow(dashboard.NewRowBuilder("Traffic")).
		WithPanel(lines("Duration", "s", "Of requests, from exponential histograms.", false,
			quantiles(catalog.Duration)...)).
		WithPanel(lines("Time to first chunk", "s", "Of streamed requests.", false,
			quantiles(catalog.TimeToFirstChunk)...)).
		WithPanel(lines("Tokens", "short", "A second, by disjoint kinds: cached tokens are counted once.", true,
			query(sumBy("histogram_sum("+over("rate", selector(catalog.TokenUsage, sliced...), rateInterval)+")", catalog.TokenType),
				"{{"+catalog.TokenType.Label()+"}}"))).
		WithPanel(lines("Cost", "currencyUSD", "Dollars an hour, by outcome: failed is what was spent on nothing. Only what emitters or a price book say.", true,
			query(sumBy(over("rate", selector(catalog.Cost, sliced...), rateInterval), catalog.Outcome)+" * 3600", "{{"+catalog.Outcome.Label()+"}}"))).
		WithPanel(lines("Scores", "percentunit", "Mean of each scorer; 1 is good.", false,
			query(sumBy(over("rate", selector(catalog.ScoreSum, sliced...), rateInterval), catalog.Evaluation)+" / "+
				sumBy(over("rate", selector(catalog.ScoreCount, sliced...), rateInterval), catalog.Evaluation), "{{"+catalog.Evaluation.Label()+"}}"))).
		WithPanel(lines("Spans by coverage", "short", "Received = scored + no_content + truncated + not_llm, to the span.", true,
			query(sumBy(over("rate", selector(catalog.Spans, scope...), rateInterval), catalog.Coverage), "{{"+catalog.Coverage.Label()+"}}")))
	return b.Build()
}

// MarshalOverview is the dashboard as the JSON that Grafana provisions.
func MarshalOverview() ([]byte, error) {
	d, err := Overview()
	if err != nil {
		return nil, fmt.Errorf("build dashboard: %w", err)
	}
	out, err := json.MarshalIndent(d, "", "  ")
	return append(out, '\n'), err
}

// share is the part of a counter's rate that one matcher selects of what another does.
func share(m *catalog.Metric, part, whole match) string {
	return "(" + sumBy(over("rate", selector(m, append(scope[:2:2], part)...), rateInterval)) + " or vector(0)) / " +
		sumBy(over("rate", selector(m, append(scope[:2:2], whole)...), rateInterval))
}

func quantiles(m *catalog.Metric) []*prometheus.DataqueryBuilder {
	var queries []*prometheus.DataqueryBuilder
	for _, q := range []struct {
		value  float64
		legend string
	}{{0.5, "p50"}, {0.95, "p95"}, {0.99, "p99"}} {
		queries = append(queries, query(
			fmt.Sprintf("histogram_quantile(%g, %s)", q.value, sumBy(over("rate", selector(m, sliced...), rateInterval))), q.legend))
	}
	return queries
}

func source() common.DataSourceRef {
	return common.DataSourceRef{Type: new("prometheus"), Uid: new("${prometheus}")}
}

func variable(name, label string, attribute catalog.Attribute) *dashboard.QueryVariableBuilder {
	q := fmt.Sprintf("label_values(%s, %s)", catalog.PrometheusName(catalog.Requests), attribute.Label())
	all := dashboard.StringOrArrayOfString{ArrayOfString: []string{"$__all"}}
	return dashboard.NewQueryVariableBuilder(name).Label(label).
		Query(dashboard.StringOrMap{String: &q}).Datasource(source()).
		Refresh(dashboard.VariableRefreshOnTimeRangeChanged).Sort(dashboard.VariableSortAlphabeticalAsc).
		Multi(true).IncludeAll(true).AllValue(".*").
		Current(dashboard.VariableOption{Selected: new(true), Text: dashboard.StringOrArrayOfString{ArrayOfString: []string{"All"}}, Value: all})
}

func query(expr, legend string) *prometheus.DataqueryBuilder {
	return prometheus.NewDataqueryBuilder().Expr(expr).LegendFormat(legend).Range().Datasource(source())
}

func exemplars(q *prometheus.DataqueryBuilder) *prometheus.DataqueryBuilder { return q.Exemplar(true) }

func number(title, unit, description, expr string, limits []float64) *stat.PanelBuilder {
	p := stat.NewPanelBuilder().Title(title).Description(description).Unit(unit).Datasource(source()).
		WithTarget(query(expr, title)).Span(6).Height(4).
		ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"})).
		GraphMode(common.BigValueGraphModeArea)
	steps := []dashboard.Threshold{{Color: "text"}}
	colours := []string{"orange", "red"}
	for i, limit := range limits {
		steps = append(steps, dashboard.Threshold{Value: new(limit), Color: colours[len(colours)-len(limits)+i]})
	}
	return p.Thresholds(dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).Steps(steps))
}

func lines(title, unit, description string, stacked bool, queries ...*prometheus.DataqueryBuilder) *timeseries.PanelBuilder {
	p := timeseries.NewPanelBuilder().Title(title).Description(description).Unit(unit).Datasource(source()).
		Span(12).Height(8).Min(0).FillOpacity(10).ShowPoints(common.VisibilityModeNever).
		Legend(common.NewVizLegendOptionsBuilder().ShowLegend(true).DisplayMode(common.LegendDisplayModeTable).
			Placement(common.LegendPlacementRight).Calcs([]string{"mean", "max"})).
		Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti).Sort(common.SortOrderDescending))
	targets := make([]cog.Builder[variants.Dataquery], len(queries))
	for i, q := range queries {
		targets[i] = q.RefId(string(rune('A' + i)))
	}
	p.Targets(targets)
	if stacked {
		p.FillOpacity(40).Stacking(common.NewStackingConfigBuilder().Mode(common.StackingModeNormal).Group("A"))
	}
	return p
}

// bucketColours are the colours of the buckets, as on the review page.
var bucketColours = map[failure.Bucket]string{
	failure.Ops: "#c99a2e", failure.Structure: "#2457c5", failure.Quality: "#8b3fb0", failure.Safety: "#b3261e",
}

func buckets(p *timeseries.PanelBuilder) *timeseries.PanelBuilder {
	for _, b := range []failure.Bucket{failure.Ops, failure.Structure, failure.Quality, failure.Safety} {
		p.OverrideByName(string(b), []dashboard.DynamicConfigValue{{
			Id: "color", Value: map[string]any{"mode": "fixed", "fixedColor": bucketColours[b]},
		}})
	}
	return p
}

// worst is a table of the slices of traffic with the largest failed share, among those with enough requests to say.
func worst(title, failed, requests string) *table.PanelBuilder {
	by := []catalog.Attribute{catalog.ServiceName, catalog.Model, catalog.PromptName, catalog.PromptVersion}
	expr := fmt.Sprintf("topk(20, %s / (%s >= 20))",
		sumBy(over("increase", failed, "$__range"), by...), sumBy(over("increase", requests, "$__range"), by...))
	return table.NewPanelBuilder().Title(title).Datasource(source()).Span(12).Height(8).Unit("percentunit").
		Footer(common.NewTableFooterOptionsBuilder().Show(false).Reducer([]string{"sum"})).
		Description("Failed share by service, model and prompt over the range that is shown, among slices of at least 20 requests.").
		WithTarget(prometheus.NewDataqueryBuilder().Expr(expr).Instant().Format(prometheus.PromQueryFormatTable).Datasource(source())).
		WithTransformation(dashboard.DataTransformerConfig{Id: "organize", Options: map[string]any{"excludeByName": map[string]any{"Time": true}}})
}
