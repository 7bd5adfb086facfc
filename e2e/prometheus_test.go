package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// hurry is the factor by which time runs faster in these tests. Windows, waiting times and evaluation intervals of
// rules are divided by it, and the traffic is denser by it. So rates per second mean nothing, but counts and shares are
// correct.
const hurry = 20

var (
	selectorWindow = regexp.MustCompile(`\[[^\]]*\]|\boffset (?:\d+(?:ms|[smhdwy]))+`)
	duration       = regexp.MustCompile(`(?:\d+(?:ms|[smhdwy]))+`)
	durationPart   = regexp.MustCompile(`(\d+)(ms|[smhdwy])`)
	unit           = map[string]time.Duration{
		"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour,
		"d": 24 * time.Hour, "w": 7 * 24 * time.Hour, "y": 365 * 24 * time.Hour,
	}
)

// hurried divides the durations in the windows and offsets of an expression.
func hurried(expr string) string {
	return selectorWindow.ReplaceAllStringFunc(expr, func(window string) string {
		return duration.ReplaceAllStringFunc(window, hurriedDuration)
	})
}

func hurriedDuration(s string) string {
	var d time.Duration
	for _, part := range durationPart.FindAllStringSubmatch(s, -1) {
		n, _ := strconv.Atoi(part[1]) // digits
		d += time.Duration(n) * unit[part[2]]
	}
	return fmt.Sprintf("%dms", max(d/hurry, time.Millisecond).Milliseconds())
}

// hurriedRules writes the shipped rules with divided durations, and returns the names of all alerts.
func hurriedRules(t *testing.T, to string) (alerts []string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "deploy", "prometheus", "faultline.rules.yml"))
	require.NoError(t, err)
	var file struct {
		Groups []map[string]any `yaml:"groups"`
	}
	require.NoError(t, yaml.Unmarshal(b, &file))
	for _, group := range file.Groups {
		group["interval"] = hurriedDuration(group["interval"].(string))
		for _, r := range group["rules"].([]any) {
			rule := r.(map[string]any)
			rule["expr"] = hurried(rule["expr"].(string))
			for _, key := range []string{"for", "keep_firing_for"} {
				if d, ok := rule[key].(string); ok {
					rule[key] = hurriedDuration(d)
				}
			}
			if name, ok := rule["alert"].(string); ok {
				alerts = append(alerts, name)
			}
		}
	}
	out, err := yaml.Marshal(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, out, 0o600))
	return alerts
}

// prometheus is a running Prometheus server.
type prometheus struct {
	name, address string
	alerts        []string // names of all alerts
}

// startPrometheus runs Prometheus with the hurried rules. It scrapes the targets by job and receives OTLP.
func startPrometheus(t *testing.T, name string, targets map[string]string) *prometheus {
	t.Helper()
	binary, err := filepath.Abs(filepath.Join("..", "bin", "prometheus"))
	require.NoError(t, err)
	if _, err := os.Stat(binary); err != nil {
		if binary, err = exec.LookPath("prometheus"); err != nil {
			t.Skip("no Prometheus in bin/; make test installs it")
		}
	}
	dir := t.TempDir()
	alerts := hurriedRules(t, filepath.Join(dir, "rules.yml"))
	type static struct {
		Targets []string `yaml:"targets"`
	}
	type scrape struct {
		Job     string   `yaml:"job_name"`
		Native  bool     `yaml:"scrape_native_histograms"`
		Configs []static `yaml:"static_configs"`
	}
	var scrapes []scrape
	for job, target := range targets {
		scrapes = append(scrapes, scrape{job, true, []static{{[]string{target}}}})
	}
	config, err := yaml.Marshal(map[string]any{
		"global": map[string]string{
			"scrape_interval":     "500ms",
			"scrape_timeout":      "400ms",
			"evaluation_interval": "1s",
		},
		"rule_files":     []string{"rules.yml"},
		"scrape_configs": scrapes,
	})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "prometheus.yml"), config, 0o600))
	p := &prometheus{name: name, address: freePorts(t, 1)[0], alerts: alerts}
	log := &lockedBuffer{}
	cmd := exec.Command(
		binary,
		"--config.file=prometheus.yml",
		"--storage.tsdb.path=data",
		"--web.listen-address="+p.address,
		"--web.enable-otlp-receiver",
		"--enable-feature=exemplar-storage",
		"--log.level=warn",
	)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("log of Prometheus %s:\n%s", name, tail(log.String(), 4000))
		}
	})
	await(t, 30*time.Second, func() error {
		resp, err := http.Get("http://" + p.address + "/-/ready")
		if err != nil {
			return err
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("not ready: %s", resp.Status)
		}
		return nil
	})
	return p
}

