package grafana

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"github.com/faultline-otel/faultline/internal/catalog"
)

// lastBeforeExport is the processor whose output the exporters of kept traces take.
const lastBeforeExport = `processor="llm_rootcause"`

// faultlineItself shows whether the Collectors lose anything: what they received equals what they exported, hold or
// dropped for a counted reason.
//
//nolint:staticcheck // the v2 schema needs Grafana 12; every version in use reads this one
func faultlineItself() (dashboard.Dashboard, error) {
	b := emptyBoard("Faultline itself", collectorUID, "What the Collectors received, exported, hold and dropped, and "+
		"whether their state is safe.", "now-3h").
		WithVariable(dashboard.NewDatasourceVariableBuilder("prometheus").Label("Prometheus").Type("prometheus")).
		WithVariable(ownVariable("job", "Job", "otelcol_process_uptime")).
		WithVariable(ownVariable("instance", "Collector", `otelcol_process_uptime{job=~"$job"}`)).
		WithVariable(reviewAddress())
	rate := func(counters []string, labels ...catalog.Attribute) string {
		return added("rate", selected(counters...), rateInterval, labels...)
	}
	sum := func(metric string, labels ...catalog.Attribute) string { return sumBy(own(metric), labels...) }
	spans := func(counters []string) string { return own(counters[0]) }
	fill := func(labels ...catalog.Attribute) string {
		each := append(slices.Clip(byCollector), exporterLabel, "data_type")
		return maxBy(sumBy(own(queueSize), each...)+" / "+sumBy(own(queueCapacity), each...), labels...)
	}
	lost := slices.Concat(sendFailed, enqueueFailed)
	received := fmt.Sprintf("%s\n  - %s\n  - (%s)\n  - (%s)", sum(tracesReceived), sum(tracesDecided),
		orZero(sum(droppedTooEarly)), orZero(sum(droppedTooLarge)))
	kept := fmt.Sprintf("%s{%s,job=~\"$job\",instance=~\"$instance\"}", processedItems, lastBeforeExport)
	left := sumBy("\n  "+strings.Join(labelled(spans(exporterSent), spans(sendFailed), spans(enqueueFailed)), "\n  or ")+
		"\n", exporterLabel)
	ofExporter, ofInstance := by(exporterLabel), by(scrapeInstance)

	b.WithRow(dashboard.NewRowBuilder("Now")).
		WithPanel(number("Spans received", "short", "Spans per second that the receivers accepted.",
			sumBy(over("rate", spans(receiverAccepted), rateInterval)))).
		WithPanel(number("Refused now", "short", "Spans, log records and points per second that a receiver or "+
			"memory_limiter refused. Senders retry for a while.",
			orZero(rate(slices.Concat(receiverRefused, receiverFailed, limiterRefused))), 1)).
		WithPanel(total("Dropped", "short", "Spans, log records and points that exporters dropped over the selected "+
			"range.", orZero(added("increase", selected(lost...), wholeRange)), 1)).
		WithPanel(number("Fullest queue", "percentunit", "Highest fill of the queue of an exporter. A full queue drops "+
			"what comes next.", fill(), queueShare, 0.9)).
		WithPanel(number("Largest process", "bytes", "Resident memory of the largest Collector.",
			"max("+own(processRSS)+")")).
		WithPanel(number("Sick review stores", "short", "Collectors whose review store does not work.",
			orZero("count("+minBy(own(reviewStoreHealthy), byCollector...)+" == 0)"), 1))

	b.WithRow(dashboard.NewRowBuilder("Accounting")).
		WithPanel(lines("Received and refused", "short", "Spans, log records and points per second at the receivers.",
			query(rate(receiverAccepted), "accepted"),
			query(orZero(rate(receiverRefused)), "refused"),
			query(orZero(rate(receiverFailed)), "failed"),
			query(orZero(rate(limiterRefused)), "refused by memory_limiter"))).
		WithPanel(stacked(lines("Decisions of sampling", "short", "Traces per second. Kept, not kept and dropped "+
			"before the decision add up to what arrived some seconds before.",
			query(perSecond(own(tracesDecided), "decision"), "{{decision}}"),
			query(orZero(perSecond(own(droppedTooEarly))), "dropped too early"),
			query(orZero(perSecond(own(droppedTooLarge))), "dropped, too large")))).
		WithPanel(lines("Traces that wait for a decision", "short", "Received, less decided, less dropped, since the "+
			"start; and what tail_sampling says that it holds. If the lines differ, traces are lost in silence.",
			query(received, "by counting"), query(sum(tracesHeld), "held"))).
		WithPanel(lines("Kept spans that wait for an exporter", "short", "Spans behind the sampling, less exported, less "+
			"dropped, since the start. They are in the queue or on their way. Below 0: an older queue was on disk.",
			query(fmt.Sprintf("scalar(sum(%s))\n  - %s", kept, left), ofExporter))).
		WithPanel(stacked(lines("Exported", "short", "Spans, log records and points per second that backends took.",
			query(rate(exporterSent, exporterLabel), ofExporter)))).
		WithPanel(stacked(lines("Dropped, by reason", "short", "Spans, log records and points per second that are lost.",
			query(orZero(rate(sendFailed, exporterLabel)), "refused for good "+ofExporter),
			query(orZero(rate(enqueueFailed, exporterLabel)), "queue full "+ofExporter),
			query(orZero(perSecond(own(journalDroppedSpans))), "large traces, by llm_journal"))))

	b.WithRow(dashboard.NewRowBuilder("Queues and process")).
		WithPanel(limited(lines("Queue fill", "percentunit", "Share of the queue that is filled, by exporter. "+
			"LLMCollectorQueueFilling pages above the line.",
			query(fill(exporterLabel), ofExporter)), steps(queueShare)).Max(1)).
		WithPanel(lines("Queue", "short", "What waits, in the unit of the queue: requests, or bytes for llm_review.",
			query(sum(queueSize, exporterLabel), ofExporter))).
		WithPanel(lines("Memory", "bytes", "Resident memory and heap of each Collector.",
			query(maxBy(own(processRSS), scrapeInstance), "resident "+ofInstance),
			query(maxBy(own(processHeap), scrapeInstance), "heap "+ofInstance))).
		WithPanel(lines("CPU", "short", "Cores in use by each Collector.",
			query(perSecond(own(processCPU), scrapeInstance), ofInstance)))

	b.WithRow(dashboard.NewRowBuilder("State")).
		WithPanel(lines("Checkpoints", "short", "Checkpoints per hour that were written, and that were not.",
			query(sumBy(over("increase", own(sessionCheckpoints), "1h")), "sessions, written"),
			query(orZero(sumBy(over("increase", own(sessionCheckpointFailures), "1h"))), "sessions, failed"),
			query(orZero(sumBy(over("increase", own(metricsCheckpointFailures), "1h"))), "metrics, failed"))).
		WithPanel(lines("Files of the storage", "short", "Damaged records, files put aside and files written again, "+
			"per hour.",
			query(orZero(sumBy(over("increase", own(storageDamagedRecords), "1h"))), "damaged records"),
			query(orZero(sumBy(over("increase", own(storageQuarantinedFiles), "1h"))), "files put aside"),
			query(orZero(sumBy(over("increase", own(storageRewrittenFiles), "1h"))), "files written again"))).
		WithPanel(lines("Size of the storage", "bytes", "Bytes on disk, by the component that stores.",
			query(orZero(sum(storageBytes, "client")), "{{client}}"))).
		WithPanel(lines("Journal of failing spans", "short", "Failing spans on disk that wait for sampling; and spans per "+
			"hour that left without sampling, came back after a crash, were dropped from huge traces or not written.",
			query(orZero(sum(journalWaitingSpans)), "waiting"),
			query(orZero(sumBy(over("increase", own(journalRescuedSpans), "1h"))), "left without sampling"),
			query(orZero(sumBy(over("increase", own(journalReplayedSpans), "1h"))), "came back"),
			query(orZero(sumBy(over("increase", own(journalDroppedSpans), "1h"))), "dropped"),
			query(orZero(sumBy(over("increase", own(journalNotJournaledSpans), "1h"))), "not written"))).
		WithPanel(lines("Series", "short", "Series in memory, and services without room for theirs.",
			query(sum(metricsSeries, "connector"), "{{connector}}"),
			query(orZero(sum(metricsOverflowServices)), "services without series"))).
		WithPanel(lines("Metrics", "short", "Spans per second that count without names, and refused flushes per hour.",
			query(orZero(perSecond(own(metricsOverflow))), "under overflow"),
			query(orZero(sumBy(over("increase", own(metricsFlushErrors), "1h"))), "refused flushes"))).
		WithPanel(lines("Scorers that fail", "short", "Failed runs per hour, by scorer and reason.",
			query(orZero(sumBy(over("increase", own(scorerProblems), "1h"), "scorer", "reason")),
				"{{scorer}} {{reason}}"))).
		WithPanel(lines("Webhooks that fail", "short", "Webhooks that wait; and per hour those that the receiver refused "+
			"or that were dropped.",
			query(orZero("sum("+own(webhookWaiting)+")"), "waiting"),
			query(orZero(sumBy(over("increase", own(webhookFailures), "1h"))), "refused"),
			query(orZero(sumBy(over("increase", own(webhookDropped), "1h"))), "dropped")))

	perHour := func(counter string, labels ...catalog.Attribute) string {
		return orZero(sumBy(over("increase", own(counter), "1h"), labels...))
	}
	b.WithRow(dashboard.NewRowBuilder("Judges")).
		WithPanel(lines("Judgements that wait", "short", "Judgements that wait or are being made, by judge.",
			query(orZero(sum(judgeWaiting, connectorLabel)), by(connectorLabel)))).
		WithPanel(stacked(lines("Not judged, by reason", "short", "Judgements per hour that were selected and not made. "+
			"LLMJudgeNotJudging fires when they are many.", query(perHour(judgeNotJudged, "reason"), "{{reason}}")))).
		WithPanel(stacked(lines("Judgements", "short", "Judgements per hour by rubric, and attempts that failed and are "+
			"made again.", query(perHour(judgeJudgements, "rubric"), "{{rubric}}"), query(perHour(judgeRetries), "retries")))).
		WithPanel(lines("Cost of judging", "currencyUSD", "US dollars over 24 hours, and what a cascade saved.",
			query(orZero(sumBy(over("increase", own(judgeSpent), "24h"))), "spent"),
			query(orZero("sum(delta("+own(judgeSaved)+"[24h]))"), "saved")))
	return b.Build()
}

// labelled gives each selector a label of its own, so that or keeps all of them.
func labelled(selectors ...string) []string {
	all := make([]string, len(selectors))
	for i, s := range selectors {
		all[i] = fmt.Sprintf(`label_replace(%s, "counter", "%d", "", "")`, s, i)
	}
	return all
}

// ownVariable is a variable over a label of the Collector's own metrics.
func ownVariable(name, label, series string) *dashboard.QueryVariableBuilder {
	return labelVariable(name, label, fmt.Sprintf("label_values(%s, %s)", series, name))
}
