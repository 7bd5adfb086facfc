package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/corpus/labelled"
	"github.com/faultline-otel/faultline/internal/linear"
	"github.com/faultline-otel/faultline/internal/score/ground"
	"github.com/faultline-otel/faultline/internal/words"
)

func init() {
	recipes[ground.GroundednessName] = recipe{path: "internal/score/ground/weights/groundedness.flf", fit: groundedness}
}

// groundedness fits on dialogues that leave their source and on summaries with small mistakes. It prints the quality on
// each domain that was left out, because that is the relevant figure.
func groundedness(d data) (model, error) {
	train, err := d.rows("groundedness", "train", "begin", "summedits")
	if err != nil {
		return nil, err
	}
	rows := grounded(train)
	bySource := map[string][]float64{} // margins of grounded answers, from forests without their domain
	for _, source := range sources(rows) {
		others := slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return r.source == source })
		own := slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return r.source != source })
		unseen := grow(others, groundTrees, groundRate, groundLambda)
		fmt.Fprintf(os.Stderr, "  groundedness without %-22s AUROC %.3f of %d\n", source+":", auroc(unseen, own),
			len(own))
		for _, r := range own {
			if !r.label && strings.HasPrefix(source, "summedits") {
				bySource[source] = append(bySource[source], float64(unseen.Margin(r.features)))
			}
		}
	}
	forest := grow(rows, groundTrees, groundRate, groundLambda)
	dev, err := d.calibration("groundedness", "begin", "summedits")
	if err != nil {
		return nil, err
	}
	var negatives []float64
	for _, r := range grounded(dev) {
		if !r.label {
			negatives = append(negatives, float64(forest.Margin(r.features)))
		}
	}
	// Scores below 0.3 fail: a margin of 0.85.
	at := linear.Threshold(negatives, 0.005)
	for _, source := range slices.Sorted(keys(bySource)) {
		at = max(at, linear.Threshold(bySource[source], 0.01))
	}
	forest.Bias -= float32(at - ground.FailMargin)
	fmt.Fprintf(os.Stderr,
		"groundedness: %d rows; threshold at %.2f for at most 0.5%% of %d grounded answers, and 1%% of each domain "+
			"that was left out\n", len(rows), at, len(negatives))
	return forest, nil
}

const (
	groundTrees  = 60
	groundRate   = 0.15
	groundLambda = 20
)

func grounded(list []labelled.Row) []row {
	var rows []row
	sizes := map[string]float64{}
	for _, l := range list {
		var question, context, output words.Text
		question.Read(l.Input)
		context.Read(l.Context)
		output.Read(l.Output)
		o := ground.NewOverlap()
		o.Add(&context)
		o.Add(&question) // as in the scorer: an answer may repeat words of the question
		var f [ground.GroundedFeatures]float32
		if o.Grounded(&output, &f) {
			rows = append(rows, row{features: slices.Clone(f[:]), label: l.Label == 1, source: l.Source})
			sizes[fmt.Sprint(l.Source, l.Label)]++
		}
		o.Release()
	}
	for i := range rows {
		label := 0
		if rows[i].label {
			label = 1
		}
		rows[i].weight = 1000 / sizes[fmt.Sprint(rows[i].source, label)]
	}
	return rows
}

func sources(rows []row) []string {
	seen := map[string]bool{}
	for _, r := range rows {
		seen[r.source] = true
	}
	return slices.SortedFunc(keys(seen), func(a, b string) int {
		return cmp.Compare(strings.ToLower(a),
			strings.ToLower(b))
	})
}
