package grafana

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/loki"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"

	"github.com/faultline-otel/faultline/internal/catalog"
)

// OverviewUID is what alerts and links call the dashboard that one begins at.
const OverviewUID = "faultline-overview"

const (
	costUID    = "faultline-cost"
	qualityUID = "faultline-quality"
)

// Dashboards are all of them, by the name of the file that they are provisioned from.
var Dashboards = map[string]func() (dashboard.Dashboard, error){ //nolint:staticcheck // the v2 schema needs Grafana 12; this one is read by all that are in use
	"overview": overview,
	"cost":     costAndSessions,
	"quality":  qualityAndDrift,
}

// Marshal is a dashboard as the JSON that Grafana provisions.
func Marshal(name string) ([]byte, error) {
	d, err := Dashboards[name]()
	if err != nil {
		return nil, fmt.Errorf("build dashboard %s: %w", name, err)
	}
	out, err := json.MarshalIndent(d, "", "  ")
	return append(out, '\n'), err
}

// board is an empty dashboard with what all of them share: variables, marks of new versions, links to the others.
//
//nolint:staticcheck // the v2 schema needs Grafana 12; this one is read by all that are in use
func board(title, uid, description, from string, more ...*dashboard.QueryVariableBuilder) *dashboard.DashboardBuilder {
	b := dashboard.NewDashboardBuilder("Faultline / "+title).
		Uid(uid).
		Description(description+" Written by cmd/gen from internal/grafana.").
		Tags([]string{"faultline", "llm"}).
		Readonly().
		Tooltip(dashboard.DashboardCursorSyncCrosshair).
		Time(from, "now").
		Refresh("30s").
		Link(dashboard.NewDashboardLinkBuilder("Faultline").Type(dashboard.DashboardLinkTypeDashboards).
			Tags([]string{"faultline"}).IncludeVars(true).KeepTime(true)).
		Link(dashboard.NewDashboardLinkBuilder("Review page").Type(dashboard.DashboardLinkTypeLink).
			Icon("external link").Tooltip("The cases behind the numbers").Url("${review}/").TargetBlank(true)).
		WithVariable(dashboard.NewDatasourceVariableBuilder("prometheus").Label("Prometheus").Type("prometheus")).
		WithVariable(dashboard.NewDatasourceVariableBuilder("tempo").Label("Tempo").Type("tempo")).
		WithVariable(dashboard.NewDatasourceVariableBuilder("loki").Label("Loki").Type("loki")).
		WithVariable(variable("environment", "Environment", catalog.Environment)).
		WithVariable(variable("service", "Service", catalog.ServiceName, scope[:1]...)).
		WithVariable(variable("model", "Model", catalog.Model, scope...)).
		WithVariable(variable("version", "Prompt version", catalog.PromptVersion, scope...))
	for _, v := range more {
		b.WithVariable(v)
	}
	const address = "http://127.0.0.1:8321"
	return b.
		WithVariable(dashboard.NewTextBoxVariableBuilder("review").Label("Review page").Description("Where the review page is reached from your browser").
			DefaultValue(dashboard.StringOrMap{String: new(address)}).
			Current(dashboard.VariableOption{Text: dashboard.StringOrArrayOfString{String: new(address)}, Value: dashboard.StringOrArrayOfString{String: new(address)}})).
		Annotation(newVersions()).
		Annotation(firstSeen())
}

// scope narrows every query to what the variables of the dashboard select.
var scope = []match{
	{catalog.Environment, "=~", "$environment"},
	{catalog.ServiceName, "=~", "$service"},
}

// sliced narrows further, for metrics that carry the breakdown.
var sliced = append(slices.Clip(scope), match{catalog.Model, "=~", "$model"}, match{catalog.PromptVersion, "=~", "$version"})

// versioned narrows metrics that know prompts and no models.
var versioned = append(slices.Clip(scope), match{catalog.PromptVersion, "=~", "$version"})

// scoped and slicedBy are a metric as the variables select it.
func scoped(m *catalog.Metric, more ...match) string {
	return selector(m, append(slices.Clip(scope), more...)...)
}

func slicedBy(m *catalog.Metric, more ...match) string {
	return selector(m, append(slices.Clip(sliced), more...)...)
}

func variable(name, label string, attribute catalog.Attribute, within ...match) *dashboard.QueryVariableBuilder {
	return variableOf(catalog.Requests, name, label, attribute, within...)
}

