// Package grafana builds the alert rules and the dashboards from the catalog of metrics. A rule or panel on a metric
// that is not published does not compile. cmd/gen writes the results to deploy/.
package grafana
