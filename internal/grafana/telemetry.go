package grafana

// What the Collector says of itself, where rules and panels watch it: the review extension declares these in its metadata.yaml. The
// catalog holds what is said of traffic.
const (
	reviewOpen      = "otelcol_llm_review_open_items"
	reviewOldestAge = "otelcol_llm_review_oldest_open_age_seconds"

	// scrapeJob is the label under which Prometheus knows the Collectors of one scrape.
	scrapeJob = "job"
)

// firingAlerts are the alerts of this project that fire now. Prometheus keeps a series for each; those of the queue name no service.
const firingAlerts = `ALERTS{alertstate="firing",alertname=~"LLM.+"`
