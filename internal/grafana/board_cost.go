package grafana

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/drift"
)

// costAndSessions shows what traffic costs, how that compares with usual, what failed requests cost, and how long
// sessions are.
//
//nolint:staticcheck // the v2 schema needs Grafana 12; every version in use reads this one
func costAndSessions() (dashboard.Dashboard, error) {
	cost := slicedBy(catalog.Cost)
	wasted := slicedBy(catalog.Cost, eq(catalog.Outcome, "failed"))
	hourly := func(selector string, labels ...catalog.Attribute) string {
		return perSecond(selector, labels...) + " * 3600"
	}
	b := board("Cost and sessions", costUID, "What traffic costs, how that compares with usual, what failed requests "+
		"cost, and how long sessions are. Costs are in US dollars, reported by emitters or computed from the price "+
		"book.", "now-24h")

	b.WithRow(dashboard.NewRowBuilder("Money")).
		WithPanel(number("Spend, last 24 h", "currencyUSD", "Cost of the selected traffic over the last 24 hours.",
			sumBy(over("increase", cost, "24h")))).
		WithPanel(number(
			"Against the usual day",
			"suffix: ×",
			"Cost of the last 24 hours divided by the median day "+
				"of the week before, for the service with the highest ratio. LLMCostSpikeDay fires above 2.",
			recordedOr(
				costRatio,
				catalog.CostBaseline,
				nil,
				append(slices.Clip(scope), eq(catalog.CostWindow, drift.Day.Name))...),
			1.5,
			drift.Day.Limit,
		)).
		WithPanel(number("Cost a request, last hour", "currencyUSD", "Average cost of a request, including failed "+
			"ones.",
			sumBy(over("rate", cost, "1h"))+" / "+sumBy(over("rate", slicedBy(catalog.Requests), "1h"))).Decimals(4)).
		WithPanel(total("Wasted spend", "currencyUSD", "Cost of failed requests in the selected range.",
			orZero(inRange(wasted)))).
		WithPanel(total("Wasted share", "percentunit",
			"Cost of failed requests as a share of all spend in the selected range.",
			"("+orZero(inRange(wasted))+") / ("+inRange(cost)+" > 0)", 0.05, 0.2)).
		WithPanel(total("Sessions over a limit", "short",
			"Sessions that reached a limit of llm_budget in the selected range.",
			orZero(inRange(scoped(catalog.LimitHits))), 0.5)).
		WithPanel(spendBand(cost)).
		WithPanel(limited(lines(
			"Cost against the usual",
			"suffix: ×",
			"24h: the last day divided by the median day "+
				"of the week before; LLMCostSpikeDay fires above 2. 6h: the excess of the last six hours, in median "+
				"days; LLMCostBurst fires above 1.",
			query(
				recordedOr(
					costRatio,
					catalog.CostBaseline,
					[]catalog.Attribute{catalog.ServiceName, catalog.CostWindow},
					scope...),
				by(catalog.ServiceName, catalog.CostWindow),
			),
		), steps(1, drift.Day.Limit))).
		WithPanel(stacked(lines("Spend by model", "currencyUSD", "Dollars per hour.",
			query(hourly(cost, catalog.Model), by(catalog.Model))))).
		WithPanel(stacked(lines(
			"Spend by prompt version",
			"currencyUSD",
			"Dollars per hour.",
			query(
				hourly(cost, catalog.PromptName, catalog.PromptVersion),
				by(catalog.PromptName, catalog.PromptVersion),
			),
		))).
		WithPanel(outcomes(stacked(lines("Spend by outcome", "currencyUSD",
			"Dollars per hour, by the outcome of the request.",
			query(hourly(cost, catalog.Outcome), by(catalog.Outcome)))))).
		WithPanel(stacked(lines("Spend by source", "currencyUSD",
			"Dollars per hour: reported by the emitter, computed from tokens and prices, or estimated.",
			query(hourly(cost, catalog.CostSource), by(catalog.CostSource)))))

	tokens := "histogram_sum(" + over("rate", slicedBy(catalog.TokenUsage), rateInterval) + ")"
	b.WithRow(dashboard.NewRowBuilder("Tokens")).
		WithPanel(stacked(lines("Tokens by type", "short",
			"Tokens per second, by disjoint type: cached tokens count once.",
			query(sumBy(tokens, catalog.TokenType), by(catalog.TokenType))))).
		WithPanel(lines("Read from the cache", "percentunit", "Share of input tokens read from the provider's cache. "+
			"When it drops, the same traffic costs more.",
			query(fmt.Sprintf(
				"(%s) / %s",
				orZero(
					sumBy(
						"histogram_sum("+over(
							"rate",
							slicedBy(catalog.TokenUsage, eq(catalog.TokenType, "cache_read")),
							rateInterval,
						)+")",
					),
				),
				sumBy(
					"histogram_sum("+over(
						"rate",
						slicedBy(catalog.TokenUsage, match{catalog.TokenType, "=~", "input|cache_read|cache_write"}),
						rateInterval,
					)+")",
				),
			), "cache_read")).Max(1))

	turns := []catalog.Attribute{catalog.SessionTurns}
	b.WithRow(dashboard.NewRowBuilder("Sessions")).
		WithPanel(distribution("Cost a session", "currencyUSD", "Ended sessions only.",
			perSecond(scoped(catalog.SessionCost)))).
		WithPanel(distribution("Turns a session", "short", "Ended sessions only.", perSecond(scoped(catalog.Turns)))).
		WithPanel(lines(
			"Failed share by turns",
			"percentunit",
			"Share of failed requests, by turns of the "+
				"conversation so far. It shows whether quality holds in long conversations.",
			query(
				fmt.Sprintf(
					"%s / %s",
					sumBy(
						over(
							"rate",
							slicedBy(
								catalog.Requests,
								eq(catalog.Outcome, "failed"),
								match{catalog.SessionTurns, "!=", ""},
							),
							"30m",
						),
						turns...),
					sumBy(
						over("rate", slicedBy(catalog.Requests, match{catalog.SessionTurns, "!=", ""}), "30m"),
						turns...),
				),
				by(catalog.SessionTurns)+" turns",
			),
		)).
		WithPanel(lines(
			"Sessions that ended",
			"short",
			"Ended sessions per hour.",
			query(
				sumBy(
					"histogram_count("+over("rate", scoped(catalog.Turns), rateInterval)+")",
					catalog.ServiceName,
				)+" * 3600",
				by(catalog.ServiceName),
			),
		)).
		WithPanel(linked(stacked(lines(
			"Sessions over a limit, by limit",
			"short",
			"Sessions per hour that reached a "+
				"limit. Only agents that ask the budget stop.",
			query(
				sumBy(over("increase", scoped(catalog.LimitHits), "1h"), catalog.ServiceName, catalog.SessionLimit),
				by(catalog.ServiceName, catalog.SessionLimit),
			),
		)),
			tracesLink("Traces that reached a limit", spans(notNil(catalog.SessionLimit))))).
		WithPanel(traces(
			"Dearest calls",
			"Calls of more than ten cents, among the traces that sampling kept, with "+
				"the session and its cost so far.",
			spans(
				"span.app.llm.cost.usd > 0.1",
				"span.app.llm.cost.usd",
				"span.app.llm.session.cost_usd",
				"span.app.llm.session.id",
				"span."+string(catalog.Model),
			),
		))
	return b.Build()
}

