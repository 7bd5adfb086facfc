package grafana

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/faultline-otel/faultline/internal/catalog"
)

// TestAlertsAreActionable checks that every alert has what the person on call needs.
func TestAlertsAreActionable(t *testing.T) {
	slow := map[string]bool{} // evaluated every 5 minutes, on sums over hours: these alerts cannot flap
	for _, g := range ruleGroups() {
		for _, r := range g.Rules {
			slow[r.Alert] = g.Interval == "5m"
		}
	}
	optional := []catalog.Attribute{catalog.Environment, catalog.Model, catalog.PromptName, catalog.PromptVersion}
	for _, r := range alerts() {
		t.Run(r.Alert, func(t *testing.T) {
			require.Contains(t, []string{"page", "ticket"}, r.Labels["severity"])
			require.NotEmpty(t, r.KeepFiringFor, "it flaps")
			if !strings.HasPrefix(r.Guard, "none: ") && !slow[r.Alert] {
				require.NotEmpty(t, r.For, "it fires on one bad evaluation")
			}
			require.NotEmpty(t, r.Condition, "the reference page needs a condition")
			require.NotEmpty(t, r.Guard, "the reference page needs a guard")
			keys := []string{"summary", "description", "runbook_url", "dashboard", "traces", "review"}
			if boardOf(r.Alert) == collectorUID { // it is about no traces
				keys = keys[:4]
			}
			for _, key := range keys {
				require.NotEmpty(t, r.Annotations[key], key)
			}
			require.NotContains(t, r.Expr, "collector_instance_id", "alerts add up replicas")
			for _, absent := range optional {
				for key, text := range r.Annotations {
					require.NotContains(t, text, "{{ $labels."+absent.Label()+" }}", "%s has a gap if the label is "+
						"absent", key)
				}
			}
		})
	}
}

// TestLinksQuoteUntrustedLabels lets Prometheus fill in the links of an alert whose labels try to break out of them.
func TestLinksQuoteUntrustedLabels(t *testing.T) {
	const service = `sh"op } && {}&x=1`
	series := `llm_failures_total{service_name="sh\"op } && {}&x=1",deployment_environment_name="prod",` +
		`app_llm_error_class="unsafe",app_llm_error_bucket="safety",app_llm_error_certain="true"}`
	i := slices.IndexFunc(alerts(), func(r rule) bool { return r.Alert == "LLMSafetyFailure" })
	want := map[string]string{}
	plain := strings.NewReplacer(
		ofService,
		service+" (prod)",
		"{{ $labels.service_name }}",
		service,
		"{{ $labels.app_llm_error_class }}",
		"unsafe",
	)
	for key, text := range alerts()[i].Annotations {
		want[key] = plain.Replace(text)
	}
	want["dashboard"] = "https://grafana.example/d/faultline-overview?var-environment=prod&var-service=" +
		url.QueryEscape(service)
	want["review"] = "https://review.example/?service=" + url.QueryEscape(service) + "&class=unsafe"
	traceql := fmt.Sprintf(`{span.app.llm.error_class != nil && resource.service.name = %q && `+
		`resource.deployment.environment.name = "prod" && span.app.llm.error_class = "unsafe"}`, service)
	pane := fmt.Sprintf(`{"a":{"datasource":"tempo","queries":[{"refId":"A",`+
		`"datasource":{"type":"tempo","uid":"tempo"},"queryType":"traceql","limit":20,"query":%q}],`+
		`"range":{"from":"now-1h","to":"now"}}}`, traceql)
	want["traces"] = "https://grafana.example/explore?schemaVersion=1&orgId=1&panes=" + url.QueryEscape(pane)
	b, err := yaml.Marshal(ruleTests{RuleFiles: []string{"faultline.rules.yml"}, Every: "1m", Tests: []ruleTest{{
		Name: "links", Interval: "1m", Input: []inputSeries{{series, "0x5 1x20"}},
		External: map[string]any{"grafana_url": "https://grafana.example", "review_url": "https://review.example"},
		Alerts: []expectedAlert{{Alert: "LLMSafetyFailure", At: "8m", Found: []any{map[string]any{
			"exp_labels": map[string]string{
				"service_name":                service,
				"deployment_environment_name": "prod",
				"app_llm_error_class":         "unsafe",
				"app_llm_error_certain":       "true",
				"severity":                    "page",
			},
			"exp_annotations": want,
		}}}},
	}}})
	require.NoError(t, err)
	run(t, string(b))
}
