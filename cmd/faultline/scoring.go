package main

import (
	"errors"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/errline"
	"github.com/faultline-otel/faultline/internal/price"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/score/scorers"
	"github.com/faultline-otel/faultline/internal/wire"
	"github.com/faultline-otel/faultline/internal/wire/otlpfile"
)

// observed is one span and what was made of it. It is valid until the function that it is given to returns.
type observed = wire.Annotated

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

// observe scores all spans of the input, in its order. It reads the input twice, because log records that hold the content of a
// span may stand behind it, and so may what names its session: first, which may be nil, sees all traces before any is scored.
// Prices may be nil, where nobody asks what calls cost.
func observe(in *input, set *score.Set, prices *price.Book, first func(ptrace.Traces), each func(observed) error) error {
	annotator := wire.NewAnnotator(set, wire.AnnotateOptions{Prices: prices})
	sink := otlpfile.Sink{Logs: func(ld plog.Logs) error {
		annotator.Lend(ld)
		return nil
	}}
	if first != nil {
		sink.Traces = func(td ptrace.Traces) error {
			first(td)
			return nil
		}
	}
	err := in.read(sink)
	if err != nil {
		return err
	}
	return in.read(otlpfile.Sink{Traces: func(td ptrace.Traces) error {
		var errs []error
		annotator.Traces(td, func(o observed) {
			if len(errs) == 0 {
				if err := each(o); err != nil {
					errs = append(errs, err)
				}
			}
		})
		return errors.Join(errs...)
	}})
}
