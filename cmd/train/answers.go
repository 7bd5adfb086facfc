package main

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// answered is an answer of the corpus of ordinary calls.
type answered struct {
	ID     string   `json:"id"`
	Source string   `json:"source"`
	Use    string   `json:"use"`
	Output string   `json:"output"`
	Flags  []string `json:"flags"`
}

// answers returns the ordinary answers: those that models may be trained on, and those that set thresholds. Answers
// with one of the flags may hold the failure and are left out, and so are those that a person read and found to hold
// it.
func (d data) answers(scorer string, flags ...string) (train, operate []sample, err error) {
	read, err := os.ReadFile(filepath.Join(d.repository, "internal", "eval", "testdata", "benign_read.txt"))
	if err != nil {
		return nil, nil, err
	}
	f, err := os.Open(filepath.Join(d.dir, "text", "benign", "dev.jsonl.gz"))
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, nil, err
	}
	for lines := json.NewDecoder(z); ; {
		var a answered
		switch err := lines.Decode(&a); {
		case errors.Is(err, io.EOF):
			return train, operate, nil
		case err != nil:
			return nil, nil, err
		}
		flagged := slices.ContainsFunc(a.Flags, func(f string) bool { return slices.Contains(flags, f) })
		if a.Output == "" || flagged || strings.Contains(string(read), scorer+" "+a.ID+" ") {
			continue
		}
		s := sample{text: a.Output, source: "ordinary " + a.Source}
		if a.Use == "TRAIN" {
			train = append(train, s)
		} else {
			operate = append(operate, s)
		}
	}
}