// ask reads a response of the API into v.
func (p *prometheus) ask(v any, path string, query url.Values) error {
	resp, err := http.Get("http://" + p.address + "/api/v1/" + path + "?" + query.Encode())
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var answer struct {
		Status string          `json:"status"`
		Error  string          `json:"error"`
		Data   json.RawMessage `json:"data"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return err
	}
	if answer.Status != "success" {
		return fmt.Errorf("%s %s: %s", path, query.Get("query"), answer.Error)
	}
	return json.Unmarshal(answer.Data, v)
}

// point is one element of an instant vector.
type point struct {
	Metric    map[string]string `json:"metric"`
	Value     [2]any            `json:"value"`
	Histogram [2]any            `json:"histogram"` // of a native histogram, instead of Value
}

func (s *point) float(t *testing.T) float64 {
	t.Helper()
	text, ok := s.Value[1].(string)
	require.True(t, ok, "%v is not a number", s)
	v, err := strconv.ParseFloat(text, 64)
	require.NoError(t, err)
	return v
}

// query evaluates an expression now.
func (p *prometheus) query(expr string) ([]point, error) {
	var data struct {
		Type   string          `json:"resultType"`
		Result json.RawMessage `json:"result"`
	}
	if err := p.ask(&data, "query", url.Values{"query": {expr}}); err != nil {
		return nil, err
	}
	if data.Type == "scalar" {
		return []point{{}}, nil
	}
	var result []point
	return result, json.Unmarshal(data.Result, &result)
}

// firing returns the sorted names of the alerts that fire for a service. Alerts without a service count for every
// service.
func (p *prometheus) firing(t *testing.T, service string) []string {
	t.Helper()
	var data struct {
		Alerts []struct {
			Labels map[string]string `json:"labels"`
			State  string            `json:"state"`
		} `json:"alerts"`
	}
	require.NoError(t, p.ask(&data, "alerts", nil))
	var names []string
	for _, a := range data.Alerts {
		if of := a.Labels["service_name"]; a.State == "firing" && (of == service || of == "") {
			names = append(names, a.Labels["alertname"])
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// panel is a query of a dashboard.
type panel struct{ dashboard, title, expr string }

// panels returns the Prometheus queries of all shipped dashboards, including annotations and variables.
func panels(t *testing.T) (all []panel) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "deploy", "grafana", "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		b, err := os.ReadFile(f)
		require.NoError(t, err)
		var content any
		require.NoError(t, json.Unmarshal(b, &content))
		all = append(all, expressions(content, panel{dashboard: filepath.Base(f)})...)
	}
	require.NotEmpty(t, all)
	return all
}

// expressions finds every expr inside a value, with the nearest title around it.
func expressions(v any, within panel) (found []panel) {
	switch v := v.(type) {
	case map[string]any:
		if title, ok := v["title"].(string); ok {
			within.title = title
		} else if name, ok := v["name"].(string); ok {
			within.title = name
		}
		if expr, ok := v["expr"].(string); ok && language(v) == "prometheus" {
			found = append(found, panel{within.dashboard, within.title, expr})
		}
		for _, below := range v {
			found = append(found, expressions(below, within)...)
		}
	case []any:
		for _, below := range v {
			found = append(found, expressions(below, within)...)
		}
	}
	return found
}

// language is the kind of a target's data source.
func language(target map[string]any) string {
	source, _ := target["datasource"].(map[string]any)
	kind, _ := source["type"].(string)
	if kind == "" {
		return "prometheus"
	}
	return kind
}

// filled replaces the variables of a dashboard with values.
func filled(expr string) string {
	expr = strings.NewReplacer(
		"$__rate_interval",
		"15s",
		"${__rate_interval}",
		"15s",
		"$__range",
		"60s",
		"${__range}",
		"60s",
		"$__interval",
		"5s",
	).Replace(expr)
	return regexp.MustCompile(`\$\{?\w+(:\w+)?\}?`).ReplaceAllString(expr, ".*")
}
