package grafana

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/failure"
)

// Thresholds of the alerts. They are untuned on anybody's traffic: what a team pages on is its own choice.
const (
	errorRate         = 0.05 // share of requests that failed
	errorRateFailures = 10   // in five minutes: below, a share says nothing
	spikeFactor       = 3    // times the usual number
	spikeFailures     = 10   // in a quarter of an hour
	spikeDeviations   = 4    // of a Poisson count around the usual number
)

type ruleFile struct {
	Groups []ruleGroup `yaml:"groups"`
}

type ruleGroup struct {
	Name     string `yaml:"name"`
	Interval string `yaml:"interval"`
	Rules    []rule `yaml:"rules"`
}

type rule struct {
	Record        string            `yaml:"record,omitempty"`
	Alert         string            `yaml:"alert,omitempty"`
	Expr          string            `yaml:"expr"`
	For           string            `yaml:"for,omitempty"`
	KeepFiringFor string            `yaml:"keep_firing_for,omitempty"`
	Labels        map[string]string `yaml:"labels,omitempty"`
	Annotations   map[string]string `yaml:"annotations,omitempty"`

	// Condition and Guard say in words when an alert fires, and what keeps it from firing on too little. For the reference page.
	Condition string `yaml:"-"`
	Guard     string `yaml:"-"`
}

// recorded names of the class counts that the spike alert compares.
const (
	classIncrease = "service_class:llm_failures:increase15m"
	classExpected = "service_class:llm_failures:expected15m"
)

// Rules is the file of recording and alert rules for Prometheus.
func Rules() ([]byte, error) {
	service := []catalog.Attribute{catalog.Environment, catalog.ServiceName}
	class := []catalog.Attribute{catalog.Environment, catalog.ServiceName, catalog.ErrorClass}
	file := ruleFile{Groups: []ruleGroup{
		{Name: "faultline.recording", Interval: "30s", Rules: []rule{
			{Record: classIncrease, Expr: sumBy(over("increase", selector(catalog.Failures), "15m"), class...)},
			{Record: classExpected, Expr: expected(service, class)},
		}},
		{Name: "faultline.alerts", Interval: "30s", Rules: []rule{
			errorRateHigh(service), safetyFailure(class), classSpike(service),
		}},
		scoreDrift(), costRise(),
	}}
	var b bytes.Buffer
	b.WriteString("# Written by cmd/gen from internal/grafana. Change it there, then: make generate\n")
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(file); err != nil {
		return nil, fmt.Errorf("write alert rules: %w", err)
	}
	return b.Bytes(), e.Close()
}

func errorRateHigh(service []catalog.Attribute) rule {
	failed := selector(catalog.Requests, eq(catalog.Outcome, "failed"))
	share := func(window string) string {
		return fmt.Sprintf("%s\n  / %s > %g", sumBy(over("rate", failed, window), service...),
			sumBy(over("rate", selector(catalog.Requests), window), service...), errorRate)
	}
	return rule{
		Alert: "LLMErrorRateHigh",
		// The short window lets the alert end soon after the failures do.
		Expr: fmt.Sprintf("(%s)\nand (%s)\nand %s >= %d", share("5m"), share("2m"),
			sumBy(over("increase", failed, "5m"), service...), errorRateFailures),
		For: "1m", KeepFiringFor: "5m",
		Labels: map[string]string{"severity": "page"},
		Annotations: annotations("LLMErrorRateHigh",
			"{{ $value | humanizePercentage }} of the requests of {{ $labels.service_name }} fail",
			"More than 5 % of the model calls of {{ $labels.service_name }} ({{ $labels.deployment_environment_name }}) failed over the last 5 minutes."),
	}
}

func safetyFailure(class []catalog.Attribute) rule {
	unsafe := selector(catalog.Failures, eq(catalog.ErrorBucket, string(failure.Safety)))
	return rule{
		Alert: "LLMSafetyFailure",
		// What increase() cannot see: a series that is born above 0, and a failure that was counted while nobody scraped.
		Expr: sumBy(fmt.Sprintf("\n  %[1]s > 0\n  or %[2]s > %[3]s\n  or (%[2]s > 0 unless %[3]s)\n",
			over("increase", unsafe, "10m"), unsafe, "last_over_time("+unsafe+"[6h] offset 10m)"), class...),
		KeepFiringFor: "15m",
		Labels:        map[string]string{"severity": "page"},
		Annotations: annotations("LLMSafetyFailure",
			"Safety failure {{ $labels.app_llm_error_class }} in {{ $labels.service_name }}",
			"At least one {{ $labels.app_llm_error_class }} in {{ $labels.service_name }} ({{ $labels.deployment_environment_name }}) within 10 minutes."),
	}
}

// expected is how many failures of a class a quarter of an hour would hold if the share of yesterday's requests still
// held: a rise of traffic alone is no spike.
func expected(service, class []catalog.Attribute) string {
	return fmt.Sprintf("%s\n  * on (%s) group_left () (\n    %s\n    / (%s > 0)\n  )",
		sumBy(yesterday(catalog.Failures), class...),
		names(service),
		sumBy(over("increase", selector(catalog.Requests), "15m"), service...),
		sumBy(yesterday(catalog.Requests), service...))
}

// yesterday is the increase over the day that ended when the quarter of an hour began.
func yesterday(m *catalog.Metric) string {
	return fmt.Sprintf("increase(%s[1d] offset 15m)", selector(m))
}

func classSpike(service []catalog.Attribute) rule {
	return rule{
		Alert: "LLMFailureClassSpike",
		// A service of less than six hours has no usual number; the error rate watches it.
		Expr: fmt.Sprintf("%s >= %d\nand %s > %d * %s\nand %s > %s + %d * sqrt(%s)\nand on (%s) %s",
			classIncrease, spikeFailures,
			classIncrease, spikeFactor, classExpected,
			classIncrease, classExpected, spikeDeviations, classExpected,
			names(service), sumBy(selector(catalog.Requests)+" offset 6h", service...)),
		For: "2m", KeepFiringFor: "15m",
		Labels: map[string]string{"severity": "ticket"},
		Annotations: annotations("LLMFailureClassSpike",
			"{{ $labels.app_llm_error_class }} in {{ $labels.service_name }} is far above its usual rate",
			"{{ $value | humanize }} failures of class {{ $labels.app_llm_error_class }} in {{ $labels.service_name }} ({{ $labels.deployment_environment_name }}) within 15 minutes, more than three times what the last day would let one expect."),
	}
}

// repository is where a reader of an alert finds the runbooks.
const repository = "https://github.com/faultline-otel/faultline/blob/main/"

func annotations(alert, summary, description string) map[string]string {
	return map[string]string{
		"summary":     summary,
		"description": description + " Look in this order: retrieval, generation, routing, upstream data.",
		"runbook_url": repository + "docs/runbooks/" + alert + ".md",
		"dashboard":   DashboardUID,
		"review":      "/?service={{ $labels.service_name }}",
	}
}
