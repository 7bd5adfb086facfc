package main

import (
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/errline"
	"github.com/faultline-otel/faultline/internal/otlpfile"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/price"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/scorers"
)

// loadScorers makes the scorers of a file, or the default ones where the name is "".
func loadScorers(name string) (*score.Set, error) {
	config := scorers.Default()
	if name != "" {
		var err error
		if config, err = scorers.Load(name); err != nil {
			return nil, exitError{exitUsage, err}
		}
	}
	set, err := scorers.New(config)
	if err != nil {
		return nil, exitError{exitUsage, errline.Prefix("scorer file "+name, err)}
	}
	return set, nil
}

// scoreInput runs the pipeline on the whole input, in its order, and hands every span to each. Prices may be nil if the
// caller needs no costs. With sessions, spans are added to their sessions.
//
// It reads the input twice: a log record with the content of a span, or with a judgement on it, may come after the
// span, and so may the span that names its session.
func scoreInput(in *input, set *score.Set, prices *price.Book, sessions bool, each func(*pipeline.Scored) error) error {
	p, err := pipeline.NewFiles(set, prices, sessions)
	if err != nil {
		return err
	}
	return runFiles(in, p, each)
}

// runFiles runs the stages on the whole input.
func runFiles(in *input, p *pipeline.Files, each func(*pipeline.Scored) error) error {
	if err := indexInput(in, p); err != nil {
		return err
	}
	return in.read(otlpfile.Sink{Traces: func(td ptrace.Traces) error {
		var failed error
		p.Traces(td, func(s *pipeline.Scored) {
			if failed == nil {
				failed = each(s)
			}
		})
		return failed
	}})
}

// indexInput reads the input for what later spans of it say of earlier ones.
func indexInput(in *input, p *pipeline.Files) error {
	return in.read(otlpfile.Sink{
		Traces: func(td ptrace.Traces) error { p.IndexTraces(td); return nil },
		Logs:   func(ld plog.Logs) error { p.IndexLogs(ld); return nil },
	})
}
