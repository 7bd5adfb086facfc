// Package labelled reads the labelled texts of the corpus, for training and for evaluation.
package labelled

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
)

// Row is one labelled text. Its meaning depends on the task: see the description of the corpus.
type Row struct {
	ID     string `json:"id"`
	Source string `json:"source"`
	Input  string `json:"input"`
	// Context holds the documents or the tool result.
	Context string `json:"context"`
	Output  string `json:"output"`
	// Label is 1 where the failure is there.
	Label int            `json:"label"`
	Meta  map[string]any `json:"meta"`
}

// Splits of a task. Models are trained on Train. One half of Dev sets thresholds, figures are reported on the other
// half: see Report.
const (
	Train = "train"
	Dev   = "dev-test"
)

// Read reads a split of a task. dir is the folder of the corpus.
func Read(dir, task, split string) ([]Row, error) {
	return lines[Row](filepath.Join(dir, "text", task, split+".jsonl.gz"))
}

// Call is one call of the corpus of ordinary calls. They are benign by origin, not by a label.
type Call struct {
	ID         string   `json:"id"`
	Source     string   `json:"source"`
	Use        string   `json:"use"`
	System     string   `json:"system"`
	Input      string   `json:"input"`
	Context    string   `json:"context"`
	ToolResult string   `json:"tool_result"`
	Output     string   `json:"output"`
	Flags      []string `json:"flags"` // failures that the call may hold all the same
}

// Uses of ordinary calls: some may train models, others only set and check thresholds.
const (
	MayTrain = "TRAIN"
	MayCheck = "EVAL"
)

// CallsFile is the file of the ordinary calls, below the folder of the corpus.
var CallsFile = filepath.Join("text", "benign", "dev.jsonl.gz")

// Calls reads the ordinary calls.
func Calls(dir string) ([]Call, error) { return lines[Call](filepath.Join(dir, CallsFile)) }

// lines reads a compressed file of JSON values.
func lines[T any](path string) ([]T, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(bufio.NewReaderSize(f, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var rows []T
	for d := json.NewDecoder(z); ; {
		var row T
		err := d.Decode(&row)
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s, row %d: %w", path, len(rows)+1, err)
		}
		rows = append(rows, row)
	}
}

// Report reports whether a row belongs to the half of dev-test that figures are reported on. Thresholds are set on the
// other half. The answer depends on the id alone.
func Report(id string) bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return h.Sum32()>>16&1 == 1
}
