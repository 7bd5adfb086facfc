package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/otlpfile"
	"github.com/faultline-otel/faultline/internal/otlpserver"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/runner"
)

// programRuns runs a program over all cases, once for each run of a row, and takes its OTLP.
type programRuns struct {
	program  runner.Program
	cache    *runner.Cache
	finished func()
}

func (p *programRuns) key() string { return p.program.Key() }

func (p *programRuns) make(ctx context.Context, cases iter.Seq[runner.Case], write func([]byte) error,
) (runner.Summary, error) {
	var summary runner.Summary
	byRun, last := map[int][]runner.Case{}, 0
	for c := range cases {
		if lines := p.cache.Get(&c, p.key()); lines != nil {
			summary.Runs++
			summary.Cached++
			p.finished()
			if err := write(lines); err != nil {
				return summary, err
			}
			continue
		}
		byRun[c.Run] = append(byRun[c.Run], c)
		last = max(last, c.Run)
	}
	for run := 1; run <= last; run++ {
		if len(byRun[run]) == 0 {
			continue
		}
		if err := p.once(ctx, byRun[run], run, write, &summary); err != nil {
			return summary, err
		}
	}
	return summary, nil
}

// once runs the program over some cases. A row is written as soon as its outermost span has come, before that span is
// acknowledged. So what was answered survives a kill. Spans and log records that come later follow in lines of their
// own, and rows whose outermost span never came follow at the end.
func (p *programRuns) once(ctx context.Context, cases []runner.Case, run int, write func([]byte) error,
	summary *runner.Summary,
) error {
	got := newRecording(cases)
	save := func(list []*recorded) error {
		for _, r := range list {
			if err := p.save(r, write); err != nil {
				return err
			}
		}
		return nil
	}
	server, err := otlpserver.Start(ctx, otlpserver.Sink{
		Traces: func(td ptrace.Traces) error { return save(got.traces(td, p.finished)) },
		Logs:   func(ld plog.Logs) error { return save(got.logs(ld)) },
	})
	if err != nil {
		return err
	}
	err = p.program.Run(ctx, slices.Values(cases), run, server.URL())
	server.Close(5 * time.Second) //nolint:contextcheck // what is under way ends by itself, also after an interrupt
	cut := ctx.Err() != nil || errors.Is(err, runner.ErrTimeout)
	if failed := p.keep(got, run, cut, write, summary); failed != nil {
		return failed
	}
	switch {
	case errors.Is(err, runner.ErrNotRunnable):
		return exitError{exitUsage, err}
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case got.spans == 0 && err != nil:
		return fmt.Errorf("the program recorded no span: %w", err)
	case got.spans == 0:
		return errors.New("the program recorded no span: does it run the cases in the file that FAULTLINE_DATASET names, " +
			"with an OpenTelemetry SDK, and flush it at its end?")
	case err != nil: // a test suite also fails because a case does
		fmt.Fprintln(p.program.Output, "faultline:", err)
	}
	return nil
}

// save writes what came of a row since it was last written. What cannot be written stays for the next time.
func (p *programRuns) save(r *recorded, write func([]byte) error) error {
	lines, err := r.lines(p.program.Marks(r.of))
	if err != nil || len(lines) == 0 {
		return err
	}
	if err := write(lines); err != nil {
		return err
	}
	if p.cache != nil {
		r.saved = append(r.saved, lines...)
	}
	r.traces, r.logs = ptrace.NewTraces(), plog.NewLogs()
	return nil
}

// keep writes what is left. Of a program that was cut off, it keeps the rows whose outermost span has ended.
func (p *programRuns) keep(
	got *recording, run int, cut bool, write func([]byte) error, summary *runner.Summary,
) error {
	for i := range got.cases {
		c := &got.cases[i]
		r := got.byRow[c.Row]
		if r == nil || cut && !r.ended {
			continue
		}
		summary.Runs++
		if err := p.save(r, write); err != nil {
			return err
		}
		p.cache.Put(c, p.key(), r.saved)
	}
	if cut {
		return nil
	}
	lines, err := got.stray().lines(p.program.StrayMarks(run))
	if err != nil || len(lines) == 0 {
		return err
	}
	return write(lines)
}

// recording is what a program sent, by trace.
type recording struct {
	cases   []runner.Case
	wanted  map[string]*runner.Case // by row
	byRow   map[string]*recorded
	byTrace map[pcommon.TraceID]*recorded // of traces that name no row yet
	rowOf   map[pcommon.TraceID]string
	spans   int
}

// recorded is what belongs to one row, or to one trace.
type recorded struct {
	of     *runner.Case // nil for a trace that names no row
	traces ptrace.Traces
	logs   plog.Logs
	ended  bool   // the outermost span of a trace has come
	saved  []byte // the lines that were written, for the cache
}

