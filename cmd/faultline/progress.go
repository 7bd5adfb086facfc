package main

import (
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress is a progress bar on a terminal. Elsewhere it is nil and does nothing.
type progress struct{ bar *progressbar.ProgressBar }

// newProgress shows how many bytes are read.
func newProgress(stderr io.Writer, what string, bytes int64) *progress {
	return show(stderr, what, bytes, progressbar.OptionShowBytes(true))
}

// newSteps shows how many things are done.
func newSteps(stderr io.Writer, what string, steps int) *progress {
	return show(stderr, what, int64(steps), progressbar.OptionShowCount())
}

func show(stderr io.Writer, what string, all int64, unit progressbar.Option) *progress {
	f, ok := stderr.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return &progress{
		progressbar.NewOptions64(
			all,
			progressbar.OptionSetWriter(f),
			progressbar.OptionSetDescription(what),
			unit,
			progressbar.OptionClearOnFinish(),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionThrottle(100_000_000),
		),
	}
}

// step counts one thing done.
func (p *progress) step() {
	if p != nil {
		_ = p.bar.Add(1)
	}
}

// reader counts the bytes read.
func (p *progress) reader(r io.Reader) io.Reader {
	if p == nil {
		return r
	}
	return io.TeeReader(r, countWriter{p.bar})
}

type countWriter struct{ bar *progressbar.ProgressBar }

func (w countWriter) Write(b []byte) (int, error) { return len(b), w.bar.Add(len(b)) }

// pause clears the bar, so that a message can be written on its line.
func (p *progress) pause() {
	if p != nil {
		_ = p.bar.Clear()
	}
}

func (p *progress) done() {
	if p != nil {
		_ = p.bar.Finish()
	}
}
