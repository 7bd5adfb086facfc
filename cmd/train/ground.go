package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
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

// groundedness fits on dialogues that leave their source, on summaries with small mistakes, on answers beside the
// documents of another row, and on ordinary calls. It prints the quality on each domain that was left out, because that
// is the relevant figure.
func groundedness(d data) (model, error) {
	train, err := d.rows("groundedness", "train", "begin", "summedits")
	if err != nil {
		return nil, err
	}
	learned, held, err := d.answered()
	if err != nil {
		return nil, err
	}
	rows := grounded(slices.Concat(train, swapped(train), learned))
	for _, source := range sources(rows) {
		if !strings.HasPrefix(source, "begin") && !strings.HasPrefix(source, "summedits") {
			continue
		}
		others := slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return r.source == source })
		own := slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return r.source != source })
		unseen := grow(others, groundTrees, groundRate, groundLambda)
		fmt.Fprintf(os.Stderr, "  groundedness without %-22s AUROC %.3f of %d\n", source+":", auroc(unseen, own),
			len(own))
	}
	forest := grow(rows, groundTrees, groundRate, groundLambda)
	// Ordinary calls of sources that trained nothing set the level of a suspicion. The gates of a verdict stand in the
	// scorer.
	var negatives []float64
	for _, r := range grounded(held) {
		negatives = append(negatives, float64(forest.Margin(r.features)))
	}
	at := linear.Threshold(negatives, 0.004)
	forest.Bias -= float32(at - ground.SuspectMargin)
	fmt.Fprintf(os.Stderr, "groundedness: %d rows; suspicion at %.2f for at most 0.4%% of %d ordinary answers\n",
		len(rows), at, len(negatives))
	return forest, nil
}

// swapped pairs answers with the documents of another row.
func swapped(rows []labelled.Row) (list []labelled.Row) {
	r := rand.New(rand.NewPCG(5, 5))
	for _, row := range rows {
		other := rows[r.IntN(len(rows))]
		if row.Label == 0 && other.Context != row.Context {
			row.Context, row.Label, row.Source = other.Context, 1, "swapped "+row.Source
			list = append(list, row)
		}
	}
	return list
}

// answered are ordinary calls with sources and an answer: those that train models, and those of other sources that set
// thresholds.
func (d data) answered() (learned, held []labelled.Row, err error) {
	rows, err := labelled.Calls(d.dir)
	for _, row := range rows {
		context := strings.TrimSpace(row.Context + "\n" + row.ToolResult)
		if context == "" || row.Output == "" {
			continue
		}
		l := labelled.Row{
			ID: row.ID, Source: "ordinary " + row.Source, Input: row.System + "\n" + row.Input, Context: context,
			Output: row.Output,
		}
		switch {
		case row.Use == labelled.MayTrain:
			learned = append(learned, l)
		case !labelled.Report(row.ID):
			held = append(held, l)
		}
	}
	return learned, held, err
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
		o.Ask(&question)
		var f [ground.GroundedFeatures]float32
		if o.Prose() && o.Grounded(&output, &f) {
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
		if strings.HasPrefix(rows[i].source, "swapped") {
			rows[i].weight /= 8
		}
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