func variableOf(m *catalog.Metric, name, label string, attribute catalog.Attribute, within ...match) *dashboard.QueryVariableBuilder {
	q := fmt.Sprintf("label_values(%s, %s)", selector(m, within...), attribute.Label())
	all := dashboard.StringOrArrayOfString{ArrayOfString: []string{"$__all"}}
	return dashboard.NewQueryVariableBuilder(name).Label(label).
		Query(dashboard.StringOrMap{String: &q}).Datasource(promSource()).
		Refresh(dashboard.VariableRefreshOnTimeRangeChanged).Sort(dashboard.VariableSortAlphabeticalAsc).
		// What spans do not say is absent, and an empty pattern of everything takes that too.
		Multi(true).IncludeAll(true).AllValue(".*").
		Current(dashboard.VariableOption{Selected: new(true), Text: dashboard.StringOrArrayOfString{ArrayOfString: []string{"All"}}, Value: all})
}

// The data sources, as the variables select them.
func promSource() common.DataSourceRef  { return sourceOf("prometheus") }
func tempoSource() common.DataSourceRef { return sourceOf("tempo") }
func lokiSource() common.DataSourceRef  { return sourceOf("loki") }

func sourceOf(kind string) common.DataSourceRef {
	return common.DataSourceRef{Type: new(kind), Uid: new("${" + kind + "}")}
}

// newVersions marks where a model or prompt version begins to be used: its series was not there five minutes ago.
func newVersions() *dashboard.AnnotationQueryBuilder {
	by := append(slices.Clip(byService), catalog.Model, catalog.PromptName, catalog.PromptVersion)
	info := scoped(catalog.VersionInfo)
	expr := fmt.Sprintf("%s\nunless %s", most(info, by...), most(info+" offset 5m", by...))
	what := "{{" + catalog.Model.Label() + "}} {{" + catalog.PromptName.Label() + "}} {{" + catalog.PromptVersion.Label() + "}}"
	return dashboard.NewAnnotationQueryBuilder().Name("New versions").Enable(true).IconColor("blue").Datasource(promSource()).
		Expr(expr).Step("60s").TitleFormat("New in {{" + catalog.ServiceName.Label() + "}}").TextFormat(what).TagKeys(catalog.Environment.Label()).
		Target(prometheus.NewDataqueryBuilder().Expr(expr).LegendFormat(what).Range().RefId("versions").Datasource(promSource()))
}

// firstSeen marks the same by the event, which does not depend on how often anybody scrapes.
func firstSeen() *dashboard.AnnotationQueryBuilder {
	expr := events(catalog.EventFirstSeen)
	what := "{{" + catalog.Model.Label() + "}} {{" + catalog.PromptName.Label() + "}} {{" + catalog.PromptVersion.Label() + "}}"
	return dashboard.NewAnnotationQueryBuilder().Name("New versions (Loki)").Enable(true).IconColor("light-blue").Datasource(lokiSource()).
		Expr(expr).TitleFormat("New in {{" + catalog.ServiceName.Label() + "}}").TextFormat(what).
		Target(loki.NewDataqueryBuilder().Expr(expr).RefId("versions").Datasource(lokiSource()))
}

// events are log records of a name, as Loki keeps what comes by OTLP. Loki wants one matcher that nothing empty fits.
func events(name string) string {
	return fmt.Sprintf(`{%[1]s=~"$service", %[1]s!=""} | event_name=%[2]q`, catalog.ServiceName.Label(), name)
}

// spans is a search of TraceQL among the spans of what the variables select. What a span does not say fits no pattern, so that only the
// service narrows it: a service without an environment would be gone.
func spans(condition string, columns ...string) string {
	q := fmt.Sprintf(`{ resource.%s =~ "$service" && %s }`, catalog.ServiceName, condition)
	if len(columns) > 0 {
		q += " | select(" + strings.Join(columns, ", ") + ")"
	}
	return q
}

// tracesLink opens a search for traces in Explore, over the range of the dashboard. In the query, what stands in ${} is filled in by Grafana.
func tracesLink(title, query string) *dashboard.DashboardLinkBuilder {
	query = strings.ReplaceAll(query, "$service", "${service:pipe}") // several are alternatives of a pattern
	panes := fmt.Sprintf(`{"a":{"datasource":"${tempo}","queries":[{"refId":"A","datasource":{"type":"tempo","uid":"${tempo}"},"queryType":"traceql","limit":20,"query":%q}],"range":{"from":"${__from}","to":"${__to}"}}}`, query)
	return link(title, "/explore?schemaVersion=1&panes="+escapeAround(panes))
}

// escapeAround escapes a text for an address and leaves alone what Grafana fills in.
func escapeAround(text string) string {
	var b strings.Builder
	for text != "" {
		before, rest, found := strings.Cut(text, "${")
		b.WriteString(url.QueryEscape(before))
		if !found {
			break
		}
		placeholder, after, _ := strings.Cut(rest, "}")
		b.WriteString("${" + placeholder + "}")
		text = after
	}
	return b.String()
}

func link(title, address string) *dashboard.DashboardLinkBuilder {
	return dashboard.NewDashboardLinkBuilder(title).Type(dashboard.DashboardLinkTypeLink).Url(address).TargetBlank(true)
}
