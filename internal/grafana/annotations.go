package grafana

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"

	"github.com/faultline-otel/faultline/internal/catalog"
)

// repository is the address of the files that alerts link to.
const repository = "https://github.com/faultline-otel/faultline/blob/main/"

// External labels of Prometheus hold the addresses of Grafana and of the review page. Without them links are paths.
const (
	grafanaURL = "{{ $externalLabels.grafana_url }}"
	reviewURL  = "{{ $externalLabels.review_url }}"
)

// tempoUID is the data source of links to traces: the one that deploy/grafana provisions.
const tempoUID = "tempo"

// failing is the default condition for the traces of an alert.
var failing = notNil(catalog.ErrorClass)

// costlyCalls is the condition for the traces of cost alerts: a call of more than a cent, failed or not.
const costlyCalls = "span.app.llm.cost.usd > 0.01"

// boards maps alerts to the dashboard that their runbooks use. Alerts that are not listed open the overview.
var boards = map[string]string{
	"LLMCostBurst":                  costUID,
	"LLMCostSpikeDay":               costUID,
	"LLMSessionLimitHit":            costUID,
	"LLMGroundednessLow":            qualityUID,
	"LLMJudgedFailuresRose":         qualityUID,
	"LLMJudgeNotJudging":            collectorUID,
	"LLMReviewQueueAgeing":          qualityUID,
	"LLMScoreDrift":                 qualityUID,
	"LLMScorerNoisy":                qualityUID,
	"LLMScorerSilent":               qualityUID,
	"LLMCollectorCheckpointFailing": collectorUID,
	"LLMCollectorDropsData":         collectorUID,
	"LLMCollectorJournalFailing":    collectorUID,
	"LLMCollectorQueueFilling":      collectorUID,
	"LLMCollectorRefusesData":       collectorUID,
	"LLMCollectorSamplesTooEarly":   collectorUID,
	"LLMCollectorScorerFailing":     collectorUID,
	"LLMCollectorStorageDamaged":    collectorUID,
	"LLMCollectorWebhookFailing":    collectorUID,
	"LLMReviewStoreUnhealthy":       collectorUID,
	"LLMSeriesOverflow":             collectorUID,
}

func boardOf(alert string) string { return cmp.Or(boards[alert], OverviewUID) }

func notNil(a catalog.Attribute) string { return "span." + string(a) + " != nil" }

// Parts of sentences that name an alert's labels. Environment, model and prompt can be absent, and the part is then
// empty.
const (
	ofService = "{{ $labels.service_name }}{{ with $labels.deployment_environment_name }} ({{ . }}){{ end }}"
	ofModel   = "{{ with $labels.gen_ai_request_model }} on {{ . }}{{ end }}"
	ofPrompt  = "{{ with $labels.gen_ai_prompt_name }}, prompt {{ . }}{{ end }}{{ with $labels.gen_ai_prompt_version " +
		"}}, version {{ . }}{{ end }}"
)

// annotations returns the texts and links of an alert. The TraceQL conditions in traces select the linked traces; the
// default is failing ones. Service, model, prompt version and class are added if the alert has these labels.
func annotations(alert, summary, description string, traces ...string) map[string]string {
	if len(traces) == 0 {
		traces = []string{failing}
	}
	return map[string]string{
		"summary":     summary,
		"description": description + " Look in this order: retrieval, generation, routing, upstream data.",
		"runbook_url": repository + "docs/runbooks/" + alert + ".md",
		"dashboard": grafanaURL + "/d/" + boardOf(alert) + "?" + parameter("var-environment", catalog.Environment) +
			parameter("&var-service", catalog.ServiceName) + parameter("&var-model", catalog.Model),
		"traces": explore(traces),
		"review": reviewURL + "/?" + parameter(
			"service",
			catalog.ServiceName,
		) + parameter(
			"&class",
			catalog.ErrorClass,
		),
	}
}

// parameter is a query parameter of a link. It is absent if the alert lacks the label.
func parameter(key string, label catalog.Attribute) string {
	return fmt.Sprintf("{{ with $labels.%s }}%s={{ . | urlquery }}{{ end }}", label.Label(), key)
}

// searchLabels are the labels of alerts that narrow the search for traces. %[1]q is the value in TraceQL quotes.
var searchLabels = []struct {
	label catalog.Attribute
	query string
}{
	{catalog.ServiceName, "resource." + string(catalog.ServiceName) + " = %[1]q"},
	{catalog.Environment, "resource." + string(catalog.Environment) + " = %[1]q"},
	{catalog.ErrorClass, "span." + string(catalog.ErrorClass) + " = %[1]q"},
	{catalog.ErrorBucket, "span." + string(catalog.ErrorBucket) + " = %[1]q"},
	// The metric has the model that answered if the request names none.
	{catalog.Model, "(span." + string(catalog.Model) + " = %[1]q || span.gen_ai.response.model = %[1]q)"},
	{catalog.PromptName, "span." + string(catalog.PromptName) + " = %[1]q"},
	{catalog.PromptVersion, "span." + string(catalog.PromptVersion) + " = %[1]q"},
	{catalog.SessionLimit, "span." + string(catalog.SessionLimit) + " = %[1]q"},
}

// explore returns a link to a search for traces in Grafana. Values are nested in TraceQL, in JSON and in a URL. The
// template quotes them at each level, because only Prometheus knows the values. They come from spans: untrusted input.
func explore(conditions []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "{{ $q := %q }}", strings.Join(conditions, " && "))
	for _, t := range searchLabels {
		fmt.Fprintf(&b, "{{ with $labels.%s }}{{ $q = printf %q $q (printf %q .) }}{{ end }}",
			t.label.Label(), "%s && %s", t.query)
	}
	const from, to = "now-1h", "now"
	pane := fmt.Sprintf(`{"a":{"datasource":%[1]q,"queries":[{"refId":"A",`+
		`"datasource":{"type":"tempo","uid":%[1]q},"queryType":"traceql","limit":20,"query":QUERY}],`+
		`"range":{"from":%[2]q,"to":%[3]q}}}`, tempoUID, from, to)
	before, after, _ := strings.Cut(pane, "QUERY")
	fmt.Fprintf(&b, "%s/explore?schemaVersion=1&orgId=1&panes=%s{{ printf %q (printf %q $q) | urlquery }}%s",
		grafanaURL, url.QueryEscape(before), "%q", "{%s}", url.QueryEscape(after))
	return b.String()
}
