// Package labelled reads the labelled texts of the corpus, for those who train on them and those who measure on them.
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

// Row is one labelled text. What it means is told by the task: see the corpus' own description.
type Row struct {
	ID     string `json:"id"`
	Source string `json:"source"`
	Input  string `json:"input"`
	// Context is the documents or the tool result.
	Context string `json:"context"`
	Output  string `json:"output"`
	// Label is 1 where the failure is there.
	Label int            `json:"label"`
	Meta  map[string]any `json:"meta"`
}

// Splits of a task. Models are trained on Train. One half of Dev sets thresholds, the other half is reported on: Report.
const (
	Train = "train"
	Dev   = "dev-test"
)

// Read reads a split of a task, below the folder of the corpus.
func Read(dir, task, split string) ([]Row, error) {
	path := filepath.Join(dir, "text", task, split+".jsonl.gz")
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(bufio.NewReaderSize(f, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var rows []Row
	for d := json.NewDecoder(z); ; {
		var row Row
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

// Report says which half of dev-test a row is of: the half that figures are reported on (true), or the one that thresholds
// are set on. It depends on the id alone.
func Report(id string) bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return h.Sum32()>>16&1 == 1
}
