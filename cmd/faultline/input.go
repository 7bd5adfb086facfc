package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/faultline-otel/faultline/internal/wire/otlpfile"
)

// input is the files that a command was given. It can be read several times: what cannot be (standard input, a pipe) is
// copied to a temporary file first.
type input struct {
	files    []source
	said     map[otlpfile.Error]bool // so that the second reading does not repeat what the first one said
	stderr   io.Writer
	progress *progress
}

type source struct {
	name string // as the user gave it
	path string
	temp bool
	size int64
}

// openInput finds the files. A file that is not there is a usage error, before anything is read.
func openInput(c *cobra.Command, names []string) (*input, error) {
	in := &input{said: map[otlpfile.Error]bool{}, stderr: c.ErrOrStderr()}
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

func find(c *cobra.Command, name string) (source, error) {
	if name == "-" {
		return spool("stdin", c.InOrStdin())
	}
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return source{}, usage("%w", err)
	case info.IsDir():
		return source{}, usage("%s is a folder; name the files in it, such as %s/*.jsonl", name, name)
	case info.Mode().IsRegular():
		return source{name: name, path: name, size: info.Size()}, nil
	}
	pipe, err := os.Open(name)
	if err != nil {
		return source{}, usage("%w", err)
	}
	defer pipe.Close()
	return spool(name, pipe)
}

func spool(name string, r io.Reader) (source, error) {
	f, err := os.CreateTemp("", "faultline-*")
	if err != nil {
		return source{}, fmt.Errorf("copy %s: %w", name, err)
	}
	size, err := io.Copy(f, r)
	if err = errors.Join(err, f.Close()); err != nil {
		return source{}, errors.Join(fmt.Errorf("copy %s: %w", name, err), os.Remove(f.Name()))
	}
	return source{name: name, path: f.Name(), temp: true, size: size}, nil
}

// close removes the copies.
func (in *input) close() {
	in.progress.done()
	for _, s := range in.files {
		if s.temp {
			_ = os.Remove(s.path)
		}
	}
}

// watch shows how far the reading is, where a person looks on. Readings is how often everything will be read.
func (in *input) watch(what string, readings int64) {
	var total int64
	for _, s := range in.files {
		total += s.size
	}
	in.progress = newProgress(in.stderr, what, total*readings)
}

// read reads all files in order. What does not parse is said on stderr and remembered.
func (in *input) read(sink otlpfile.Sink) error {
	sink.Bad = func(e *otlpfile.Error) {
		if !in.said[*e] {
			in.said[*e] = true
			in.progress.pause()
			fmt.Fprintln(in.stderr, "faultline:", e)
		}
	}
	for _, s := range in.files {
		f, err := os.Open(s.path)
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

// verdict is the exit of a command that has done its work on what could be read.
func (in *input) verdict() error {
	if len(in.said) > 0 {
		return exitError{code: exitUsage}
	}
	return nil
}
