package runner

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/spanattr"
)

// MaxAnswer bounds what one run may answer, in bytes.
const MaxAnswer = 64 << 20

// ErrNotRunnable is returned where the command does not exist or may not be run: no case can succeed.
var ErrNotRunnable = errors.New("cannot be run")

// Exec runs a command of the shell once a case. The command reads the case as JSON on its standard input and writes
// its answer on its standard output: text, JSON or OTLP.
type Exec struct {
	Command string
	// Version distinguishes two states of the system that the same command runs.
	Version string

	limit int // of an answer, 0 for MaxAnswer
}

// Key is the command, its version, and the content of the files that it names.
func (e Exec) Key() string {
	parts := []string{"exec", e.Command, e.Version}
	for word := range strings.FieldsSeq(e.Command) {
		if sum := fileHash(strings.Trim(word, `"'`)); sum != "" {
			parts = append(parts, sum)
		}
	}
	return digest(parts...)
}

// Run implements Runner. A command that exits with another code than 0 gave no answer.
func (e Exec) Run(ctx context.Context, c *Case) (Answer, error) {
	input, err := json.Marshal(c)
	if err != nil {
		return Answer{}, err
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", e.Command) //nolint:gosec // what the user asks to run
	cmd.Stdin = bytes.NewReader(append(input, '\n'))
	cmd.Env = append(os.Environ(),
		"FAULTLINE_ROW="+c.Row,
		"OTEL_RESOURCE_ATTRIBUTES="+resourceAttributes(map[string]string{spanattr.AttrDatasetRow: c.Row}),
	)
	out, complaint := &limited{left: cmp.Or(e.limit, MaxAnswer)}, &tail{}
	cmd.Stdout, cmd.Stderr = out, complaint
	ownGroup(cmd)
	cmd.WaitDelay = time.Second // for pipes that a child left open
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return Answer{}, context.Cause(ctx)
	case out.left < 0:
		return Answer{}, fmt.Errorf("the answer is larger than %d MiB", MaxAnswer>>20)
	case errors.As(err, &exit) && (exit.ExitCode() == 126 || exit.ExitCode() == 127):
		return Answer{}, fmt.Errorf("%q %w: %s", e.Command, ErrNotRunnable, complaint.last())
	case errors.As(err, &exit):
		return Answer{}, fmt.Errorf("%w: %s", exit, complaint.last())
	case errors.Is(err, exec.ErrWaitDelay): // a child has the pipe, but the command has answered
	case err != nil:
		return Answer{}, err
	}
	return ParseAnswer(out.kept)
}

// limited keeps what is written up to a limit, and then fails.
type limited struct {
	kept []byte
	left int
}

func (l *limited) Write(b []byte) (int, error) {
	if l.left -= len(b); l.left < 0 {
		return 0, io.ErrShortWrite
	}
	l.kept = append(l.kept, b...)
	return len(b), nil
}

// tail keeps the end of what is written.
type tail struct{ kept []byte }

const maxTail = 4096

func (t *tail) Write(b []byte) (int, error) {
	t.kept = append(t.kept, b...)
	if over := len(t.kept) - maxTail; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	return len(b), nil
}

// last returns the last line that says something. In a stack trace, that is the error.
func (t *tail) last() string {
	lines := strings.Split(strings.TrimSpace(string(t.kept)), "\n")
	if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
		return last
	}
	return "it wrote no reason"
}

// resourceAttributes returns OTEL_RESOURCE_ATTRIBUTES with these added to those of the environment.
func resourceAttributes(add map[string]string) string {
	list := []string{}
	if had := os.Getenv("OTEL_RESOURCE_ATTRIBUTES"); had != "" {
		list = append(list, had)
	}
	for key, value := range add {
		list = append(list, key+"="+percent(value))
	}
	return strings.Join(list, ",")
}

// percent encodes what separates attributes.
func percent(s string) string {
	return strings.NewReplacer("%", "%25", ",", "%2C", "=", "%3D", " ", "%20", ";", "%3B").Replace(s)
}
