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
	// redactions is the number of replaced values.
	redactions int64
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
		n.unpriced[unpriced{modelName(s.Call.AnyModel()), s.Unpriced}]++
	}
	for i := range record.Problems {
		if n.problems == nil {
			n.problems = map[problem]int64{}
		}
		p := &record.Problems[i]
		n.problems[problem{p.Scorer, p.Reason}]++
	}
}

// counters adds tallies to the processor's own metrics. It caches the attribute sets.
type counters struct {
	telemetry *metadata.TelemetryBuilder
	coverage  [len(coverages)]metric.MeasurementOption
	classes   map[failure.Class]metric.MeasurementOption

	mu       sync.Mutex
	problems map[problem]metric.MeasurementOption  // guarded by mu
	unpriced map[unpriced]metric.MeasurementOption // guarded by mu
	models   map[string]bool                       // models in unpriced, guarded by mu
}

// maxProblemSeries bounds the series of scorer problems. Scorers come from the configuration and reasons from their
// code, but neither is guaranteed to be few.
const maxProblemSeries = 256

// otherReason counts the problems beyond maxProblemSeries.
const otherReason = "other"

// maxUnpricedModels bounds the models that are counted by name, because their names come from untrusted spans.
const maxUnpricedModels = 100

// Labels for models that are not counted by name: those beyond the bound, and spans without a model.
const (
	otherModel = "other"
	noModel    = "none"
)

// maxModelName bounds the name of a model, in bytes. A longer name is not a model.
const maxModelName = 128

func modelName(name string) string {
	switch {
	case name == "":
		return noModel
	case len(name) > maxModelName || !utf8.ValidString(name):
		return otherModel
	}
	return name
}

func newCounters(telemetry *metadata.TelemetryBuilder) *counters {
	c := &counters{
		telemetry: telemetry, classes: map[failure.Class]metric.MeasurementOption{},
		problems: map[problem]metric.MeasurementOption{},
		unpriced: map[unpriced]metric.MeasurementOption{}, models: map[string]bool{},
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
	for u, calls := range n.unpriced {
		c.telemetry.LlmFailureUnpricedCalls.Add(ctx, calls, c.withoutPrice(u))
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
	if !c.models[u.model] && len(c.models) >= maxUnpricedModels && u.model != noModel {
		u.model = otherModel
	}
	if option, ok := c.unpriced[u]; ok {
		return option
	}
	u.model = strings.Clone(u.model) // a kept string must not keep a whole request in memory
	if u.model != otherModel && u.model != noModel {
		c.models[u.model] = true
	}
	option := metric.WithAttributeSet(attribute.NewSet(
		attribute.String("model", u.model), attribute.String("reason", u.reason)))
	c.unpriced[u] = option
	return option
}
