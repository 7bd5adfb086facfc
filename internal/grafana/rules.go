package grafana

import (
	"bytes"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/faultline-otel/faultline/internal/catalog"
)

type ruleFile struct {
	Groups []ruleGroup `yaml:"groups"`
}

// ruleGroup is a theme: what it records, and after it the alerts that read that. Prometheus evaluates a group in this order.
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

// What is done about an alert: somebody is woken, or somebody looks at it in working hours.
var (
	page   = map[string]string{"severity": "page"}
	ticket = map[string]string{"severity": "ticket"}
)

// themes are the groups of rules, one file each.
func themes() []ruleGroup {
	return []ruleGroup{
		failures(), latency(), quality(), safety(), sessions(), operation(), scoreDrift(), costRise(),
	}
}

// alerts are the rules that alert, in the order of the file.
func alerts() []rule {
	var all []rule
	for _, g := range themes() {
		for _, r := range g.Rules {
			if r.Alert != "" {
				all = append(all, r)
			}
		}
	}
	return all
}

// Rules is the file of recording and alert rules for Prometheus.
func Rules() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("# Written by cmd/gen from internal/grafana. Change it there, then: make generate\n")
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(ruleFile{Groups: themes()}); err != nil {
		return nil, fmt.Errorf("write alert rules: %w", err)
	}
	return b.Bytes(), e.Close()
}

// What alerts tell apart. The Collector that counted is never among it: replicas are added up.
var (
	byService = []catalog.Attribute{catalog.Environment, catalog.ServiceName}
	byModel   = append(slices.Clip(byService), catalog.Model)
	byPrompt  = append(slices.Clip(byService), catalog.PromptName, catalog.PromptVersion)
	bySlice   = append(slices.Clip(byService), catalog.Model, catalog.PromptName, catalog.PromptVersion)
)
