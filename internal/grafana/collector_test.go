package grafana

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// gateway are the labels that Prometheus gives to a scraped Collector.
const gateway = `job="faultline",instance="gateway:8889"`

// collectorScenarios are the alerts on the Collector itself. Counters appear with their first increase, as in the
// Collector.
var collectorScenarios = []scenario{
	{
		name: "LLMCollectorDropsData fires on the first batch that is lost", step: time.Minute, length: time.Hour,
		traffic: func(w *world) {
			w.raw(sendFailed[0]+`{`+gateway+`,exporter="otlp_grpc/tempo"}`, "_x20 512x60")
			w.raw(enqueueFailed[1]+`{`+gateway+`,exporter="otlp_http/loki"}`, "0x40 7x60")
		},
		quiet: []time.Duration{19 * time.Minute},
		fires: map[time.Duration]string{22 * time.Minute: `exporter="otlp_grpc/tempo",` + gateway + `,severity="page"`},
	},
	{
		name: "LLMCollectorDropsData, LLMCollectorQueueFilling, LLMCollectorRefusesData are quiet while a short outage " +
			"waits in the queue",
		step: time.Minute, length: time.Hour,
		traffic: func(w *world) {
			w.raw(sendFailed[0]+`{`+gateway+`,exporter="otlp_grpc/tempo"}`, "0x60")
			w.raw(exporterSent[0]+`{`+gateway+`,exporter="otlp_grpc/tempo"}`, "0+600x20 12000x10 12000+900x30")
			w.raw(queueSize+`{`+gateway+`,exporter="otlp_grpc/tempo",data_type="traces"}`, "0x20 0+300x10 3000-100x30")
			w.raw(queueCapacity+`{`+gateway+`,exporter="otlp_grpc/tempo",data_type="traces"}`, "20000x60")
			w.raw(queueSize+`{`+gateway+`,exporter="otlp_http/loki",data_type="logs"}`, "0x20 900x2 0x40") // a burst
			w.raw(queueCapacity+`{`+gateway+`,exporter="otlp_http/loki",data_type="logs"}`, "1000x60")
			w.raw(receiverAccepted[0]+`{`+gateway+`,receiver="otlp",transport="grpc"}`, "0+6000x60")
			w.raw(receiverRefused[0]+`{`+gateway+`,receiver="otlp",transport="grpc"}`, "0+20x60")
		},
	},
	{
		name: "LLMCollectorQueueFilling fires at half of the queue", step: time.Minute, length: time.Hour,
		traffic: func(w *world) {
			w.raw(queueSize+`{`+gateway+`,exporter="otlp_grpc/tempo",data_type="traces"}`, "0+600x60")
			w.raw(queueCapacity+`{`+gateway+`,exporter="otlp_grpc/tempo",data_type="traces"}`, "20000x60")
		},
		quiet: []time.Duration{16 * time.Minute},
		fires: map[time.Duration]string{
			24 * time.Minute: `data_type="traces",exporter="otlp_grpc/tempo",` + gateway + `,severity="page"`,
		},
	},
	{
		name: "LLMCollectorRefusesData fires when memory_limiter refuses", step: time.Minute, length: time.Hour,
		traffic: func(w *world) {
			w.raw(receiverAccepted[0]+`{`+gateway+`,receiver="otlp",transport="grpc"}`, "0+6000x60")
			w.raw(limiterRefused[0]+`{`+gateway+`,processor="memory_limiter"}`, "_x30 0+900x30")
		},
		quiet: []time.Duration{29 * time.Minute},
		fires: map[time.Duration]string{38 * time.Minute: gateway + `,severity="page"`},
	},
	{
		name: "LLMCollectorSamplesTooEarly fires on overload", step: time.Minute, length: time.Hour,
		traffic: func(w *world) { w.raw(droppedTooEarly+`{`+gateway+`}`, "0x30 40+40x30") },
		quiet:   []time.Duration{29 * time.Minute},
		fires:   map[time.Duration]string{32 * time.Minute: gateway + `,severity="page"`},
	},
	{
		name: "LLMCollectorSamplesTooEarly fires on a trace that is too large", step: time.Minute, length: time.Hour,
		traffic: func(w *world) { w.raw(journalDroppedSpans+`{`+gateway+`,reason="trace_too_large"}`, "_x30 9000x40") },
		quiet:   []time.Duration{29 * time.Minute},
		fires:   map[time.Duration]string{32 * time.Minute: gateway + `,severity="page"`},
	},
	{
		name: "LLMCollectorCheckpointFailing fires while checkpoints fail", step: time.Minute, length: time.Hour,
		traffic: func(w *world) { w.raw(sessionCheckpointFailures+`{`+gateway+`}`, "_x20 1+1x40") },
		quiet:   []time.Duration{19 * time.Minute},
		fires:   map[time.Duration]string{25 * time.Minute: gateway + `,severity="ticket"`},
	},
	{
		name: "LLMCollectorStorageDamaged fires when a file is put aside", step: time.Minute, length: time.Hour,
		traffic: func(w *world) { w.raw(storageQuarantinedFiles+`{`+gateway+`}`, "0x20 1x40") },
		quiet:   []time.Duration{19 * time.Minute},
		fires:   map[time.Duration]string{22 * time.Minute: gateway + `,severity="ticket"`},
	},
	{
		name: "LLMCollectorJournalFailing fires while spans are not written", step: time.Minute, length: time.Hour,
		traffic: func(w *world) {
			w.raw(journalNotJournaledSpans+`{`+gateway+`,reason="storage"}`, "_x20 4+4x40")
		},
		quiet: []time.Duration{19 * time.Minute},
		fires: map[time.Duration]string{25 * time.Minute: gateway + `,severity="ticket"`},
	},
	{
		name: "LLMReviewStoreUnhealthy fires when the store is damaged", step: time.Minute, length: time.Hour,
		traffic: func(w *world) {
			w.raw(reviewStoreHealthy+`{`+gateway+`,reason="ok"}`, "1x20 _x40")
			w.raw(reviewStoreHealthy+`{`+gateway+`,reason="damaged"}`, "_x20 0x40")
		},
		quiet: []time.Duration{19 * time.Minute},
		fires: map[time.Duration]string{28 * time.Minute: gateway + `,severity="page"`},
	},
	{
		name: "LLMCollectorWebhookFailing fires on the first lost webhook", step: time.Minute, length: time.Hour,
		traffic: func(w *world) { w.raw(webhookDropped+`{`+gateway+`}`, "_x20 1x40") },
		quiet:   []time.Duration{19 * time.Minute},
		fires:   map[time.Duration]string{22 * time.Minute: gateway + `,severity="ticket"`},
	},
	{
		name: "LLMCollectorScorerFailing fires when a scorer exceeds its bounds", step: time.Minute, length: 2 * time.Hour,
		traffic: func(w *world) {
			w.raw(scorerProblems+`{`+gateway+`,scorer="json_schema",reason="too_large"}`, "0x20 0+1x100")
		},
		quiet: []time.Duration{30 * time.Minute},
		fires: map[time.Duration]string{
			60 * time.Minute: gateway + `,reason="too_large",scorer="json_schema",severity="ticket"`,
		},
	},
	{
		name: "LLMSeriesOverflow fires when nothing idle makes room", step: time.Minute, length: 2 * time.Hour,
		traffic: func(w *world) { w.raw(metricsOverflow+`{`+gateway+`,connector="llm_metrics"}`, "0x20 0+50x100") },
		quiet:   []time.Duration{45 * time.Minute},
		fires: map[time.Duration]string{
			60 * time.Minute: `connector="llm_metrics",` + gateway + `,severity="ticket"`,
		},
	},
	{
		name: "LLMCollectorSamplesTooEarly, LLMCollectorCheckpointFailing, LLMCollectorStorageDamaged, " +
			"LLMCollectorJournalFailing, LLMReviewStoreUnhealthy, LLMCollectorWebhookFailing, " +
			"LLMCollectorScorerFailing, LLMSeriesOverflow are quiet over a restart, a rare failure of a scorer, and " +
			"services that wait some minutes for room",
		step: time.Minute, length: 3 * time.Hour,
		traffic: func(w *world) {
			w.raw(droppedTooEarly+`{`+gateway+`}`, "0x60 _x2 0x118")
			w.raw(metricsCheckpointFailures+`{`+gateway+`,connector="llm_metrics"}`, "0x180")
			w.raw(storageDamagedRecords+`{`+gateway+`}`, "0x60 _x2 0x118")
			w.raw(reviewStoreHealthy+`{`+gateway+`,reason="ok"}`, "1x60 _x2 1x118")
			w.raw(webhookFailures+`{`+gateway+`}`, "0x180")
			w.raw(journalNotJournaledSpans+`{`+gateway+`,reason="storage"}`, "0x60 _x2 0x118")
			w.raw(scorerProblems+`{`+gateway+`,scorer="json_schema",reason="too_large"}`, "0x20 1x30 2x50 3x80")
			w.raw(metricsOverflow+`{`+gateway+`,connector="llm_metrics"}`, "0x60 0+50x5 250x115")
		},
	},
}

