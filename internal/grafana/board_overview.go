package grafana

import (
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/table"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/failure"
)

// overview is what fails, how often and where.
//
//nolint:staticcheck // the v2 schema needs Grafana 12; this one is read by all that are in use
func overview() (dashboard.Dashboard, error) {
	requests := slicedBy(catalog.Requests)
	failed := slicedBy(catalog.Requests, eq(catalog.Outcome, "failed"))
	unsafe := slicedBy(catalog.Failures, eq(catalog.ErrorBucket, string(failure.Safety)))
	firstChunks := perSecond(slicedBy(catalog.TimeToFirstChunk))
	b := board("Overview", OverviewUID, "What fails, how often and where.", "now-3h")

	b.WithRow(dashboard.NewRowBuilder("Now")).
		WithPanel(number("Requests / s", "reqps", "Calls to a model.", perSecond(requests))).
		WithPanel(number("Failed requests", "percentunit", "Share of the calls that failed, whatever the class.",
			"("+orNothing(perSecond(failed))+") / "+perSecond(requests), errorRateSustained, errorRateHigh)).
		WithPanel(total("Safety failures", "short", "In the range that is shown. Any is too many.", orNothing(inRange(unsafe)), 0.5)).
		WithPanel(number("First token, median", "s", "Half of the streams wait longer.", fmt.Sprintf("histogram_quantile(0.5, %s)", firstChunks), firstChunkMedian)).
		WithPanel(number("First token, p99", "s", "One stream in a hundred waits longer.", fmt.Sprintf("histogram_quantile(0.99, %s)", firstChunks), firstChunkSlow)).
		WithPanel(number("Not scorable", "percentunit", "Share of GenAI spans whose content was not recorded, or was cut. What is not recorded cannot be judged.",
			share(catalog.Spans, match{catalog.Coverage, "=~", "no_content|truncated"}, match{catalog.Coverage, "!=", "not_llm"}), 0.1, 0.5)).
		WithPanel(firing()).
		WithPanel(traces("Recent failing traces", "The newest spans with a failure, among the traces that sampling kept. Class and evidence lead to the case on the review page.",
			spans(failing, "span."+string(catalog.ErrorClass), "span.app.llm.error_detail", "span.app.llm.error_evidence", "span."+string(catalog.Model), "span."+string(catalog.PromptVersion))))

	class := "${__field.labels." + catalog.ErrorClass.Label() + "}"
	ofClass := []*dashboard.DashboardLinkBuilder{
		tracesLink("Traces of this class", spans("span."+string(catalog.ErrorClass)+` = "`+class+`"`)),
		link("Cases of this class", "${review}/?class="+class),
	}
	b.WithRow(dashboard.NewRowBuilder("Failures")).
		WithPanel(linked(classesColoured(stacked(lines("Failures by class", "short", "Failing spans a second, in shades of the colour of their bucket. The dots are traces.", exemplars(
			query(perSecond(slicedBy(catalog.Failures), catalog.ErrorClass), by(catalog.ErrorClass)))))), ofClass...)).
		WithPanel(bucketsColoured(stacked(lines("Failures by bucket", "short", "Who acts: ops, structure, quality, safety. One colour each, here and on the review page.",
			query(perSecond(slicedBy(catalog.Failures), catalog.ErrorBucket), by(catalog.ErrorBucket)))))).
		WithPanel(limited(lines("Failed share by service", "percentunit", "The lines are the limits of LLMErrorRateSustained and LLMErrorRateHigh.",
			query(perSecond(failed, catalog.ServiceName)+" / "+perSecond(requests, catalog.ServiceName), by(catalog.ServiceName))),
			steps(errorRateSustained, errorRateHigh))).
		WithPanel(linked(classesColoured(stacked(lines("Incidents by class", "short", "Traces with a failure a second, each once, by the class that it began with. Among the traces that sampling kept.",
			exemplars(query(perSecond(slicedBy(catalog.Incidents), catalog.ErrorClass), by(catalog.ErrorClass)))))), ofClass...)).
		WithPanel(worst())

	b.WithRow(dashboard.NewRowBuilder("Traffic")).
		WithPanel(distribution("Time to first chunk", "s", "Of streamed requests. The dots are traces.", perSecond(slicedBy(catalog.TimeToFirstChunk)))).
		WithPanel(limited(lines("Time to first chunk, quantiles", "s", "The lines are the limits of the alerts on p50 and p99.", quantiles(catalog.TimeToFirstChunk)...),
			steps(firstChunkMedian, firstChunkSlow))).
		WithPanel(lines("Duration", "s", "Of requests.", quantiles(catalog.Duration)...)).
		WithPanel(stacked(lines("Requests by model", "reqps", "Calls to a model a second.", query(perSecond(requests, catalog.Model), by(catalog.Model))))).
		WithPanel(stacked(lines("Spans by coverage", "short", "Received a second = scored + no_content + truncated + not_llm, to the span.",
			query(perSecond(scoped(catalog.Spans), catalog.Coverage), by(catalog.Coverage))))).
		WithPanel(lines("Versions in use", "short", "Models and prompt versions in use, by service. A line that begins is a deployment.",
			query("count by ("+catalog.ServiceName.Label()+") ("+most(scoped(catalog.VersionInfo), catalog.ServiceName, catalog.Model, catalog.PromptName, catalog.PromptVersion)+")", by(catalog.ServiceName))))
	return b.Build()
}

