package eval

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/price"
	"github.com/faultline-otel/faultline/internal/score/scorers"
)

// reportsDir holds cases shaped after public reports. Its README explains the format.
const reportsDir = "../../testdata/reports"

// report is what a case of reportsDir expects.
type report struct {
	Sessions bool           `json:"sessions"`
	Calls    int            `json:"calls"`    // model calls in the case, 0 if not checked
	Incident string         `json:"incident"` // root cause of the trace: "class/detail", "class" or "none"
	Spans    []reportedSpan `json:"spans"`
}

// reportedSpan is what a case expects of one span. What is absent is not checked.
type reportedSpan struct {
	SpanID   string         `json:"spanId"`
	Key      string         `json:"key"`
	Expect   string         `json:"expect"` // verdict: "class/detail", "class" or "none"; alternatives have a bar between them
	Not      string         `json:"not"`    // a class that must not be listed
	Coverage string         `json:"coverage"`
	Call     map[string]any `json:"call"` // values of the call's JSON; lists are compared as far as they go
	Cost     *struct {
		USD    float64 `json:"usd"`    // within 1 %, 0 if not checked
		Source *string `json:"source"` // "" means that there must be no cost
	} `json:"cost"`
}

// TestEvalReports runs the pipeline over the reported cases. It prints a line for each folder and holds every miss against
// the list of known ones: a new miss fails, and so does one that no longer happens.
func TestEvalReports(t *testing.T) {
	known := readMisses(t, filepath.Join(reportsDir, "known_misses.txt"))
	seen := map[string]bool{}
	for _, folder := range []string{"ingest", "clients", "detect"} {
		paths, err := filepath.Glob(filepath.Join(reportsDir, folder, "*.jsonl"))
		require.NoError(t, err)
		require.NotEmpty(t, paths)
		right, total := 0, 0
		for _, path := range paths {
			name := folder + "/" + strings.TrimSuffix(filepath.Base(path), ".jsonl")
			for id, wrong := range checkReport(t, strings.TrimSuffix(path, ".jsonl")) {
				total++
				id = name + "/" + id
				_, listed := known[id]
				seen[id] = true
				switch {
				case wrong == "":
					right++
					if listed {
						t.Errorf("%s is no longer missed: remove it from testdata/reports/known_misses.txt", id)
					}
				case !listed:
					t.Errorf("new miss %s: %s; mend it, or add it to testdata/reports/known_misses.txt with a reason", id, wrong)
				}
			}
		}
		t.Logf("reports/%s: %d of %d right (%.1f %%)", folder, right, total, 100*ratio(right, total))
	}
	for id := range known {
		if !seen[id] {
			t.Errorf("known_misses.txt names %s, and no case has it", id)
		}
	}
}

// checkReport returns what is wrong with each expectation of a case, "" where it is met.
func checkReport(t *testing.T, path string) map[string]string {
	t.Helper()
	var want report
	require.NoError(t, json.Unmarshal([]byte(readText(t, path+".expect.json")), &want), path)
	got := scoreReport(t, path+".jsonl", want.Sessions)
	result := map[string]string{}
	for i := range want.Spans {
		s := &want.Spans[i]
		id := s.SpanID
		if s.Key != "" {
			id = strings.ReplaceAll(s.Key, " ", "_")
		}
		if _, twice := result[id]; twice {
			id += "-" + s.SpanID
		}
		found, ok := got.spans[s.SpanID]
		if !ok {
			result[id] = "the span was not read"
			continue
		}
		result[id] = s.wrong(found)
	}
	if want.Calls > 0 {
		result["calls"] = differs(got.calls, want.Calls)
	}
	if want.Incident != "" {
		result["incident"] = matches(want.Incident, got.incident)
	}
	return result
}

type scoredReport struct {
	spans    map[string]*scoredSpan
	calls    int
	incident string
}

type scoredSpan struct {
	verdict  string
	classes  []failure.Class
	coverage string
	source   string
	usd      float64
	call     map[string]any
}

