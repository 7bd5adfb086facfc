package grafana

import (
	"fmt"

	"github.com/faultline-otel/faultline/internal/catalog"
)

// The Collector's own metrics that rules and panels use, as its Prometheus endpoint names them. The first group comes
// from the Collector and its components, the second from ours, which declare them in their metadata.yaml. The catalog
// has the metrics of traffic.
var (
	receiverAccepted = bySignal("otelcol_receiver_accepted_")
	receiverRefused  = bySignal("otelcol_receiver_refused_")
	receiverFailed   = bySignal("otelcol_receiver_failed_")
	limiterRefused   = bySignal("otelcol_processor_memory_limiter_refused_")
	exporterSent     = bySignal("otelcol_exporter_sent_")
	sendFailed       = bySignal("otelcol_exporter_send_failed_")
	enqueueFailed    = bySignal("otelcol_exporter_enqueue_failed_")
)

const (
	queueSize     = "otelcol_exporter_queue_size"
	queueCapacity = "otelcol_exporter_queue_capacity"

	processedItems = "otelcol_processor_outgoing_items"

	tracesReceived  = "otelcol_processor_tail_sampling_new_trace_id_received"
	tracesDecided   = "otelcol_processor_tail_sampling_global_count_traces_sampled"
	tracesHeld      = "otelcol_processor_tail_sampling_sampling_traces_on_memory"
	droppedTooEarly = "otelcol_processor_tail_sampling_sampling_trace_dropped_too_early"
	droppedTooLarge = "otelcol_processor_tail_sampling_traces_dropped_too_large"

	processRSS  = "otelcol_process_memory_rss"
	processHeap = "otelcol_process_runtime_heap_alloc_bytes"
	processCPU  = "otelcol_process_cpu_seconds"
)

const (
	reviewOpen         = "otelcol_llm_review_open_items"
	reviewOldestAge    = "otelcol_llm_review_oldest_open_age_seconds"
	reviewStoreHealthy = "otelcol_llm_review_store_healthy"

	metricsCheckpointFailures = "otelcol_llm_metrics_checkpoint_failures"
	metricsFlushErrors        = "otelcol_llm_metrics_flush_errors"
	metricsOverflow           = "otelcol_llm_metrics_overflow"
	metricsOverflowServices   = "otelcol_llm_metrics_overflow_services"
	metricsSeries             = "otelcol_llm_metrics_series"

	sessionCheckpoints        = "otelcol_llm_session_checkpoints"
	sessionCheckpointFailures = "otelcol_llm_session_checkpoint_failures"

	storageBytes            = "otelcol_llm_storage_bytes"
	storageFailures         = "otelcol_llm_storage_failures"
	storageDamagedRecords   = "otelcol_llm_storage_damaged_records"
	storageQuarantinedFiles = "otelcol_llm_storage_quarantined_files"
	storageRewrittenFiles   = "otelcol_llm_storage_rewritten_files"

	journalWaitingSpans      = "otelcol_llm_journal_waiting_spans"
	journalRescuedSpans      = "otelcol_llm_journal_rescued_spans"
	journalReplayedSpans     = "otelcol_llm_journal_replayed_spans"
	journalDroppedSpans      = "otelcol_llm_journal_dropped_spans"
	journalNotJournaledSpans = "otelcol_llm_journal_not_journaled_spans"
	journalUnreadableEntries = "otelcol_llm_journal_unreadable_entries"

	webhookFailures = "otelcol_llm_budget_webhook_failures"
	webhookDropped  = "otelcol_llm_budget_webhook_dropped"
	webhookWaiting  = "otelcol_llm_budget_webhook_waiting"
	scorerProblems  = "otelcol_llm_failure_scorer_problems"

	judgeSelected   = "otelcol_llm_judge_selected"
	judgeJudgements = "otelcol_llm_judge_judgements"
	judgeNotJudged  = "otelcol_llm_judge_not_judged"
	judgeRetries    = "otelcol_llm_judge_retries"
	judgeWaiting    = "otelcol_llm_judge_waiting"
	judgeSpent      = "otelcol_llm_judge_spent_usd"
	judgeSaved      = "otelcol_llm_judge_saved_usd"
)

// scrapeJob is the label of Prometheus for the Collectors of one scrape configuration.
const scrapeJob catalog.Attribute = "job"

// firingAlerts selects the alerts of this project that fire now. Prometheus keeps a series for each. Alerts on the
// review queue and on Collectors have no service.
const firingAlerts = `ALERTS{alertstate="firing",alertname=~"LLM.+"`

// bySignal are the three counters of spans, log records and metric points.
func bySignal(prefix string) []string {
	return []string{prefix + "spans", prefix + "log_records", prefix + "metric_points"}
}

// own selects the series of one of the Collector's own metrics with the variables of its dashboard.
func own(metric string) string { return fmt.Sprintf(`%s{job=~"$job",instance=~"$instance"}`, metric) }
