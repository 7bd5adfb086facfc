package runner

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/faultline-otel/faultline/internal/spanattr"
)

// RunID names a run of a row.
type RunID struct {
	Row string
	Run int
}

// Output is a file of runs, a line of OTLP/JSON or several a run. It can be continued after an interruption.
type Output struct {
	f       *os.File
	regular bool // not /dev/stdout or a pipe
	// Done are the runs that the file already had.
	Done map[RunID]bool
}

// ErrOtherOutput is returned for an existing file that does not come from these cases and this runner.
var ErrOtherOutput = errors.New("is not a part of this run")

// OpenOutput opens the file and keeps what a run that was interrupted left there, unless it is to be overwritten. Runs
// that failed, are cut, or whose case has changed, are dropped from it. wanted are the hashes of the cases by row. It
// refuses a file of another runner or of something else. Only its owner can read the file, since it holds messages of
// users.
func OpenOutput(path, runner string, overwrite bool, wanted map[string]string) (*Output, error) {
	old, err := os.Open(path)
	if overwrite || errors.Is(err, fs.ErrNotExist) {
		_ = old.Close()
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		return &Output{f: f, regular: true}, err
	} else if err != nil {
		return nil, err
	}
	defer old.Close()
	if info, err := old.Stat(); err == nil && !info.Mode().IsRegular() { // such as /dev/stdout
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		return &Output{f: f}, err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, err
	}
	out := &Output{f: f, regular: true, Done: map[RunID]bool{}}
	if err = out.keep(old, runner, wanted); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = f.Close()
		_ = os.Remove(f.Name())
		return nil, err
	}
	return out, nil
}

// keep copies the finished runs of an earlier file. The log records of a run are followed by its spans. What came late
// of a program's run is in further lines.
func (o *Output) keep(old io.Reader, runner string, wanted map[string]string) error {
	in, w := bufio.NewReaderSize(old, 1<<20), bufio.NewWriter(o.f)
	var logs []byte // of the run whose spans come next
	for number := 1; ; number++ {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) { // a line without its end was cut
			return w.Flush()
		} else if err != nil {
			return err
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		marks, spans := marksOf(line)
		switch {
		case marks[spanattr.AttrDatasetRunner] == "":
			return fmt.Errorf("%w: line %d was not written by faultline run", ErrOtherOutput, number)
		case marks[spanattr.AttrDatasetRunner] != runner:
			return fmt.Errorf("%w: it was made with another command, model or prompt", ErrOtherOutput)
		}
		run, _ := strconv.Atoi(marks[spanattr.AttrDatasetRun])
		id := RunID{marks[spanattr.AttrDatasetRow], run}
		hash, known := wanted[id.Row]
		switch {
		case !known || hash != marks[spanattr.AttrDatasetCase] || marks[spanattr.AttrDatasetError] != "":
			logs = logs[:0]
		case !spans && !o.Done[id]:
			logs = append(logs, line...)
		default:
			o.Done[id] = true
			_, _ = w.Write(logs) // an error stays, and Flush returns it
			_, _ = w.Write(line)
			logs = logs[:0]
		}
	}
}

// marksOf reads the marks of a line, and whether it holds spans.
func marksOf(line []byte) (Marks, bool) {
	type resources []struct {
		Resource attributes `json:"resource"`
	}
	var r struct {
		Spans resources `json:"resourceSpans"`
		Logs  resources `json:"resourceLogs"`
	}
	if json.Unmarshal(line, &r) != nil {
		return nil, false
	}
	marks := Marks{}
	for _, list := range []resources{r.Spans, r.Logs} {
		for _, resource := range list {
			for _, a := range resource.Resource.Attributes {
				if a.Value.String != nil {
					marks[a.Key] = *a.Value.String
				}
			}
		}
	}
	return marks, len(r.Spans) > 0
}

// Write appends the lines of a run. They are on disk when it returns, so that no answer is paid for twice.
func (o *Output) Write(lines []byte) (int, error) {
	n, err := o.f.Write(lines)
	if err == nil && o.regular {
		err = o.f.Sync()
	}
	return n, err
}

// Close closes the file.
func (o *Output) Close() error { return o.f.Close() }