// scoreReport scores a case as `faultline score` does.
func scoreReport(t *testing.T, path string, sessions bool) scoredReport {
	t.Helper()
	set, err := scorers.New(scorers.Default())
	require.NoError(t, err)
	files, err := pipeline.NewFiles(set, price.Embedded(), sessions)
	require.NoError(t, err)
	var traces []ptrace.Traces
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	for line := range bytes.Lines(bytes.ReplaceAll(data, []byte(splitMark), nil)) {
		if bytes.Contains(line[:min(len(line), 40)], []byte("resourceLogs")) {
			logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(line)
			require.NoError(t, err)
			files.IndexLogs(logs)
			continue
		}
		td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(line)
		require.NoError(t, err)
		files.IndexTraces(td)
		traces = append(traces, td)
	}
	result := scoredReport{spans: map[string]*scoredSpan{}, incident: "none"}
	incidents := pipeline.NewIncidents()
	for _, td := range traces {
		files.Traces(td, func(s *pipeline.Scored) {
			incidents.Add(s.Span, s.Entry)
			if s.Call == nil {
				return
			}
			r := &s.Entry.Record
			o := &scoredSpan{
				verdict: "none", classes: r.Verdict.Classes, coverage: string(s.Coverage()),
				source: r.Cost.Source, usd: r.Cost.USD.Value,
			}
			if r.Verdict.Class != "" {
				o.verdict = string(r.Verdict.Class) + "/" + r.Verdict.Detail
			}
			if s.Call.IsLLMCall() {
				result.calls++
			}
			b, err := json.Marshal(s.Call)
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(b, &o.call))
			result.spans[s.Span.SpanID().String()] = o
		})
	}
	for _, td := range traces {
		for _, rs := range td.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					if i := incidents.Of(span.TraceID()); i != nil {
						result.incident = string(i.Finding.Class) + "/" + i.Finding.Detail
					}
				}
			}
		}
	}
	return result
}

// wrong returns how a span differs from what is expected, "" if it does not.
func (s *reportedSpan) wrong(got *scoredSpan) string {
	var wrong []string
	add := func(what, problem string) {
		if problem != "" {
			wrong = append(wrong, what+" "+problem)
		}
	}
	if s.Expect != "" {
		add("verdict", matches(s.Expect, got.verdict))
	}
	if s.Not != "" && slices.Contains(got.classes, failure.Class(s.Not)) {
		add("classes", "hold "+s.Not)
	}
	if s.Coverage != "" {
		add("coverage", differs(got.coverage, s.Coverage))
	}
	if s.Cost != nil {
		if s.Cost.Source != nil {
			add("cost source", differs(got.source, *s.Cost.Source))
		}
		if want := s.Cost.USD; want != 0 && math.Abs(got.usd-want) > want/100 {
			add("cost", differs(got.usd, want))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(s.Call)) {
		add(key, unlike(got.call[key], s.Call[key]))
	}
	return strings.Join(wrong, "; ")
}

// matches compares a verdict with the alternatives that are right.
func matches(want, got string) string {
	class, _, _ := strings.Cut(got, "/")
	for alternative := range strings.SplitSeq(want, "|") {
		if alternative == got || alternative == class {
			return ""
		}
	}
	return differs(got, want)
}

func differs[T comparable](got, want T) string {
	if got == want {
		return ""
	}
	return fmt.Sprintf("is %v, want %v", got, want)
}

// unlike compares JSON values. Members and elements that want does not have are ignored.
func unlike(got, want any) string {
	switch want := want.(type) {
	case map[string]any:
		members, _ := got.(map[string]any)
		for key, value := range want {
			if problem := unlike(members[key], value); problem != "" {
				return key + " " + problem
			}
		}
		return ""
	case []any:
		elements, _ := got.([]any)
		for i, value := range want {
			if i >= len(elements) {
				return fmt.Sprintf("has %d elements, want %d", len(elements), len(want))
			}
			if problem := unlike(elements[i], value); problem != "" {
				return problem
			}
		}
		return ""
	}
	if fmt.Sprint(got) == fmt.Sprint(want) || got == nil && (want == false || want == float64(0)) {
		return ""
	}
	return fmt.Sprintf("is %v, want %v", got, want)
}

// readMisses reads a list of known misses: an id and its reason on each line, comments behind #.
func readMisses(t *testing.T, path string) map[string]string {
	t.Helper()
	known := map[string]string{}
	lines := bufio.NewScanner(strings.NewReader(readText(t, path)))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		id, reason, _ := strings.Cut(line, " ")
		require.NotEmpty(t, strings.TrimSpace(reason), "%s: %s has no reason", path, id)
		require.NotContains(t, known, id, "%s names %s twice", path, id)
		known[id] = reason
	}
	return known
}
