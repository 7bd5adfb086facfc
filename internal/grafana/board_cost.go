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

// costAndSessions is what traffic costs against the usual, what of it was for nothing, and how long conversations go.
//
//nolint:staticcheck // the v2 schema needs Grafana 12; this one is read by all that are in use
func costAndSessions() (dashboard.Dashboard, error) {
	cost := slicedBy(catalog.Cost)
	wasted := slicedBy(catalog.Cost, eq(catalog.Outcome, "failed"))
	hourly := func(selector string, labels ...catalog.Attribute) string {
		return perSecond(selector, labels...) + " * 3600"
	}
	b := board("Cost and sessions", costUID, "What traffic costs against the usual, what of it was for nothing, and how long conversations go. In US dollars, as emitters or the price book say.", "now-24h")

	b.WithRow(dashboard.NewRowBuilder("Money")).
		WithPanel(number("Spend, last 24 h", "currencyUSD", "What the selected traffic cost over the last 24 hours.", sumBy(over("increase", cost, "24h")))).
		WithPanel(number("Against the usual day", "suffix: ×", "The last 24 hours over the median day of the week before, of the service where it is highest. Over 2 is an alert.",
			recordedOr(costRatio, catalog.CostBaseline, nil, append(slices.Clip(scope), eq(catalog.CostWindow, drift.Day.Name))...), 1.5, drift.Day.Limit)).
		WithPanel(number("Cost a request, last hour", "currencyUSD", "Over all requests, failed ones too.",
			sumBy(over("rate", cost, "1h"))+" / "+sumBy(over("rate", slicedBy(catalog.Requests), "1h"))).Decimals(4)).
		WithPanel(total("Wasted spend", "currencyUSD", "What failed requests cost in the range that is shown: spent on nothing.", orNothing(inRange(wasted)))).
		WithPanel(total("Wasted share", "percentunit", "Of the spend in the range that is shown.", "("+orNothing(inRange(wasted))+") / ("+inRange(cost)+" > 0)", 0.05, 0.2)).
		WithPanel(total("Sessions over a limit", "short", "Sessions that reached a limit of llm_budget in the range that is shown.", orNothing(inRange(scoped(catalog.LimitHits))), 0.5)).
		WithPanel(spendBand(cost)).
		WithPanel(limited(lines("Cost against the usual", "suffix: ×", "24h: the last day over the median day of the week before, an alert over 2. 6h: the excess of six hours in median days, a page over 1.",
			query(recordedOr(costRatio, catalog.CostBaseline, []catalog.Attribute{catalog.ServiceName, catalog.CostWindow}, scope...), by(catalog.ServiceName, catalog.CostWindow))), steps(1, drift.Day.Limit))).
		WithPanel(stacked(lines("Spend by model", "currencyUSD", "Dollars an hour.", query(hourly(cost, catalog.Model), by(catalog.Model))))).
		WithPanel(stacked(lines("Spend by prompt version", "currencyUSD", "Dollars an hour.", query(hourly(cost, catalog.PromptName, catalog.PromptVersion), by(catalog.PromptName, catalog.PromptVersion))))).
		WithPanel(outcomes(stacked(lines("Spend by outcome", "currencyUSD", "Dollars an hour. Failed is what was spent on nothing.", query(hourly(cost, catalog.Outcome), by(catalog.Outcome)))))).
		WithPanel(stacked(lines("Spend by source", "currencyUSD", "Dollars an hour: reported by the emitter, computed from tokens and prices, or estimated.", query(hourly(cost, catalog.CostSource), by(catalog.CostSource)))))

	tokens := "histogram_sum(" + over("rate", slicedBy(catalog.TokenUsage), rateInterval) + ")"
	b.WithRow(dashboard.NewRowBuilder("Tokens")).
		WithPanel(stacked(lines("Tokens by type", "short", "A second, by disjoint kinds: cached tokens are counted once.", query(sumBy(tokens, catalog.TokenType), by(catalog.TokenType))))).
		WithPanel(lines("Read from the cache", "percentunit", "Share of input tokens that a cache held. A fall makes the same traffic dearer.",
			query(fmt.Sprintf("(%s) / %s",
				orNothing(sumBy("histogram_sum("+over("rate", slicedBy(catalog.TokenUsage, eq(catalog.TokenType, "cache_read")), rateInterval)+")")),
				sumBy("histogram_sum("+over("rate", slicedBy(catalog.TokenUsage, match{catalog.TokenType, "=~", "input|cache_read|cache_write"}), rateInterval)+")")), "cache_read")).Max(1))

	turns := []catalog.Attribute{catalog.SessionTurns}
	b.WithRow(dashboard.NewRowBuilder("Sessions")).
		WithPanel(distribution("Cost a session", "currencyUSD", "Of sessions that have ended.", perSecond(scoped(catalog.SessionCost)))).
		WithPanel(distribution("Turns a session", "short", "Of sessions that have ended.", perSecond(scoped(catalog.Turns)))).
		WithPanel(lines("Failed share by turns", "percentunit", "By how far the conversation had come: whether quality holds over ten turns.",
			query(fmt.Sprintf("%s / %s", sumBy(over("rate", slicedBy(catalog.Requests, eq(catalog.Outcome, "failed"), match{catalog.SessionTurns, "!=", ""}), "30m"), turns...),
				sumBy(over("rate", slicedBy(catalog.Requests, match{catalog.SessionTurns, "!=", ""}), "30m"), turns...)), by(catalog.SessionTurns)+" turns"))).
		WithPanel(lines("Sessions that ended", "short", "An hour.",
			query(sumBy("histogram_count("+over("rate", scoped(catalog.Turns), rateInterval)+")", catalog.ServiceName)+" * 3600", by(catalog.ServiceName)))).
		WithPanel(linked(stacked(lines("Sessions over a limit, by limit", "short", "In an hour. What an agent does about it depends on whether it asks.",
			query(sumBy(over("increase", scoped(catalog.LimitHits), "1h"), catalog.ServiceName, catalog.SessionLimit), by(catalog.ServiceName, catalog.SessionLimit)))),
			tracesLink("Traces that reached a limit", spans(notNil(catalog.SessionLimit))))).
		WithPanel(traces("Dearest calls", "Calls of more than ten cents, among the traces that sampling kept. The session and its cost so far stand beside.",
			spans("span.app.llm.cost.usd > 0.1", "span.app.llm.cost.usd", "span.app.llm.session.cost_usd", "span.app.llm.session.id", "span."+string(catalog.Model))))
	return b.Build()
}

