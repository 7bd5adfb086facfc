package grafana

import (
	"fmt"

	"github.com/faultline-otel/faultline/internal/catalog"
)

// firstChunk is the recorded native histogram of the time to the first chunk, by service and model.
func firstChunk(window string) string {
	return "service_model:gen_ai_time_to_first_chunk_seconds:rate" + window
}

// latency watches how long users wait for the first token.
func latency() ruleGroup {
	g := ruleGroup{Name: "faultline.latency", Interval: "30s"}
	for _, window := range []string{"5m", "30m", "1h"} {
		g.Rules = append(g.Rules, rule{
			Record: firstChunk(
				window,
			),
			Expr: sumBy(over("rate", selector(catalog.TimeToFirstChunk), window), byModel...),
		})
	}
	g.Rules = append(g.Rules, firstChunkMedianHigh(), firstChunkP99High())
	return g
}

func firstChunkMedianHigh() rule {
	return rule{
		Alert: "LLMTimeToFirstTokenP50High",
		Expr: fmt.Sprintf("histogram_quantile(0.5, %[1]s) > %[3]g\nand histogram_quantile(0.5, %[2]s) > %[3]g\n"+
			"and histogram_count(%[1]s) * 1800 >= %[4]d",
			firstChunk("30m"), firstChunk("5m"), firstChunkMedian, firstChunkStreams),
		For: "5m", KeepFiringFor: "10m", Labels: ticket,
		Condition: fmt.Sprintf("the median time to the first token of a model exceeds %s over 30 minutes, and over "+
			"the last 5 minutes", seconds(firstChunkMedian)),
		Guard: fmt.Sprintf("%d streams in 30 minutes", firstChunkStreams),
		Annotations: annotations("LLMTimeToFirstTokenP50High",
			"Half of the streams of {{ $labels.service_name }}"+ofModel+" wait {{ $value | humanizeDuration }} for "+
				"their first token",
			"The median time to the first token in "+ofService+ofModel+" exceeds "+seconds(firstChunkMedian)+".",
			fmt.Sprintf("span.gen_ai.response.time_to_first_chunk > %g", firstChunkMedian)),
	}
}

func firstChunkP99High() rule {
	// The share of slow streams ends the alert, not the quantile: over five minutes the share is more precise.
	slow := func(window string) string {
		return fmt.Sprintf("(1 - histogram_fraction(0, %g, %s))", firstChunkSlow, firstChunk(window))
	}
	return rule{
		Alert: "LLMTimeToFirstTokenP99High",
		Expr: fmt.Sprintf(
			"histogram_quantile(0.99, %s) > %g\nand %s > %g\nand %s * histogram_count(%s) * 3600 >= %d",
			firstChunk(
				"1h",
			),
			firstChunkSlow,
			slow("5m"),
			firstChunkShare,
			slow("1h"),
			firstChunk("1h"),
			firstChunkSlowCount,
		),
		For: "5m", KeepFiringFor: "10m", Labels: page,
		Condition: fmt.Sprintf("more than %s of the streams of a model waited longer than %s for their first token "+
			"over an hour, and over the last 5 minutes",
			percent(firstChunkShare), seconds(firstChunkSlow)),
		Guard: fmt.Sprintf("%d such streams in an hour", firstChunkSlowCount),
		Annotations: annotations(
			"LLMTimeToFirstTokenP99High",
			"Streams of {{ $labels.service_name }}"+ofModel+" wait up to {{ $value | humanizeDuration }} for their "+
				"first token",
			"More than "+percent(
				firstChunkShare,
			)+" of the streams of "+ofService+ofModel+" waited longer than "+seconds(
				firstChunkSlow,
			)+" for their first token.",
			fmt.Sprintf("span.gen_ai.response.time_to_first_chunk > %g", firstChunkSlow),
		),
	}
}
