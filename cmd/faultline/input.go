package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/faultline-otel/faultline/internal/otlpfile"
)

// input is the files of a command. They can be read several times: standard input and pipes are first copied to a
// temporary file.
type input struct {
	files    []*source
	stderr   io.Writer
	progress *progress
	broken   bool // something did not parse
}

type source struct {
	name     string // as the user gave it
	path     string
	temp     *os.File // the copy, nil if the file itself can be read again
	size     int64
	reported map[otlpfile.Error]bool // reported errors, so that the second reading does not repeat them
}

// maxErrors bounds the reported errors of a file. A file that is not a trace file has one per line.
const maxErrors = 20

// openInput finds the files. A missing file is a usage error before anything is read.
func openInput(c *cobra.Command, names []string) (*input, error) {
	in := &input{stderr: c.ErrOrStderr()}
	for _, name := range names {
		s, err := find(c, name)
		if err != nil {
			in.close()
			return nil, err
		}
		in.files = append(in.files, s)
	}
	return in, nil
}

func find(c *cobra.Command, name string) (*source, error) {
	if name == "-" {
		return spool("stdin", c.InOrStdin())
	}
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, usage("%w", err)
	case info.IsDir():
		return nil, usage("%s is a folder; name the files in it, such as %s/*.jsonl", name, name)
	case info.Mode().IsRegular():
		return &source{name: name, path: name, size: info.Size(), reported: map[otlpfile.Error]bool{}}, nil
	}
	pipe, err := os.Open(name)
	if err != nil {
		return nil, usage("%w", err)
	}
	defer pipe.Close()
	return spool(name, pipe)
}

// spool copies a stream to a temporary file and unlinks the file if the system allows it. So it disappears with the
// process, however that ends.
func spool(name string, r io.Reader) (*source, error) {
	f, err := os.CreateTemp("", "faultline-*")
	if err != nil {
		return nil, fmt.Errorf("copy %s: %w", name, err)
	}
	_ = os.Remove(f.Name())
	s := &source{name: name, temp: f, reported: map[otlpfile.Error]bool{}}
	if s.size, err = io.Copy(f, r); err != nil {
		return nil, errors.Join(fmt.Errorf("copy %s: %w", name, err), s.close())
	}
	return s, nil
}

func (s *source) open() (io.ReadCloser, error) {
	if s.temp != nil {
		return io.NopCloser(io.NewSectionReader(s.temp, 0, s.size)), nil
	}
	return os.Open(s.path)
}

func (s *source) close() error {
	if s.temp == nil {
		return nil
	}
	err := s.temp.Close()
	_ = os.Remove(s.temp.Name()) // on systems that cannot remove an open file
	return err
}

// close removes the copies.
func (in *input) close() {
	in.progress.done()
	for _, s := range in.files {
		_ = s.close()
	}
}

// watch shows the progress on a terminal. readings is how often the files will be read.
func (in *input) watch(what string, readings int64) {
	var total int64
	for _, s := range in.files {
		total += s.size
	}
	in.progress = newProgress(in.stderr, what, total*readings)
}

// read reads all files in order. It reports parse errors on stderr and remembers that there were any.
func (in *input) read(sink otlpfile.Sink) error {
	for _, s := range in.files {
		sink.Bad = func(e *otlpfile.Error) { in.bad(s, e) }
		f, err := s.open()
		if err != nil {
			return err
		}
		err = otlpfile.Read(s.name, in.progress.reader(f), sink)
		_ = f.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

func (in *input) bad(s *source, e *otlpfile.Error) {
	in.broken = true
	if s.reported[*e] || len(s.reported) > maxErrors {
		return
	}
	s.reported[*e] = true
	in.progress.pause()
	if len(s.reported) > maxErrors {
		fmt.Fprintf(in.stderr, "faultline: %s: further errors omitted\n", s.name)
		return
	}
	fmt.Fprintln(in.stderr, "faultline:", e)
}

// verdict returns the exit of a command that has processed all readable input.
func (in *input) verdict() error {
	if in.broken {
		return exitError{code: exitUsage}
	}
	return nil
}