// TestOwnTelemetryIsDeclared compares the names of the Collector's own metrics in panels and rules with their
// definitions: in our metadata.yaml files, and in the source of the Collector and its components.
func TestOwnTelemetryIsDeclared(t *testing.T) {
	declared := strings.Join(publishedNames(t), "\n")
	modules := []string{
		"go.opentelemetry.io/collector/exporter/exporterhelper",
		"go.opentelemetry.io/collector/processor/memorylimiterprocessor",
		"go.opentelemetry.io/collector/processor/processorhelper",
		"go.opentelemetry.io/collector/receiver/receiverhelper",
		"go.opentelemetry.io/collector/service",
		"github.com/open-telemetry/opentelemetry-collector-contrib/processor/tailsamplingprocessor",
	}
	out, err := exec.Command("go", append([]string{"list", "-f", "{{.Dir}}"}, modules...)...).Output()
	require.NoError(t, err)
	for dir := range strings.FieldsSeq(string(out)) {
		defined, err := filepath.Glob(filepath.Join(dir, "internal", "metadata", "generated_telemetry.go"))
		require.NoError(t, err)
		require.Len(t, defined, 1, dir)
		b, err := os.ReadFile(defined[0])
		require.NoError(t, err)
		declared += "\n" + string(b)
	}
	rules, err := Rules()
	require.NoError(t, err)
	promql, _, _ := queries(t)
	names := regexp.MustCompile(`\botelcol_[a-z_]+`)
	found := 0
	for _, expr := range append(promql, string(rules)) {
		for _, name := range names.FindAllString(expr, -1) {
			found++
			ours := regexp.MustCompile(`(?m)^` + strings.TrimPrefix(name, "otelcol_") + `$`)
			core := strings.Contains(declared, `"`+name+`"`)
			require.True(t, core || ours.MatchString(declared), "%s: %s", name, expr)
		}
	}
	require.Greater(t, found, 80)
}
