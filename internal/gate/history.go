package gate

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// Entry is one gate in a history file, one JSON object a line. It keeps the rows that failed in some run.
type Entry struct {
	Time     time.Time            `json:"time"`
	Dataset  string               `json:"dataset"`
	Decision Decision             `json:"decision"`
	Rows     map[string]PastTally `json:"rows,omitempty"`
}

// PastTally is what a row did in a gate: passed and failed runs of both sides.
type PastTally struct {
	Candidate [2]int `json:"candidate"`
	Baseline  [2]int `json:"baseline,omitzero"`
}

// mixed reports whether runs of one system differed.
func (p PastTally) mixed() bool {
	return p.Candidate[0] > 0 && p.Candidate[1] > 0 || p.Baseline[0] > 0 && p.Baseline[1] > 0
}

// The rule of the quarantine: a row whose runs of one system differed in two of the last ten gates.
const (
	lastGates  = 10
	mixedGates = 2
	maxEntry   = 16 << 20
)

// ReadHistory reads the last gates of a file. A file that does not exist is empty.
func ReadHistory(path string) ([]Entry, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readHistory(path, f)
}

func readHistory(path string, r io.Reader) (entries []Entry, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxEntry)
	for number := 1; lines.Scan(); number++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var e Entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("%s: line %d: must be a gate as faultline gate --history writes it: %w", path, number, err)
		}
		if entries = append(entries, e); len(entries) > lastGates {
			entries = entries[1:]
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return entries, nil
}

// Flaky returns the rows that the history quarantines, with the reason.
func Flaky(history []Entry) map[string]string {
	counts := map[string]int{}
	for _, e := range history {
		for id, past := range e.Rows {
			counts[id] += btoi(past.mixed())
		}
	}
	flaky := map[string]string{}
	for id, n := range counts {
		if n >= mixedGates {
			flaky[id] = fmt.Sprintf("quarantined: its runs of one system differed in %d of the last %d gates", n, len(history))
		}
	}
	return flaky
}

// Entry returns the report as a line of a history.
func (r Report) Entry(at time.Time) Entry {
	e := Entry{Time: at.UTC(), Dataset: r.Dataset, Decision: r.Decision, Rows: map[string]PastTally{}}
	for _, row := range r.Rows {
		past := PastTally{Candidate: [2]int{row.Candidate.Passed, row.Candidate.Failed}}
		if row.Baseline != nil {
			past.Baseline = [2]int{row.Baseline.Passed, row.Baseline.Failed}
		}
		if past.Candidate[1]+past.Baseline[1] > 0 {
			e.Rows[row.ID] = past
		}
	}
	return e
}

// AppendHistory adds a gate to a file.
func AppendHistory(path string, e Entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644) //nolint:gosec // it holds no content
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}
