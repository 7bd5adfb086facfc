package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"

	"github.com/faultline-otel/faultline/internal/corpus/labelled"
	"github.com/faultline-otel/faultline/internal/linear"
	"github.com/faultline-otel/faultline/internal/score/ground"
	"github.com/faultline-otel/faultline/internal/words"
)

func init() {
	recipes[ground.RelevanceName] = recipe{path: "internal/score/ground/weights/relevance.flf", fit: relevance}
}

// relevance fits on answers to their own question and to others.
func relevance(d data) (model, error) {
	train, err := d.rows("relevance", "train")
	if err != nil {
		return nil, err
	}
	// Further wrong pairs: answers are cheap to mix up.
	r := rand.New(rand.NewPCG(8, 8))
	for i, n := 0, len(train); i < n; i++ {
		if other := train[r.IntN(n)]; train[i].Label == 0 && train[i].Source == "halueval-general" && other.Source == train[i].Source && other.Output != train[i].Output {
			mixed := train[i]
			mixed.Output, mixed.Label = other.Output, 1
			train = append(train, mixed)
		}
	}
	v, err := subjects(d)
	if err != nil {
		return nil, err
	}
	rows := relevant(v, train)
	forest := growRelevance(rows)
	dev, err := d.calibration("relevance")
	if err != nil {
		return nil, err
	}
	var negatives []float64
	held := relevant(v, dev)
	for _, r := range held {
		if !r.label {
			negatives = append(negatives, float64(forest.Margin(r.features)))
		}
	}
	// There are few of them, and the rarest decide: training answers count as well, each by a forest that had not seen it.
	for k := range folds {
		others := slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return fold(r.text) == k })
		unseen := growRelevance(others)
		for _, r := range rows {
			if !r.label && fold(r.text) == k {
				negatives = append(negatives, float64(unseen.Margin(r.features)))
			}
		}
	}
	at := linear.Threshold(negatives, 0.003)
	forest.Bias -= float32(at)
	found, bad := 0, 0
	for _, r := range held {
		if r.label {
			bad++
			if forest.Margin(r.features) >= 0 {
				found++
			}
		}
	}
	fmt.Fprintf(os.Stderr, "relevance: %d rows; AUROC %.3f, threshold at %.2f for at most 0.3%% of %d relevant answers: finds %d of %d\n", len(rows), auroc(forest, held), at, len(negatives), found, bad)
	return forest, nil
}

func growRelevance(rows []row) *ground.Forest { return grow(rows, 300, 0.1, 10) }

func relevant(v *ground.Vectors, list []labelled.Row) []row {
	var rows []row
	for _, l := range list {
		var question, answer words.Text
		question.Read(l.Input)
		answer.Read(l.Output)
		o := ground.NewOverlap()
		o.Add(&question)
		var f [ground.RelevantFeatures]float32
		if o.Relevant(v, &question, &answer, &f) {
			rows = append(rows, row{features: slices.Clone(f[:]), label: l.Label == 1, source: l.Source, weight: 1, text: l.Input})
		}
		o.Release()
	}
	return rows
}
