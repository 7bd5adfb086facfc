package grafana

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/faultline-otel/faultline/internal/catalog"
)

func steady(v float64) func(float64) float64 { return func(float64) float64 { return v } }

// from is one value before a minute and another one from that minute on.
func from(minute, before, after float64) func(float64) float64 {
	return func(m float64) float64 {
		if m < minute {
			return before
		}
		return after
	}
}

// world writes the series of a scenario in the format of promtool.
type world struct {
	random *rand.Rand
	steps  int
	step   float64 // in minutes
	series []inputSeries
}

type inputSeries struct {
	Series string `yaml:"series"`
	Values string `yaml:"values"`
}

func (w *world) raw(series, values string) {
	w.series = append(w.series, inputSeries{series, values})
}

func (w *world) values(m *catalog.Metric, labels, values string) {
	w.raw(fmt.Sprintf(`%s{%s,collector_instance_id="a"}`, catalog.PrometheusName(m), labels), values)
}

// counted writes counters that start at 0, for both replicas. It calls draw for each replica and step with the minute;
// the result is added to the counters.
func (w *world) counted(names []string, draw func(minute float64) []float64) {
	for _, replica := range []string{"a", "b"} {
		sums, values := make([]float64, len(names)), make([]strings.Builder, len(names))
		for step := range w.steps {
			for i, v := range draw(float64(step) * w.step) {
				fmt.Fprintf(&values[i], "%.6g ", sums[i])
				sums[i] += v
			}
		}
		for i, name := range names {
			w.raw(fmt.Sprintf(`%s,collector_instance_id="%s"}`, name, replica), values[i].String())
		}
	}
}

// counts writes a counter of independent events with a mean rate per minute.
func (w *world) counts(m *catalog.Metric, labels string, perMinute func(float64) float64) {
	w.counted([]string{catalog.PrometheusName(m) + "{" + labels}, func(minute float64) []float64 {
		return []float64{w.poisson(perMinute(minute) * w.step / 2)}
	})
}

// requests writes counters of requests that fail independently of each other.
func (w *world) requests(labels string, perMinute, failing func(float64) float64) {
	name := catalog.PrometheusName(catalog.Requests) + "{" + labels
	w.counted(
		[]string{name + `,app_llm_outcome="ok"`, name + `,app_llm_outcome="failed"`},
		func(minute float64) []float64 {
			n, failed := w.poisson(perMinute(minute)*w.step/2), 0.0
			for range int(n) {
				if w.random.Float64() < failing(minute) {
					failed++
				}
			}
			return []float64{n - failed, failed}
		},
	)
}

// scores writes scores within 0.15 of a mean.
func (w *world) scores(scorer, labels string, perMinute, mean func(float64) float64) {
	labels = fmt.Sprintf(`{%s,gen_ai_evaluation_name="%s",app_llm_scorer_version="1"`, labels, scorer)
	w.counted([]string{
		catalog.PrometheusName(
			catalog.ScoreCount,
		) + labels,
		catalog.PrometheusName(catalog.ScoreSum) + labels,
		catalog.PrometheusName(catalog.ScoreSumSq) + labels,
	}, func(minute float64) []float64 {
		n := w.poisson(perMinute(minute) * w.step / 2)
		sum, squares := 0.0, 0.0
		for range int(n) {
			v := math.Min(1, math.Max(0, mean(minute)+0.3*(w.random.Float64()-0.5)))
			sum, squares = sum+v, squares+v*v
		}
		return []float64{n, sum, squares}
	})
}

// judged writes counters of scores of which a share fails.
func (w *world) judged(scorer, labels string, perMinute, failing func(float64) float64) {
	labels = fmt.Sprintf(`{%s,gen_ai_evaluation_name="%s",app_llm_scorer_version="1"`, labels, scorer)
	w.counted([]string{
		catalog.PrometheusName(catalog.ScoreCount) + labels, catalog.PrometheusName(catalog.ScoreFailures) + labels,
	}, func(minute float64) []float64 {
		n := w.poisson(perMinute(minute) * w.step / 2)
		return []float64{n, w.poisson(n * failing(minute))}
	})
}

// streams writes native histograms of the time to the first chunk: log-normal around a median, with a share of slow
// streams of 6 to 12 s.
func (w *world) streams(labels string, perMinute, median, slow func(float64) float64) {
	const schema, lowest, highest = 3, -40, 32 // bucket i ends at 2^(i/8)
	for _, replica := range []string{"a", "b"} {
		var values strings.Builder
		buckets, sum, count := make([]int, highest-lowest+1), 0.0, 0
		for step := range w.steps {
			fmt.Fprintf(
				&values,
				"{{schema:%d sum:%.3f count:%d offset:%d buckets:%v}} ",
				schema,
				sum,
				count,
				lowest,
				buckets,
			)
			minute := float64(step) * w.step
			for range int(w.poisson(perMinute(minute) * w.step / 2)) {
				v := median(minute) * math.Exp(0.5*w.random.NormFloat64())
				if w.random.Float64() < slow(minute) {
					v = 6 + 6*w.random.Float64()
				}
				i := min(highest, max(lowest, int(math.Ceil(math.Log2(v)*8))))
				buckets[i-lowest]++
				sum, count = sum+v, count+1
			}
		}
		w.raw(
			fmt.Sprintf(
				`%s{%s,collector_instance_id="%s"}`,
				catalog.PrometheusName(catalog.TimeToFirstChunk),
				labels,
				replica,
			),
			values.String(),
		)
	}
}

func (w *world) poisson(mean float64) float64 {
	if mean > 30 {
		return math.Max(0, math.Round(mean+math.Sqrt(mean)*w.random.NormFloat64()))
	}
	return float64(poisson(w.random, mean)())
}