// spendBand is what an hour costs, in the band of what the same hour cost on the seven days before. The days are spelled out: the steps of
// a subquery would begin at midnight.
func spendBand(cost string) *timeseries.PanelBuilder {
	days := make([]string, 7)
	for i := range days {
		days[i] = fmt.Sprintf(`label_replace(sum(increase(%s[1h] offset %dd)), "days_ago", "%d", "", "")`, cost, i+1, i+1)
	}
	same := strings.Join(days, " or ")
	const most, least = "same hour of 7 days, most", "same hour of 7 days, least"
	band := func(under string) []dashboard.DynamicConfigValue {
		all := append(colour("fixed", "#8e8e8e"), dashboard.DynamicConfigValue{Id: "custom.lineWidth", Value: 0})
		if under == "" {
			return all
		}
		return append(all, dashboard.DynamicConfigValue{Id: "custom.fillBelowTo", Value: under}, dashboard.DynamicConfigValue{Id: "custom.fillOpacity", Value: 20})
	}
	return lines("Spend an hour", "currencyUSD", "What the hour before cost, and in grey what the same hour cost on the seven days before.",
		query(sumBy(over("increase", cost, "1h")), "spend"),
		query("max("+same+")", most),
		query("min("+same+")", least)).
		FillOpacity(0).LineWidth(2).
		Legend(common.NewVizLegendOptionsBuilder().ShowLegend(true).DisplayMode(common.LegendDisplayModeList).Placement(common.LegendPlacementBottom).Calcs([]string{})).
		OverrideByName(most, band(least)).
		OverrideByName(least, band(""))
}

// outcomes gives what became of requests its colours.
func outcomes(p *timeseries.PanelBuilder) *timeseries.PanelBuilder {
	return p.OverrideByName("ok", colour("fixed", "green")).OverrideByName("failed", colour("fixed", bad)).OverrideByName("cancelled", colour("fixed", "#8e8e8e"))
}
