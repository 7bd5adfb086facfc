package llmfailureprocessor

import (
	"context"
	"strings"
	"sync"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/spanattr"
	"github.com/faultline-otel/faultline/processor/llmfailureprocessor/internal/metadata"
)

var coverages = [...]spanattr.Coverage{
	spanattr.Scored, spanattr.NoContent, spanattr.Truncated, spanattr.NotLLM,
}

// tally counts the results of one request.
type tally struct {
	coverage [len(coverages)]int64
	classes  map[failure.Class]int64
	problems map[problem]int64
	unpriced map[unpriced]int64
	unknown  map[string]int64 // names of operations
	// redactions is the number of replaced values.
	redactions int64
	cut        int64 // spans
}

type problem struct{ scorer, reason string }

// unpriced identifies model calls without a known cost.
type unpriced struct{ model, reason string }

func (n *tally) add(s *pipeline.Scored) {
	coverage := s.Coverage()
	for i, c := range coverages {
		if c == coverage {
			n.coverage[i]++
		}
	}
	record := &s.Entry.Record
	for _, class := range record.Verdict.Classes {
		if n.classes == nil {
			n.classes = map[failure.Class]int64{}
		}
		n.classes[class]++
	}
	if s.Unpriced != "" {
		if n.unpriced == nil {
			n.unpriced = map[unpriced]int64{}
		}
		n.unpriced[unpriced{labelOf(s.Call.AnyModel()), s.Unpriced}]++
	}
	if s.Call != nil && s.Call.OperationRaw != "" {
		if n.unknown == nil {
			n.unknown = map[string]int64{}
		}
		n.unknown[labelOf(s.Call.OperationRaw)]++
	}
	for i := range record.Skips {
		if skip := &record.Skips[i]; score.Errored(skip.Reason) {
			n.addProblem(skip)
		}
	}
	for i := range record.Problems {
		n.addProblem(&record.Problems[i])
	}
}

func (n *tally) addProblem(p *score.Skip) {
	if n.problems == nil {
		n.problems = map[problem]int64{}
	}
	n.problems[problem{p.Scorer, p.Reason}]++
}

// counters adds tallies to the processor's own metrics. It caches the attribute sets.
type counters struct {
	telemetry *metadata.TelemetryBuilder
	coverage  [len(coverages)]metric.MeasurementOption
	classes   map[failure.Class]metric.MeasurementOption

	mu       sync.Mutex
	problems map[problem]metric.MeasurementOption  // guarded by mu
	unpriced map[unpriced]metric.MeasurementOption // guarded by mu
	unknown  map[string]metric.MeasurementOption   // guarded by mu
	models   labels                                // in unpriced, guarded by mu
	names    labels                                // in unknown, guarded by mu
}

// maxProblemSeries bounds the series of scorer problems. Scorers come from the configuration and reasons from their
// code, but neither is guaranteed to be few.
const maxProblemSeries = 256

// otherReason counts the problems beyond maxProblemSeries.
const otherReason = "other"

// labels are values from untrusted spans that are counted by name. At most maxLabels are.
type labels map[string]bool

const maxLabels = 100

// Labels for values that are not counted by name: those beyond the bound, and an empty one.
const (
	otherLabel = "other"
	noLabel    = "none"
)

// maxLabel bounds a label, in bytes. A longer text is not a name.
const maxLabel = 128

func labelOf(name string) string {
	switch {
	case name == "":
		return noLabel
	case len(name) > maxLabel || !utf8.ValidString(name):
		return otherLabel
	}
	return name
}

// admit returns the label to count a value under. The label does not keep the request of the value in memory.
func (l labels) admit(label string) string {
	switch {
	case l[label] || label == noLabel || label == otherLabel:
		return label
	case len(l) >= maxLabels:
		return otherLabel
	}
	label = strings.Clone(label)
	l[label] = true
	return label
}

func newCounters(telemetry *metadata.TelemetryBuilder) *counters {
	c := &counters{
		telemetry: telemetry, classes: map[failure.Class]metric.MeasurementOption{},
		problems: map[problem]metric.MeasurementOption{},
		unpriced: map[unpriced]metric.MeasurementOption{}, models: labels{},
		unknown: map[string]metric.MeasurementOption{}, names: labels{},
	}
	for i, coverage := range coverages {
		c.coverage[i] = metric.WithAttributeSet(attribute.NewSet(attribute.String("coverage", string(coverage))))
	}
	for _, info := range failure.Classes() {
		c.classes[info.Class] = metric.WithAttributeSet(attribute.NewSet(attribute.String("class", string(info.Class))))
	}
	return c
}

func (c *counters) add(ctx context.Context, n *tally) {
	for i, spans := range n.coverage {
		if spans > 0 {
			c.telemetry.LlmFailureSpans.Add(ctx, spans, c.coverage[i])
		}
	}
	for class, findings := range n.classes {
		if option, ok := c.classes[class]; ok {
			c.telemetry.LlmFailureFindings.Add(ctx, findings, option)
		}
	}
	if n.redactions > 0 {
		c.telemetry.LlmFailureRedactions.Add(ctx, n.redactions)
	}
	if n.cut > 0 {
		c.telemetry.LlmFailureCutSpans.Add(ctx, n.cut)
	}
	for u, calls := range n.unpriced {
		c.telemetry.LlmFailureUnpricedCalls.Add(ctx, calls, c.withoutPrice(u))
	}
	for name, calls := range n.unknown {
		c.telemetry.LlmFailureUnknownOperations.Add(ctx, calls, c.unknownOperation(name))
	}
	for p, times := range n.problems {
		c.telemetry.LlmFailureScorerProblems.Add(ctx, times, c.problem(p))
	}
}

func (c *counters) problem(p problem) metric.MeasurementOption {
	c.mu.Lock()
	defer c.mu.Unlock()
	if option, ok := c.problems[p]; ok {
		return option
	}
	if len(c.problems) >= maxProblemSeries {
		p = problem{otherReason, otherReason}
	}
	option := metric.WithAttributeSet(attribute.NewSet(
		attribute.String("scorer", p.scorer), attribute.String("reason", p.reason)))
	c.problems[p] = option
	return option
}

func (c *counters) withoutPrice(u unpriced) metric.MeasurementOption {
	c.mu.Lock()
	defer c.mu.Unlock()
	u.model = c.models.admit(u.model)
	option, ok := c.unpriced[u]
	if !ok {
		option = metric.WithAttributeSet(attribute.NewSet(
			attribute.String("model", u.model), attribute.String("reason", u.reason)))
		c.unpriced[u] = option
	}
	return option
}

func (c *counters) unknownOperation(name string) metric.MeasurementOption {
	c.mu.Lock()
	defer c.mu.Unlock()
	name = c.names.admit(name)
	option, ok := c.unknown[name]
	if !ok {
		option = metric.WithAttributeSet(attribute.NewSet(attribute.String("operation", name)))
		c.unknown[name] = option
	}
	return option
}
