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

// overview shows what fails, how often and where.
//
//nolint:staticcheck // the v2 schema needs Grafana 12; every version in use reads this one
func overview() (dashboard.Dashboard, error) {
	requests := slicedBy(catalog.Requests)
	failed := slicedBy(catalog.Requests, eq(catalog.Outcome, "failed"))
	unsafe := slicedBy(catalog.Failures, eq(catalog.ErrorBucket, string(failure.Safety)))
	firstChunks := perSecond(slicedBy(catalog.TimeToFirstChunk))
	b := board("Overview", OverviewUID, "What fails, how often and where.", "now-3h")

	b.WithRow(dashboard.NewRowBuilder("Now")).
		WithPanel(number("Requests / s", "reqps", "Calls to a model per second.", perSecond(requests))).
		WithPanel(number("Failed requests", "percentunit", "Share of calls that failed, with any failure class.",
			"("+orZero(perSecond(failed))+") / "+perSecond(requests), errorRateSustained, errorRateHigh)).
		WithPanel(total("Safety failures", "short", "Safety failures in the selected range. Every one matters.",
			orZero(inRange(unsafe)), 0.5)).
		WithPanel(number("First token, median", "s", "Half of the streams wait longer.",
			fmt.Sprintf("histogram_quantile(0.5, %s)", firstChunks), firstChunkMedian)).
		WithPanel(number("First token, p99", "s", "One stream in a hundred waits longer.",
			fmt.Sprintf("histogram_quantile(0.99, %s)", firstChunks), firstChunkSlow)).
		WithPanel(number(
			"Not scorable",
			"percentunit",
			"Share of GenAI spans without content, or with truncated "+
				"content. Faultline cannot score what was not recorded.",
			share(
				catalog.Spans,
				match{catalog.Coverage, "=~", "no_content|truncated"},
				match{catalog.Coverage, "!=", "not_llm"},
			),
			0.1,
			0.5,
		)).
		WithPanel(firing()).
		WithPanel(traces(
			"Recent failing traces",
			"The newest failed spans, among the traces that sampling kept. "+
				"Class and evidence link to the case on the review page.",
			spans(
				failing,
				"span."+string(catalog.ErrorClass),
				"span.app.llm.error_detail",
				"span.app.llm.error_evidence",
				"span."+string(catalog.Model),
				"span."+string(catalog.PromptVersion),
			),
		))

	class := "${__field.labels." + catalog.ErrorClass.Label() + "}"
	ofClass := []*dashboard.DashboardLinkBuilder{
		tracesLink("Traces of this class", spans("span."+string(catalog.ErrorClass)+` = "`+class+`"`)),
		link("Cases of this class", "${review}/?class="+class),
	}
	b.WithRow(dashboard.NewRowBuilder("Failures")).
		WithPanel(linked(classesColoured(stacked(lines("Failures by class", "short",
			"Failed spans per second, in shades of the colour of their bucket. Dots are example traces.",
			exemplars(
				query(
					perSecond(slicedBy(catalog.Failures), catalog.ErrorClass),
					by(catalog.ErrorClass),
				),
			)))), ofClass...)).
		WithPanel(bucketsColoured(stacked(lines("Failures by bucket", "short", "Failed spans per second by bucket, "+
			"which names who acts: ops, structure, quality or safety. The review page uses the same colours.",
			query(perSecond(slicedBy(catalog.Failures), catalog.ErrorBucket), by(catalog.ErrorBucket)))))).
		WithPanel(limited(lines(
			"Failed share by service",
			"percentunit",
			"Share of failed requests. Dashed lines "+
				"are the thresholds of LLMErrorRateSustained and LLMErrorRateHigh.",
			query(
				perSecond(failed, catalog.ServiceName)+" / "+perSecond(requests, catalog.ServiceName),
				by(catalog.ServiceName),
			),
		),
			steps(errorRateSustained, errorRateHigh))).
		WithPanel(linked(classesColoured(stacked(lines(
			"Incidents by class",
			"short",
			"Failed traces per second, by "+
				"the class of their root cause, among the traces that sampling kept. Each trace counts once.",
			exemplars(
				query(perSecond(slicedBy(catalog.Incidents), catalog.ErrorClass), by(catalog.ErrorClass)),
			),
		))), ofClass...)).
		WithPanel(worstSlices())

	b.WithRow(dashboard.NewRowBuilder("Traffic")).
		WithPanel(distribution("Time to first chunk", "s", "Streamed requests only. Dots are example traces.",
			perSecond(slicedBy(catalog.TimeToFirstChunk)))).
		WithPanel(limited(lines("Time to first chunk, quantiles", "s",
			"Streamed requests only. Dashed lines are the thresholds of the alerts on p50 and p99.",
			quantiles(catalog.TimeToFirstChunk)...),
			steps(firstChunkMedian, firstChunkSlow))).
		WithPanel(lines("Duration", "s", "Duration of requests.", quantiles(catalog.Duration)...)).
		WithPanel(stacked(lines("Requests by model", "reqps", "Calls per second.",
			query(perSecond(requests, catalog.Model), by(catalog.Model))))).
		WithPanel(stacked(lines("Spans by coverage", "short", "Received spans per second. Every span is one of "+
			"scored, no_content, truncated and not_llm.",
			query(perSecond(scoped(catalog.Spans), catalog.Coverage), by(catalog.Coverage))))).
		WithPanel(lines(
			"Versions in use",
			"short",
			"Number of models and prompt versions in use, by service. A step "+
				"up marks a deployment.",
			query(
				"count by ("+catalog.ServiceName.Label()+") ("+maxBy(
					scoped(catalog.VersionInfo),
					catalog.ServiceName,
					catalog.Model,
					catalog.PromptName,
					catalog.PromptVersion,
				)+")",
				by(catalog.ServiceName),
			),
		))
	return b.Build()
}