// spendBand shows the cost of an hour, and as a band the cost of the same hour on the seven days before. Each day is a
// query of its own, because the steps of a subquery would begin at midnight.
func spendBand(cost string) *timeseries.PanelBuilder {
	days := make([]string, 7)
	for i := range days {
		days[i] = fmt.Sprintf(
			`label_replace(sum(increase(%s[1h] offset %dd)), "days_ago", "%d", "", "")`,
			cost,
			i+1,
			i+1,
		)
	}
	same := strings.Join(days, " or ")
	const most, least = "same hour of 7 days, most", "same hour of 7 days, least"
	band := func(under string) []dashboard.DynamicConfigValue {
		all := append(colour("fixed", "#8e8e8e"), dashboard.DynamicConfigValue{Id: "custom.lineWidth", Value: 0})
		if under == "" {
			return all
		}
		return append(
			all,
			dashboard.DynamicConfigValue{Id: "custom.fillBelowTo", Value: under},
			dashboard.DynamicConfigValue{Id: "custom.fillOpacity", Value: 20},
		)
	}
	return lines("Spend an hour", "currencyUSD", "Cost of the preceding hour. The grey band shows the cost of the "+
		"same hour on the seven days before.",
		query(sumBy(over("increase", cost, "1h")), "spend"),
		query("max("+same+")", most),
		query("min("+same+")", least)).
		FillOpacity(0).LineWidth(2).
		Legend(common.NewVizLegendOptionsBuilder().ShowLegend(true).DisplayMode(common.LegendDisplayModeList).
			Placement(common.LegendPlacementBottom).Calcs([]string{})).
		OverrideByName(most, band(least)).
		OverrideByName(least, band(""))
}

// outcomes gives each outcome of a request its colour.
func outcomes(p *timeseries.PanelBuilder) *timeseries.PanelBuilder {
	return p.OverrideByName("ok", colour("fixed", "green")).
		OverrideByName("failed", colour("fixed", bad)).
		OverrideByName("cancelled", colour("fixed", "#8e8e8e"))
}