func newRecorded(of *runner.Case) *recorded {
	return &recorded{of: of, traces: ptrace.NewTraces(), logs: plog.NewLogs()}
}

func newRecording(cases []runner.Case) *recording {
	g := &recording{
		cases: cases, wanted: make(map[string]*runner.Case, len(cases)), byRow: map[string]*recorded{},
		byTrace: map[pcommon.TraceID]*recorded{}, rowOf: map[pcommon.TraceID]string{},
	}
	for i := range cases {
		g.wanted[cases[i].Row] = &cases[i]
	}
	return g
}

// of returns what a trace belongs to.
func (g *recording) of(trace pcommon.TraceID) *recorded {
	if row, ok := g.rowOf[trace]; ok {
		return g.byRow[row]
	}
	if g.byTrace[trace] == nil {
		g.byTrace[trace] = newRecorded(nil)
	}
	return g.byTrace[trace]
}

// names notes that a trace belongs to a row. began reports that the row had none before.
func (g *recording) names(trace pcommon.TraceID, row string) (began bool) {
	if _, known := g.rowOf[trace]; known || g.wanted[row] == nil {
		return false
	}
	g.rowOf[trace] = row
	if g.byRow[row] == nil {
		g.byRow[row], began = newRecorded(g.wanted[row]), true
	}
	if earlier := g.byTrace[trace]; earlier != nil {
		delete(g.byTrace, trace)
		g.byRow[row].add(earlier)
	}
	return began
}

func (r *recorded) add(other *recorded) {
	other.traces.ResourceSpans().MoveAndAppendTo(r.traces.ResourceSpans())
	other.logs.ResourceLogs().MoveAndAppendTo(r.logs.ResourceLogs())
	r.ended = r.ended || other.ended
}

// complete are those of rows whose outermost span has come.
func complete(touched map[*recorded]bool) (list []*recorded) {
	for r := range touched {
		if r.of != nil && r.ended {
			list = append(list, r)
		}
	}
	return list
}

// traces takes the spans of a request, and returns the rows that it adds to and that are answered. began is called for
// each row that has its first one.
func (g *recording) traces(td ptrace.Traces, began func()) []*recorded {
	touched := map[*recorded]bool{}
	g.spans += td.SpanCount()
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				if row := pipeline.DatasetRow(rs.Resource(), span); row != "" && g.names(span.TraceID(), row) {
					began()
				}
			}
		}
	}
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			into := map[*recorded]ptrace.SpanSlice{}
			for _, span := range ss.Spans().All() {
				r := g.of(span.TraceID())
				touched[r] = true
				list, ok := into[r]
				if !ok {
					resource := r.traces.ResourceSpans().AppendEmpty()
					rs.Resource().CopyTo(resource.Resource())
					resource.SetSchemaUrl(rs.SchemaUrl())
					scope := resource.ScopeSpans().AppendEmpty()
					ss.Scope().CopyTo(scope.Scope())
					scope.SetSchemaUrl(ss.SchemaUrl())
					list = scope.Spans()
					into[r] = list
				}
				span.CopyTo(list.AppendEmpty())
				r.ended = r.ended || span.ParentSpanID().IsEmpty()
			}
		}
	}
	return complete(touched)
}

// logs takes the log records of a request, and returns the rows that it adds to and that are answered.
func (g *recording) logs(ld plog.Logs) []*recorded {
	touched := map[*recorded]bool{}
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			into := map[*recorded]plog.LogRecordSlice{}
			for _, record := range sl.LogRecords().All() {
				r := g.of(record.TraceID())
				touched[r] = true
				list, ok := into[r]
				if !ok {
					resource := r.logs.ResourceLogs().AppendEmpty()
					rl.Resource().CopyTo(resource.Resource())
					scope := resource.ScopeLogs().AppendEmpty()
					sl.Scope().CopyTo(scope.Scope())
					list = scope.LogRecords()
					into[r] = list
				}
				record.CopyTo(list.AppendEmpty())
			}
		}
	}
	return complete(touched)
}

// stray returns what names no row. Its traces are found by their input.
func (g *recording) stray() *recorded {
	all := newRecorded(nil)
	for _, r := range g.byTrace {
		all.add(r)
	}
	return all
}

// lines returns the records with marks: log records first, then all spans on one line.
func (r *recorded) lines(marks runner.Marks) ([]byte, error) {
	var b bytes.Buffer
	if err := otlpfile.WriteLogs(&b, r.logs, marks); err != nil {
		return nil, err
	}
	err := otlpfile.WriteTraces(&b, r.traces, marks)
	return b.Bytes(), err
}
