package grafana

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/catalog"
)

// TestRunbooks checks that each alert has a runbook, each runbook has an alert, and all have the same steps.
func TestRunbooks(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "docs", "runbooks", "*.md"))
	require.NoError(t, err)
	var found []string
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".md")
		found = append(found, name)
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		text := string(b)
		require.True(t, strings.HasPrefix(text, "# "+name+"\n"), "%s must begin with its name", file)
		stations := []string{"Retrieval", "Generation", "Routing", "Upstream data"}
		if boardOf(name) == collectorUID {
			stations = []string{"Intake", "Processing", "Storage", "Backends"}
		}
		for _, station := range stations {
			before, after, ok := strings.Cut(text, "**"+station)
			require.True(t, ok, "%s: step %s is missing or out of order", file, station)
			_, text = before, after
		}
	}
	var want []string
	for _, r := range alerts() {
		want = append(want, r.Alert)
		require.Equal(t, repository+"docs/runbooks/"+r.Alert+".md", r.Annotations["runbook_url"])
	}
	slices.Sort(want)
	require.Equal(t, slices.Compact(want), found)
}

// TestRunbooksNameExistingPanelsAndMetrics checks that a runbook names no panel that was renamed. Text in italics is a
// dashboard, or a panel of a dashboard that the alert opens or the runbook names. A name spelled like a metric is one.
func TestRunbooksNameExistingPanelsAndMetrics(t *testing.T) {
	boardTitles := map[string]string{} // by UID
	titles := map[string][]string{}    // of panels, by the title of the dashboard
	for name := range Dashboards {
		d, err := Dashboards[name]()
		require.NoError(t, err)
		title := strings.TrimPrefix(*d.Title, "Faultline / ")
		boardTitles[*d.Uid] = title
		for _, p := range panels(t, name) {
			titles[title] = append(titles[title], *p.Title)
		}
	}
	published := publishedNames(t)
	inline := regexp.MustCompile("`[^`]+`")
	italics := regexp.MustCompile(`\*([^*]+)\*`)
	names := regexp.MustCompile(`\b(?:otelcol|llm|gen_ai)[_.][a-z0-9_.]*[a-z0-9]|\bevaluation:[a-z0-9_:]+`)
	seen := map[string]int{}
	for _, alert := range alerts() {
		b, err := os.ReadFile(filepath.Join("..", "..", "docs", "runbooks", alert.Alert+".md"))
		require.NoError(t, err)
		text := strings.Join(strings.Fields(string(b)), " ")
		for _, code := range inline.FindAllString(text, -1) {
			for _, name := range names.FindAllString(code, -1) {
				require.Contains(t, published, strings.TrimPrefix(name, "otelcol_"), "%s: not a metric, rule or "+
					"component", alert.Alert)
				seen["name"]++
			}
		}
		open := boardTitles[boardOf(alert.Alert)]
		require.NotEmpty(t, open, "%s opens no dashboard", alert.Alert)
		places, wanted := []string{open}, []string{}
		for _, m := range italics.FindAllStringSubmatch(plain(text), -1) {
			if _, board := titles[m[1]]; board {
				places = append(places, m[1])
			} else {
				wanted = append(wanted, m[1])
			}
		}
		for _, panel := range wanted {
			require.True(
				t,
				slices.ContainsFunc(places, func(b string) bool { return slices.Contains(titles[b], panel) }),
				"%s: %q is not a panel of %q",
				alert.Alert,
				panel,
				places,
			)
			seen["panel"]++
		}
	}
	require.Greater(t, seen["panel"], 30)
	require.Positive(t, seen["name"])
	for alert := range boards {
		require.True(
			t,
			slices.ContainsFunc(alerts(), func(r rule) bool { return r.Alert == alert }),
			"%s is not an alert",
			alert,
		)
	}
}

// plain removes bold text and code, whose asterisks do not mark italics.
func plain(text string) string {
	return regexp.MustCompile("`[^`]*`|\\*\\*[^*]*\\*\\*").ReplaceAllString(text, "")
}

// publishedNames returns the metrics of traffic under both of their names, the components' own metrics, the recorded
// series, and the components.
func publishedNames(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, m := range catalog.All() {
		names = append(names, m.Name, catalog.PrometheusName(m))
	}
	for _, g := range ruleGroups() {
		for _, r := range g.Rules {
			names = append(names, r.Record)
		}
	}
	declared, err := filepath.Glob(filepath.Join("..", "..", "*", "*", "metadata.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, declared)
	for _, file := range declared {
		var component struct {
			Type      string
			Telemetry struct{ Metrics map[string]any }
		}
		parse(t, file, &component)
		names = append(names, component.Type)
		for name := range component.Telemetry.Metrics {
			names = append(names, name)
		}
	}
	return names
}
