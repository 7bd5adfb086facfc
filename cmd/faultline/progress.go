package main

import (
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress is a progress bar on a terminal. Elsewhere it is nil and does nothing.
type progress struct{ bar *progressbar.ProgressBar }

func newProgress(stderr io.Writer, what string, bytes int64) *progress {
	f, ok := stderr.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return &progress{
		progressbar.NewOptions64(
			bytes,
			progressbar.OptionSetWriter(f),
			progressbar.OptionSetDescription(what),
			progressbar.OptionShowBytes(true),
			progressbar.OptionClearOnFinish(),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionThrottle(100_000_000),
		),
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
