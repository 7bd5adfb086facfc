package grafana

import (
	"fmt"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/catalog"
)

// Labels of the Collector's own metrics. Prometheus adds job and instance. Each Collector is watched alone: its queue
// and its memory do not add up with those of others.
const (
	scrapeInstance catalog.Attribute = "instance"
	exporterLabel  catalog.Attribute = "exporter"
)

var byCollector = []catalog.Attribute{scrapeJob, scrapeInstance}

// collectors watches the Collector itself: what it lost, refused or could not write.
func collectors() ruleGroup {
	return ruleGroup{Name: "faultline.collector", Interval: "30s", Rules: []rule{
		dropsData(), queueFilling(), refusesData(), samplesTooEarly(), checkpointFailing(), storageDamaged(),
		journalFailing(), reviewStoreUnhealthy(), webhookFailing(), scorerFailing(), seriesOverflow(),
		judgeNotJudging(),
	}}
}

// increased is true for ten minutes after any of some counters rose.
func increased(counters []string, labels ...catalog.Attribute) string {
	parts := make([]string, len(counters))
	for i, counter := range counters {
		parts[i] = anyIncrease(counter, labels...)
	}
	return strings.Join(parts, "\nor ")
}

// added is the sum of a function of some counters by labels. A counter that never rose has no series.
func added(function string, counters []string, window string, labels ...catalog.Attribute) string {
	rates := make([]string, len(counters))
	for i, counter := range counters {
		rates[i] = over(function, counter, window)
	}
	return sumBy("\n  "+strings.Join(labelled(rates...), "\n  or ")+"\n", labels...)
}

// selected narrows each of some counters to the selection of the dashboard.
func selected(counters ...string) []string {
	all := slices.Clone(counters)
	for i := range all {
		all[i] = own(all[i])
	}
	return all
}

const ofCollector = "{{ $labels.instance }}"

func dropsData() rule {
	return rule{
		Alert: "LLMCollectorDropsData",
		Expr:  increased(slices.Concat(sendFailed, enqueueFailed), append(slices.Clip(byCollector), exporterLabel)...),

		KeepFiringFor: "15m", Labels: page,
		Condition: "an exporter dropped spans, log records or metric points within 10 minutes, because the backend " +
			"refused them for good or the queue is full",
		Guard: "none: what is dropped here is lost",
		Annotations: ofTheCollector("LLMCollectorDropsData",
			"Exporter {{ $labels.exporter }} of "+ofCollector+" drops data",
			"Exporter {{ $labels.exporter }} of the Collector "+ofCollector+" dropped data within 10 minutes. Either the "+
				"backend refuses it for good, or the queue is full."),
	}
}

func queueFilling() rule {
	labels := append(slices.Clip(byCollector), exporterLabel, "data_type")
	return rule{
		Alert: "LLMCollectorQueueFilling",
		Expr: fmt.Sprintf("%s\n  / %s > %g", maxBy(queueSize, labels...), maxBy(queueCapacity, labels...),
			queueShare),
		For: "5m", KeepFiringFor: "5m", Labels: page,
		Condition: fmt.Sprintf("the queue of an exporter is filled to more than %s", percent(queueShare)),
		Guard:     "the condition holds for 5 minutes",
		Annotations: ofTheCollector("LLMCollectorQueueFilling",
			"The queue of {{ $labels.exporter }} of "+ofCollector+" is {{ $value | humanizePercentage }} full",
			"The backend of {{ $labels.exporter }} is down or too slow. When the queue is full, the Collector "+
				ofCollector+" drops what comes next."),
	}
}

func refusesData() rule {
	return rule{
		Alert: "LLMCollectorRefusesData",
		Expr: fmt.Sprintf("%[1]s\n  > %[2]g * (%[3]s)", added("rate", slices.Concat(receiverRefused,
			receiverFailed, limiterRefused), "5m", byCollector...), refusedShare,
			added("rate", slices.Concat(receiverAccepted, receiverRefused, receiverFailed), "5m", byCollector...)),
		For: "2m", KeepFiringFor: "10m", Labels: page,
		Condition: fmt.Sprintf("a Collector refuses more than %s of what arrives, at the receiver or because "+
			"`memory_limiter` has reached its limit", percent(refusedShare)),
		Guard: "over 5 minutes; the condition holds for 2 minutes",
		Annotations: ofTheCollector("LLMCollectorRefusesData",
			"The Collector "+ofCollector+" refuses data",
			"The Collector "+ofCollector+" refuses {{ $value | humanize }} spans, log records or points per second. "+
				"Senders retry for a while, then they drop."),
	}
}

func samplesTooEarly() rule {
	return rule{
		Alert: "LLMCollectorSamplesTooEarly",
		Expr:  increased([]string{droppedTooEarly, droppedTooLarge, journalDroppedSpans}, byCollector...),

		KeepFiringFor: "15m", Labels: page,
		Condition: "`tail_sampling` let go of traces before it decided on them, or because they are too large, or " +
			"`llm_journal` dropped spans of large traces, within 10 minutes",
		Guard: "none: the dropped traces are incomplete, and without `llm_journal` failing ones are lost",
		Annotations: ofTheCollector("LLMCollectorSamplesTooEarly",
			"The Collector "+ofCollector+" drops traces before it decides on them",
			"More traces arrive at "+ofCollector+" than tail_sampling can hold until its decision, or some are very large. "+
				"The oldest, or the rest of a large one, is dropped. Of failing ones, llm_journal delivers the failing spans "+
				"later; without it they are lost."),
	}
}

