package grafana

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"

	"github.com/faultline-otel/faultline/internal/catalog"
)

// repository is where a reader of an alert finds the runbooks.
const repository = "https://github.com/faultline-otel/faultline/blob/main/"

// The external labels of Prometheus that hold the addresses of Grafana and of the review page. Without them links are paths.
const (
	grafanaURL = "{{ $externalLabels.grafana_url }}"
	reviewURL  = "{{ $externalLabels.review_url }}"
)

// tempoUID is the data source that links to traces open: the one that deploy/grafana provisions.
const tempoUID = "tempo"

// failing is what the traces of an alert have in common unless it says otherwise.
var failing = notNil(catalog.ErrorClass)

// paid is what traces of alerts about money have in common: a call of more than a cent, whether it failed or not.
const paid = "span.app.llm.cost.usd > 0.01"

// boards are the dashboards that alerts open whose runbooks look at other panels than those of the overview.
var boards = map[string]string{
	"LLMCostBurst":         costUID,
	"LLMCostSpikeDay":      costUID,
	"LLMSessionLimitHit":   costUID,
	"LLMGroundednessLow":   qualityUID,
	"LLMReviewQueueAgeing": qualityUID,
	"LLMScoreDrift":        qualityUID,
	"LLMScorerSilent":      qualityUID,
}

func boardOf(alert string) string { return cmp.Or(boards[alert], OverviewUID) }

func notNil(a catalog.Attribute) string { return "span." + string(a) + " != nil" }

// What sentences say of an alert's labels. A span need not say its environment, its model or its prompt, and then nothing is said of it.
const (
	ofService = "{{ $labels.service_name }}{{ with $labels.deployment_environment_name }} ({{ . }}){{ end }}"
	ofModel   = "{{ with $labels.gen_ai_request_model }} on {{ . }}{{ end }}"
	ofPrompt  = "{{ with $labels.gen_ai_prompt_name }}, prompt {{ . }}{{ end }}{{ with $labels.gen_ai_prompt_version }}, version {{ . }}{{ end }}"
)

// annotations are what a person reads of an alert. Of what kind the traces are that it links to, a condition of TraceQL says: failing ones
// if there is none. Service, model, prompt version and class are added to it where the alert names them.
func annotations(alert, summary, description string, traces ...string) map[string]string {
	if len(traces) == 0 {
		traces = []string{failing}
	}
	return map[string]string{
		"summary":     summary,
		"description": description + " Look in this order: retrieval, generation, routing, upstream data.",
		"runbook_url": repository + "docs/runbooks/" + alert + ".md",
		"dashboard":   grafanaURL + "/d/" + boardOf(alert) + "?" + parameter("var-environment", catalog.Environment) + parameter("&var-service", catalog.ServiceName) + parameter("&var-model", catalog.Model),
		"traces":      explore(traces),
		"review":      reviewURL + "/?" + parameter("service", catalog.ServiceName) + parameter("&class", catalog.ErrorClass),
	}
}

// parameter is one of a query of a link, absent where the alert does not name its value.
func parameter(key string, label catalog.Attribute) string {
	return fmt.Sprintf("{{ with $labels.%s }}%s={{ . | urlquery }}{{ end }}", label.Label(), key)
}

// told are the labels of alerts that traces can be searched by. %[1]q is the value, in the quotes of TraceQL.
var told = []struct {
	label catalog.Attribute
	query string
}{
	{catalog.ServiceName, "resource." + string(catalog.ServiceName) + " = %[1]q"},
	{catalog.Environment, "resource." + string(catalog.Environment) + " = %[1]q"},
	{catalog.ErrorClass, "span." + string(catalog.ErrorClass) + " = %[1]q"},
	{catalog.ErrorBucket, "span." + string(catalog.ErrorBucket) + " = %[1]q"},
	// The metric takes the model that answered where no other is named.
	{catalog.Model, "(span." + string(catalog.Model) + " = %[1]q || span.gen_ai.response.model = %[1]q)"},
	{catalog.PromptName, "span." + string(catalog.PromptName) + " = %[1]q"},
	{catalog.PromptVersion, "span." + string(catalog.PromptVersion) + " = %[1]q"},
	{catalog.SessionLimit, "span." + string(catalog.SessionLimit) + " = %[1]q"},
}

// explore is a link to a search for traces in Grafana. Values stand in TraceQL, that in JSON, and that in an address: each quotes anew, in
// the template, where the values are known. They come from spans, so from strangers.
func explore(conditions []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "{{ $q := %q }}", strings.Join(conditions, " && "))
	for _, t := range told {
		fmt.Fprintf(&b, "{{ with $labels.%s }}{{ $q = printf %q $q (printf %q .) }}{{ end }}", t.label.Label(), "%s && %s", t.query)
	}
	const from, to = "now-1h", "now"
	pane := fmt.Sprintf(`{"a":{"datasource":%[1]q,"queries":[{"refId":"A","datasource":{"type":"tempo","uid":%[1]q},"queryType":"traceql","limit":20,"query":QUERY}],"range":{"from":%[2]q,"to":%[3]q}}}`,
		tempoUID, from, to)
	before, after, _ := strings.Cut(pane, "QUERY")
	fmt.Fprintf(&b, "%s/explore?schemaVersion=1&orgId=1&panes=%s{{ printf %q (printf %q $q) | urlquery }}%s",
		grafanaURL, url.QueryEscape(before), "%q", "{%s}", url.QueryEscape(after))
	return b.String()
}