// share divides the rate of a counter under one matcher by its rate under another.
func share(m *catalog.Metric, part, whole match) string {
	return "(" + orZero(perSecond(scoped(m, part))) + ") / " + perSecond(scoped(m, whole))
}

// firing lists the alerts that fire now.
func firing() *table.PanelBuilder {
	expr := fmt.Sprintf(
		`sum by (alertname, severity, %s, %s, %s, %s) (%s,%s=~"|$service"})`,
		catalog.ServiceName.Label(),
		catalog.ErrorClass.Label(),
		catalog.Model.Label(),
		catalog.PromptVersion.Label(),
		firingAlerts,
		catalog.ServiceName.Label(),
	)
	p := rows(
		"Firing alerts",
		"Alerts that fire in Prometheus now.",
	).Datasource(promSource()).
		WithTarget(instant(expr).RefId("A")).
		NoValue("No alert fires").
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

// worstSlices is a table of the slices of traffic with the highest failed share. It sorts by the lower confidence bound
// of the share, because a slice of three requests would otherwise always come first.
func worstSlices() *table.PanelBuilder {
	slice := []catalog.Attribute{catalog.ServiceName, catalog.Model, catalog.PromptName, catalog.PromptVersion}
	requests := inRange(slicedBy(catalog.Requests), slice...)
	failed := inRange(slicedBy(catalog.Requests, eq(catalog.Outcome, "failed")), slice...)
	top := "topk(20, " + wilsonLower(failed, "("+requests+" > 0)") + ")"
	of := func(expr string) string { return expr + " and on (" + names(slice) + ") " + top }
	percentage := []dashboard.DynamicConfigValue{{Id: "unit", Value: "percentunit"}, {Id: "decimals", Value: 1}}
	p := rows("Worst slices", "Service, model and prompt version by the lower confidence bound of their failed share "+
		"(Wilson, z = 2), over the selected range.").
		Datasource(promSource()).Span(24).Unit("short").Decimals(0).
		WithTarget(instant(top).RefId("A")).
		WithTarget(instant("("+of(failed)+") / "+requests).RefId("B")).
		WithTarget(instant(of(failed)).RefId("C")).
		WithTarget(instant(of(requests)).RefId("D")).
		WithTransformation(dashboard.DataTransformerConfig{Id: "merge", Options: map[string]any{}}).
		SortBy([]cog.Builder[common.TableSortByFieldState]{
			common.NewTableSortByFieldStateBuilder().DisplayName("At least").Desc(true),
		}).
		OverrideByName("At least", append([]dashboard.DynamicConfigValue{{Id: "thresholds", Value: map[string]any{
			"mode": "absolute",
			"steps": []map[string]any{
				{"color": "text", "value": nil},
				{"color": warning, "value": sliceRate},
				{"color": bad, "value": errorRateHigh},
			},
		}}, {Id: "custom.cellOptions", Value: map[string]any{"type": "color-text"}}}, percentage...)).
		OverrideByName("Failed share", percentage).
		OverrideByName("Service", []dashboard.DynamicConfigValue{{Id: "links", Value: []map[string]any{
			{
				"title":       "Cases of this service",
				"url":         "${review}/?service=${__value.raw:percentencode}",
				"targetBlank": true,
			},
		}}})
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
