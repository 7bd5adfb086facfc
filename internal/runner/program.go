package runner

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/faultline-otel/faultline/internal/spanattr"
)

// Program is a command that runs all cases itself and records them with its own OTLP, such as a test suite. It reads
// the cases from the file that FAULTLINE_DATASET names, a JSON object a line, and sets app.llm.dataset.row on the spans
// or the resource of each. Where it does not, its traces are found by their input.
type Program struct {
	Args    []string
	Version string // distinguishes two states of the system
	Timeout time.Duration
	Output  io.Writer // of the command, both streams
}

// Key is the command, its version, and the content of the files that it names.
func (p Program) Key() string {
	parts := append([]string{"program", p.Version}, p.Args...)
	for _, arg := range p.Args {
		if sum := fileHash(arg); sum != "" {
			parts = append(parts, sum)
		}
	}
	return digest(parts...)
}

// Marks returns the marks of the run of a case.
func (p Program) Marks(c *Case) Marks { return c.marks(p.Key()) }

// StrayMarks returns the marks of what names no row, in a run of all cases.
func (p Program) StrayMarks(run int) Marks {
	return Marks{spanattr.AttrDatasetRun: strconv.Itoa(run), spanattr.AttrDatasetRunner: p.Key()}
}

// Run runs the program once over the cases. It sends its OTLP to the endpoint. The program's own exit code is returned
// as an error only where it is an error to have: a test suite also fails because a case fails.
func (p Program) Run(ctx context.Context, cases iter.Seq[Case], run int, endpoint string) error {
	file, err := writeCases(cases)
	if err != nil {
		return err
	}
	defer os.Remove(file) //nolint:errcheck // in a folder for temporary files
	if p.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, p.Timeout, fmt.Errorf("%w after %s", ErrTimeout, p.Timeout))
		defer cancel()
	}
	cmd := exec.CommandContext(ctx, p.Args[0], p.Args[1:]...) //nolint:gosec // what the user asks to run
	complaint, out := &tail{}, &locked{w: p.Output}
	cmd.Stdout, cmd.Stderr = out, io.MultiWriter(out, complaint)
	cmd.Env = append(os.Environ(),
		"FAULTLINE_DATASET="+file, "FAULTLINE_RUN="+strconv.Itoa(run),
		"OTEL_EXPORTER_OTLP_ENDPOINT="+endpoint, "OTEL_EXPORTER_OTLP_INSECURE=true",
		"OTEL_TRACES_EXPORTER=otlp", "OTEL_LOGS_EXPORTER=otlp", "OTEL_METRICS_EXPORTER=none",
		"OTEL_RESOURCE_ATTRIBUTES="+resourceAttributes(map[string]string{spanattr.AttrDatasetRun: strconv.Itoa(run)}),
		// Without a head sampler, or a case may be missing.
		"OTEL_TRACES_SAMPLER=always_on",
		// Without this switch, SDKs of the GenAI conventions record no messages, and nothing can be judged.
		"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true",
	)
	cmd.Env = without(cmd.Env, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
		"OTEL_EXPORTER_OTLP_HEADERS", "OTEL_SDK_DISABLED")
	ownGroup(cmd)
	cmd.WaitDelay = 2 * time.Second
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, os.ErrNotExist), errors.Is(err, os.ErrPermission):
		return fmt.Errorf("%q %w: %w", p.Args[0], ErrNotRunnable, err)
	case errors.As(err, &exit):
		return fmt.Errorf("%s: %w: %s", p.Args[0], exit, complaint.last())
	case errors.Is(err, exec.ErrWaitDelay):
		return nil
	}
	return err
}

// locked is a writer for both streams of a program.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

// writeCases writes the cases to a temporary file that only its owner can read.
func writeCases(cases iter.Seq[Case]) (string, error) {
	f, err := os.CreateTemp("", "faultline-cases-*.jsonl")
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for c := range cases {
		if err == nil {
			err = e.Encode(c)
		}
		if err == nil && b.Len() > 1<<20 {
			_, err = b.WriteTo(f)
		}
	}
	_, last := b.WriteTo(f)
	if err = errors.Join(err, last, f.Close()); err != nil {
		_ = os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

// without removes variables: those that would send the telemetry elsewhere.
func without(env []string, names ...string) []string {
	kept := env[:0]
	for _, variable := range env {
		drop := false
		for _, name := range names {
			drop = drop || strings.HasPrefix(variable, name+"=")
		}
		if !drop {
			kept = append(kept, variable)
		}
	}
	return kept
}
