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

// relevance fits on answers paired with their own question and with other questions.
func relevance(d data) (model, error) {
	train, err := d.pairs()
	if err != nil {
		return nil, err
	}
	// Vectors fitted to a question and its answer find them similar. So each question is measured with vectors that had
	// not seen it.
	var rows []row
	for k := range folds {
		unseen, err := subjects(d, k)
		if err != nil {
			return nil, err
		}
		rows = append(rows, relevant(unseen, slices.DeleteFunc(slices.Clone(train),
			func(r labelled.Row) bool { return fold(r.Input) != k }))...)
	}
	v, err := subjects(d, -1)
	if err != nil {
		return nil, err
	}
	forest := growRelevance(rows)
	dev, err := d.calibration("relevance")
	if err != nil {
		return nil, err
	}
	turns, err := d.calibration("refusal", "xstest", "tau")
	if err != nil {
		return nil, err
	}
	for _, row := range turns {
		row.Label = 0
		dev = append(dev, row)
	}
	var negatives []float64
	held := relevant(v, dev)
	for _, r := range held {
		if !r.label {
			negatives = append(negatives, float64(forest.Margin(r.features)))
		}
	}
	// There are few of them, and the rarest decide. So training answers count too, each with a forest that had not seen
	// it.
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
	fmt.Fprintf(os.Stderr,
		"relevance: %d rows; AUROC %.3f, threshold at %.2f for at most 0.3%% of %d relevant answers: finds %d of %d\n",
		len(rows), auroc(forest, held), at, len(negatives), found, bad)
	return forest, nil
}

// pairs are answers paired with their own question and with other questions.
func (d data) pairs() ([]labelled.Row, error) {
	train, err := d.rows("relevance", "train")
	if err != nil {
		return nil, err
	}
	// Turns of a conversation, and answers that decline: both are relevant to the question.
	turns, err := d.rows("refusal", "train", "xstest", "tau")
	if err != nil {
		return nil, err
	}
	for _, row := range turns {
		row.Label = 0
		train = append(train, row)
	}
	// Further wrong pairs, which are cheap to make by mixing answers. Two turns of the same kind of conversation may
	// fit each other, so they are not paired.
	r := rand.New(rand.NewPCG(8, 8))
	for i, n := 0, len(train); i < n; i++ {
		own, other := train[i], train[r.IntN(n)]
		if own.Label == 0 && other.Output != own.Output && own.Source != "halueval-qa-short" &&
			(own.Source == "halueval-general" || other.Source == "halueval-general") {
			own.Output, own.Label = other.Output, 1
			train = append(train, own)
		}
	}
	return train, nil
}

func growRelevance(rows []row) *ground.Forest { return grow(rows, 300, 0.1, 10) }

func relevant(v *ground.Vectors, list []labelled.Row) []row {
	var rows []row
	for _, l := range list {
		var question, answer words.Text
		question.Read(l.Input)
		answer.Read(l.Output)
		var f [ground.RelevantFeatures]float32
		if ground.Relevant(v, &question, &answer, &f) {
			rows = append(rows, row{
				features: slices.Clone(f[:]), label: l.Label == 1, source: l.Source, weight: 1,
				text: l.Input,
			})
		}
	}
	return rows
}