// share is the part of a counter's rate that one matcher selects of what another does.
func share(m *catalog.Metric, part, whole match) string {
	return "(" + orNothing(perSecond(scoped(m, part))) + ") / " + perSecond(scoped(m, whole))
}

// firing lists the alerts that fire now.
func firing() *table.PanelBuilder {
	expr := fmt.Sprintf(`sum by (alertname, severity, %s, %s, %s, %s) (%s,%s=~"|$service"})`, catalog.ServiceName.Label(), catalog.ErrorClass.Label(),
		catalog.Model.Label(), catalog.PromptVersion.Label(), firingAlerts, catalog.ServiceName.Label())
	p := rows("Firing alerts", "What Prometheus says is firing now. None is good.").Datasource(promSource()).WithTarget(instant(expr).RefId("A")).NoValue("None fires").
		OverrideByName("Alert", []dashboard.DynamicConfigValue{{Id: "links", Value: []map[string]any{{
			"title": "Runbook", "url": repository + "docs/runbooks/${__value.raw}.md", "targetBlank": true,
		}}}})
	return columns(p, []string{"Time", "Value", "Value #A"}, [][2]string{
		{"severity", "Severity"},
		{"alertname", "Alert"},
		{catalog.ServiceName.Label(), "Service"},
		{catalog.ErrorClass.Label(), "Class"},
		{catalog.Model.Label(), "Model"},
		{catalog.PromptVersion.Label(), "Prompt version"},
	})
}

// worst is a table of the slices of traffic that surely fail most: by the least that the share can be, since the largest share is always that
// of a slice of three requests.
func worst() *table.PanelBuilder {
	slice := []catalog.Attribute{catalog.ServiceName, catalog.Model, catalog.PromptName, catalog.PromptVersion}
	requests := inRange(slicedBy(catalog.Requests), slice...)
	failed := inRange(slicedBy(catalog.Requests, eq(catalog.Outcome, "failed")), slice...)
	top := "topk(20, " + wilsonLower(failed, "("+requests+" > 0)") + ")"
	of := func(expr string) string { return expr + " and on (" + names(slice) + ") " + top }
	percentage := []dashboard.DynamicConfigValue{{Id: "unit", Value: "percentunit"}, {Id: "decimals", Value: 1}}
	p := rows("Worst slices", "Service, model and prompt version by the least that their failed share can be (lower Wilson bound, z = 2), over the range that is shown.").
		Datasource(promSource()).Span(24).Unit("short").Decimals(0).
		WithTarget(instant(top).RefId("A")).
		WithTarget(instant("("+of(failed)+") / "+requests).RefId("B")).
		WithTarget(instant(of(failed)).RefId("C")).
		WithTarget(instant(of(requests)).RefId("D")).
		WithTransformation(dashboard.DataTransformerConfig{Id: "merge", Options: map[string]any{}}).
		SortBy([]cog.Builder[common.TableSortByFieldState]{common.NewTableSortByFieldStateBuilder().DisplayName("At least").Desc(true)}).
		OverrideByName("At least", append([]dashboard.DynamicConfigValue{{Id: "thresholds", Value: map[string]any{
			"mode": "absolute", "steps": []map[string]any{{"color": "text", "value": nil}, {"color": warning, "value": sliceRate}, {"color": bad, "value": errorRateHigh}},
		}}, {Id: "custom.cellOptions", Value: map[string]any{"type": "color-text"}}}, percentage...)).
		OverrideByName("Failed share", percentage).
		OverrideByName("Service", []dashboard.DynamicConfigValue{{Id: "links", Value: []map[string]any{{
			"title": "Cases of this service", "url": "${review}/?service=${__value.raw:percentencode}", "targetBlank": true,
		}}}})
	return columns(p, []string{"Time"}, [][2]string{
		{catalog.ServiceName.Label(), "Service"},
		{catalog.Model.Label(), "Model"},
		{catalog.PromptName.Label(), "Prompt"},
		{catalog.PromptVersion.Label(), "Version"},
		{"Value #C", "Failed"},
		{"Value #D", "Requests"},
		{"Value #B", "Failed share"},
		{"Value #A", "At least"},
	})
}
