package grafana

import (
	"cmp"
	"fmt"
	"strings"
)

// Markdown is the reference page of the alerts, docs/reference/alerts.md.
func Markdown() string {
	var b strings.Builder
	b.WriteString(`# Alerts

<!-- Written by cmd/gen from internal/grafana. Change it there, then: make generate -->

[deploy/prometheus/faultline.rules.yml](../../deploy/prometheus/faultline.rules.yml) holds them, for Prometheus and for rulers that read its files. A *page* wakes somebody, a *ticket* waits for
the morning: the label ` + "`severity`" + ` says which. Thresholds stand in [thresholds.go](../../internal/grafana/thresholds.go); they are untuned on your traffic.

| alert | severity | fires when | and not below | holds for, stays for |
|---|---|---|---|---|
`)
	for _, r := range alerts() {
		fmt.Fprintf(&b, "| [%s](../runbooks/%[1]s.md) | %s | %s | %s | %s, %s |\n", r.Alert, r.Labels["severity"], r.Condition, r.Guard, cmp.Or(r.For, "0s"), r.KeepFiringFor)
	}
	b.WriteString(`
Replicas of the Collector are added up before anything is compared. An alert that needs history (a day, a week) is quiet until there is some.

## What an alert carries

Labels name the service, its environment, and the class, model, prompt or scorer where the alert is about one. Annotations:

| annotation | |
|---|---|
` + "| `summary`, `description` | what happens, where, how bad |\n" +
		"| `runbook_url` | what to look at, in order: retrieval, generation, routing, upstream data |\n" +
		"| `dashboard` | the dashboard in Grafana that the runbook begins at, narrowed to the service and model |\n" +
		"| `traces` | a search in Tempo for the traces that it is about, of the last hour |\n" +
		"| `review` | the cases on the review page |\n" + `
The last three are paths until Prometheus knows where Grafana and the review page are, by external labels:

` + "```yaml" + `
global:
  external_labels: { grafana_url: "https://grafana.example.org", review_url: "https://faultline.example.org" }
alerting:
  alert_relabel_configs: [{ regex: grafana_url|review_url, action: labeldrop }] # they are for links, not for routes
` + "```" + `

One cause can be seen by several alerts: a class that spikes raises the error rate. Let Alertmanager group them by ` + "`service_name`" + ` and
` + "`deployment_environment_name`" + `, so that they are one message.
`)
	return b.String()
}
