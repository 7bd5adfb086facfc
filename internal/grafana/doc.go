// Package grafana builds the alert rules and the dashboard from the catalog of metrics, so that a rule or a panel on a
// metric that is not published does not compile. cmd/gen writes what it builds to deploy/.
package grafana
