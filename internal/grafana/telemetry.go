package grafana

// The Collector's own metrics that rules and panels use. The review extension declares them in its metadata.yaml. The
// catalog has the metrics of traffic.
const (
	reviewOpen      = "otelcol_llm_review_open_items"
	reviewOldestAge = "otelcol_llm_review_oldest_open_age_seconds"

	// scrapeJob is the label of Prometheus for the Collectors of one scrape configuration.
	scrapeJob = "job"
)

// firingAlerts selects the alerts of this project that fire now. Prometheus keeps a series for each. Alerts on the
// review queue have no service.
const firingAlerts = `ALERTS{alertstate="firing",alertname=~"LLM.+"`