func checkpointFailing() rule {
	return rule{
		Alert: "LLMCollectorCheckpointFailing",
		Expr:  increased([]string{metricsCheckpointFailures, sessionCheckpointFailures, storageFailures}, byCollector...),
		For:   "2m", KeepFiringFor: "10m", Labels: ticket,
		Condition: "`llm_session` or `llm_metrics` could not write a checkpoint, or `llm_storage` a file, within 10 minutes",
		Guard:     "the next checkpoint has the same changes; the condition holds for 2 minutes",
		Annotations: ofTheCollector("LLMCollectorCheckpointFailing",
			"The Collector "+ofCollector+" cannot write its checkpoints",
			"A restart of "+ofCollector+" now loses sessions, drift or known versions since the last checkpoint that was "+
				"written."),
	}
}

func storageDamaged() rule {
	return rule{
		Alert: "LLMCollectorStorageDamaged",
		Expr: increased([]string{storageDamagedRecords, storageQuarantinedFiles, storageRewrittenFiles},
			byCollector...),

		KeepFiringFor: "1h", Labels: ticket,
		Condition: "`llm_storage` found damaged records, put a file aside or wrote a lost one again within 10 minutes",
		Guard:     "none: files do not change by themselves",
		Annotations: ofTheCollector("LLMCollectorStorageDamaged",
			"A file below the data folder of "+ofCollector+" was damaged or removed",
			"The Collector "+ofCollector+" goes on with what it could read. What was lost is in its log."),
	}
}

func journalFailing() rule {
	return rule{
		Alert: "LLMCollectorJournalFailing",
		Expr:  increased([]string{journalNotJournaledSpans, journalUnreadableEntries}, byCollector...),
		For:   "2m", KeepFiringFor: "10m", Labels: ticket,
		Condition: "`llm_journal` passed failing spans on without writing them, or could not read what it had written, " +
			"within 10 minutes",
		Guard: "the condition holds for 2 minutes",
		Annotations: ofTheCollector("LLMCollectorJournalFailing",
			"The journal of "+ofCollector+" does not hold all failing spans",
			"A crash of "+ofCollector+" now loses failing spans that wait for the decision of tail_sampling."),
	}
}

func reviewStoreUnhealthy() rule {
	return rule{
		Alert: "LLMReviewStoreUnhealthy",
		Expr:  fmt.Sprintf("%s == 0", minBy(reviewStoreHealthy, byCollector...)),
		For:   "1m", KeepFiringFor: "5m", Labels: page,
		Condition: "the review store cannot be read or written",
		Guard:     "the condition holds for a minute",
		Annotations: ofTheCollector("LLMReviewStoreUnhealthy",
			"The review store of "+ofCollector+" does not work",
			"The review store of the Collector "+ofCollector+" is damaged, gone or out of space. New cases wait in the "+
				"queue of the exporter."),
	}
}

func webhookFailing() rule {
	return rule{
		Alert: "LLMCollectorWebhookFailing",
		Expr:  increased([]string{webhookFailures, webhookDropped}, byCollector...),

		KeepFiringFor: "15m", Labels: ticket,
		Condition: "`llm_budget` gave up on a webhook, or had no room for it, within 10 minutes",
		Guard:     "none: the receiver was not told that a session is stopped",
		Annotations: ofTheCollector("LLMCollectorWebhookFailing",
			"A webhook of "+ofCollector+" was not delivered",
			"The Collector "+ofCollector+" gave up on a webhook. An agent that waits for it does not know that its "+
				"session is over a limit."),
	}
}

func scorerFailing() rule {
	labels := append(slices.Clip(byCollector), "scorer", "reason")
	return rule{
		Alert: "LLMCollectorScorerFailing",
		Expr: fmt.Sprintf("%s > %d", sumBy(over("increase", scorerProblems, "1h"), labels...),
			scorerProblemCount),
		For: "5m", KeepFiringFor: "1h", Labels: ticket,
		Condition: fmt.Sprintf("a scorer failed more than %d times in an hour for one reason", scorerProblemCount),
		Guard:     "more than the number in the condition; it holds for 5 minutes",
		Annotations: ofTheCollector("LLMCollectorScorerFailing",
			"Scorer {{ $labels.scorer }} fails on "+ofCollector+" ({{ $labels.reason }})",
			"Scorer {{ $labels.scorer }} failed {{ $value | humanize }} times in an hour ({{ $labels.reason }}). It gave "+
				"no score, so failures that only it finds go unnoticed."),
	}
}

func seriesOverflow() rule {
	return rule{
		Alert: "LLMSeriesOverflow",
		Expr: fmt.Sprintf("%s > 0", sumBy(over("increase", metricsOverflow, "15m"),
			append(slices.Clip(byCollector), "connector")...)),
		For: "30m", KeepFiringFor: "30m", Labels: ticket,
		Condition: "`llm_metrics` has no room for the series of a service or prompt, so that their spans count without " +
			"names",
		Guard: "for 30 minutes: what is idle makes room by itself",
		Annotations: ofTheCollector("LLMSeriesOverflow",
			"{{ $labels.connector }} of "+ofCollector+" has no room for new series",
			"{{ $value | humanize }} spans counted under otel.metric.overflow in 15 minutes. Alerts and panels do not "+
				"see their service, model or prompt. The log of the Collector names the services once."),
	}
}

// ofTheCollector returns the texts and links of an alert about a Collector.
func ofTheCollector(alert, summary, description string) map[string]string {
	return map[string]string{
		"summary":     summary,
		"description": description + " Look in this order: intake, processing, storage, backends.",
		"runbook_url": repository + "docs/runbooks/" + alert + ".md",
		"dashboard": grafanaURL + "/d/" + boardOf(alert) + "?" + parameter("var-job", scrapeJob) +
			parameter("&var-instance", scrapeInstance),
	}
}
