package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/corpus/labelled"
)

// answers returns the ordinary answers: those that models may be trained on, and those that set thresholds. Answers
// with one of the flags may hold the failure and are left out, and so are those that a person read and found to hold
// it.
func (d data) answers(scorer string, flags ...string) (train, operate []sample, err error) {
	read, err := os.ReadFile(filepath.Join(d.repository, "internal", "eval", "testdata", "benign_read.txt"))
	if err != nil {
		return nil, nil, err
	}
	calls, err := labelled.Calls(d.dir)
	if err != nil {
		return nil, nil, err
	}
	for i := range calls {
		c := &calls[i]
		flagged := slices.ContainsFunc(c.Flags, func(f string) bool { return slices.Contains(flags, f) })
		if c.Output == "" || flagged || strings.Contains(string(read), scorer+" "+c.ID+" ") {
			continue
		}
		s := sample{text: c.Output, source: "ordinary " + c.Source}
		if c.Use == labelled.MayTrain {
			train = append(train, s)
		} else {
			operate = append(operate, s)
		}
	}
	return train, operate, nil
}
