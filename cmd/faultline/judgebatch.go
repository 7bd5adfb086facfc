package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/batch"
	"github.com/faultline-otel/faultline/internal/judge/docket"
	waiting "github.com/faultline-otel/faultline/internal/judge/queue"
	"github.com/faultline-otel/faultline/internal/kvlog"
)

// batchFlags are those of batches of the provider.
type batchFlags struct {
	on       bool
	discount float64
	poll     time.Duration
}

func (b *batchFlags) flags(f *pflag.FlagSet) {
	f.BoolVar(&b.on, "batch", false, "judge in batches of the provider, which cost less and take up to a day; needs -o")
	f.Float64Var(&b.discount, "batch-discount", 0.5, "the part of the price that a batch saves")
	f.DurationVar(&b.poll, "batch-poll", time.Minute, "time between looks at batches")
}

// check returns the discount of the run.
func (b *batchFlags) check(output string, dryRun bool) (discount float64, err error) {
	switch {
	case !b.on:
		return 0, nil
	case output == "" && !dryRun:
		return 0, usage("--batch needs -o FILE: what is on its way is kept beside it, in FILE.batch")
	case !(b.discount >= 0 && b.discount < 1):
		return 0, usage("--batch-discount must be at least 0 and below 1, got %v", b.discount)
	case b.poll <= 0:
		return 0, usage("--batch-poll must be above 0, such as 1m, got %s", b.poll)
	}
	return b.discount, nil
}

// maxRequests is what a provider takes in one batch.
const maxRequests = 50_000

// batchRun is a run in batches. Its state is in a folder beside the output, until nothing is left to do.
type batchRun struct {
	tasks  map[string]*docket.Task // by the id of their item
	raters map[string]judge.Deferred
	told   tally
	before map[docket.Result]int // lines of the output that an interrupted run wrote, by what they are of
	out    *os.File
	bar    *progress
	failed error
}

// inBatches judges tasks in batches of the provider, and goes on with a run that was interrupted.
func (o *judgeRun) inBatches(c *cobra.Command, desk *docket.Desk, tasks []docket.Task) (err error) {
	dir := o.output + ".batch"
	r := &batchRun{
		tasks: map[string]*docket.Task{}, raters: map[string]judge.Deferred{}, before: map[docket.Result]int{},
		bar: newSteps(c.ErrOrStderr(), "judge", len(tasks)),
	}
	_, missing := os.Stat(dir)
	if err := r.openOutput(o.output, missing != nil); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.out.Close()) }()
	log, err := kvlog.Open(dir, kvlog.Options{})
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(c.Context(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	spent, left, err := r.work(ctx, o, desk, batchState{log}, tasks)
	r.bar.done()
	if closed := log.Close(); err == nil && left == 0 {
		err = errors.Join(closed, os.RemoveAll(dir))
	}
	if err == nil && left > 0 {
		err = fmt.Errorf("interrupted: %s are on their way or wait; the same command goes on", count(left, "judgement"))
	}
	err = o.verdict(c.ErrOrStderr(), &r.told, err)
	fmt.Fprintf(c.ErrOrStderr(), "cost %s USD\n", dollars(spent))
	return err
}

// openOutput opens the output, and reads what an interrupted run wrote to it.
func (r *batchRun) openOutput(path string, anew bool) (err error) {
	flags := os.O_RDWR | os.O_CREATE | os.O_APPEND
	if anew {
		flags |= os.O_TRUNC
	}
	if r.out, err = os.OpenFile(path, flags, 0o600); err != nil {
		return usage("--output: %w", err)
	}
	info, err := r.out.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	lines, err := docket.Read(path, r.out)
	if err != nil {
		return exitError{exitUsage, errors.Join(err, r.out.Close())}
	}
	for i := range lines {
		r.before[of(&lines[i])]++
		r.told.add(&lines[i])
		r.bar.step()
	}
	return nil
}

// of is what a result is of, without what it says.
func of(r *docket.Result) docket.Result {
	return docket.Result{
		TraceID: r.TraceID, SpanID: r.SpanID, Session: r.Session, Row: r.Row, Rubric: r.Rubric, Version: r.Version,
	}
}

// written reports whether the output has a line of a task already.
func (r *batchRun) written(t *docket.Task) bool {
	key := of(docket.NewResult(t, r.raters[t.Rubric.Name].Version(), &judge.Result{}, nil))
	if r.before[key] == 0 {
		return false
	}
	r.before[key]--
	return true
}

// work queues the tasks and waits for the batches. left is how many judgements have no line at the end of the context.
func (r *batchRun) work(
	ctx context.Context, o *judgeRun, desk *docket.Desk, state batchState, tasks []docket.Task,
) (spent float64, left int, err error) {
	names := []string{"judge"}
	if len(o.model.judges) == 3 {
		names = []string{"first judge", "second judge", "judge"}
	}
	for i := range tasks {
		if rubric := tasks[i].Rubric; r.raters[rubric.Name] == nil {
			if panel, ok := desk.Judge.(*judge.Panel); ok {
				r.raters[rubric.Name] = panel.By(rubric)
			} else {
				r.raters[rubric.Name] = o.model.judges[0].By(rubric).(judge.Deferred)
			}
		}
	}
	ids, err := r.identify(state, tasks)
	if err != nil {
		return 0, 0, err
	}
	q, lost, err := waiting.Open(state, waiting.Limits{
		Judgements: len(tasks), MaxAge: 365 * 24 * time.Hour, Attempts: o.model.attempts,
	}, time.Now, func(_ string, stage int) string { return names[min(stage, len(names)-1)] })
	if err != nil {
		return 0, 0, err
	}
	fail := func(err error) { r.failed = errors.Join(r.failed, err) }
	// One day has no end: the limit is that of the run, over all interrupts.
	purse := judge.NewSpend(o.model.maxUSD, state, func() time.Time { return time.Time{} }, fail)
	office := &waiting.Desk{
		Queue: q, Deliver: r.deliver, Tried: func(*waiting.Outcome) {}, Failed: fail, Backoff: time.Second,
	}
	for _, l := range lost {
		if r.written(r.tasks[l.Task.ID]) {
			fail(q.Done(l.Task))
			continue
		}
		office.Finish(ctx, &waiting.Outcome{Task: l.Task, Err: &judge.Error{Obstacle: l.Obstacle}})
	}
	for i := range tasks {
		t := &tasks[i]
		if q.Known(ids[i]) || r.written(t) {
			continue
		}
		item := &waiting.Item{ID: ids[i], TraceID: t.TraceID, SpanID: t.SpanID, Session: t.Session, Case: t.Case.Case}
		if err := q.Put(item, []string{t.Rubric.Name}, waiting.Change{}); err != nil {
			return 0, 0, err
		}
	}
	var clerks []*batch.Clerk
	for i, name := range names {
		clerks = append(clerks, &batch.Clerk{
			// the dear judge is the first of the models, and the last that is asked
			Provider: o.model.batches[(i+1)%len(names)], Desk: office, Lane: name, Purse: purse, Now: time.Now,
			Rater:  func(name string) judge.Deferred { return r.raters[name] },
			Limits: batch.Limits{Requests: maxRequests, Poll: o.batch.poll},
			Ended:  func(string) {}, Cost: func(*judge.Cost) {},
		})
	}
	for ctx.Err() == nil && r.failed == nil {
		open := 0
		for _, clerk := range clerks {
			open += clerk.Round(ctx)
		}
		if left = q.Len(); left == 0 && open == 0 {
			break
		}
		waiting.Wait(ctx, o.batch.poll)
	}
	return purse.Spent(), q.Len(), r.failed
}

// runKey holds what the state is of.
const runKey = "run"

// identify names the items of tasks. The state must be that of the same tasks and judges.
func (r *batchRun) identify(state batchState, tasks []docket.Task) (ids []string, err error) {
	all := sha256.New()
	for i := range tasks {
		t := &tasks[i]
		text, err := json.Marshal(map[string]any{
			"n": i, "case": t.Case, "rubric": t.Rubric.Name, "version": r.raters[t.Rubric.Name].Version(),
		})
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(text)
		ids = append(ids, hex.EncodeToString(sum[:16]))
		r.tasks[ids[i]] = t
		_, _ = all.Write(sum[:])
	}
	run := hex.EncodeToString(all.Sum(nil))
	switch before, err := state.Get(runKey); {
	case err != nil:
		return nil, err
	case before == nil:
		return ids, state.Write(map[string][]byte{runKey: []byte(run)}, nil)
	case string(before) != run:
		return nil, usage("the batches on their way beside --output are of other cases or another judge: " +
			"give another --output, or remove that folder")
	}
	return ids, nil
}

// deliver writes the line of an outcome.
func (r *batchRun) deliver(_ context.Context, o *waiting.Outcome) error {
	var err error
	if o.Err != nil {
		err = o.Err
	}
	t := r.tasks[o.ID]
	line := docket.NewResult(t, r.raters[t.Rubric.Name].Version(), &o.Result, err)
	text, err := json.Marshal(line)
	if err == nil {
		_, err = r.out.Write(append(text, '\n'))
	}
	if err != nil {
		r.failed = errors.Join(r.failed, err)
		return nil
	}
	r.told.add(line)
	r.bar.step()
	return nil
}

// batchState is a store in a folder.
type batchState struct{ log *kvlog.Log }

var _ waiting.Store = batchState{}

// Get returns the value of a key, nil if there is none.
func (s batchState) Get(key string) ([]byte, error) { return s.log.Get(key) }

// Write sets and removes values.
func (s batchState) Write(set map[string][]byte, remove []string) error {
	var ops []kvlog.Operation
	for key, value := range set {
		ops = append(ops, kvlog.Operation{Key: key, Value: value})
	}
	for _, key := range remove {
		ops = append(ops, kvlog.Operation{Key: key, Delete: true})
	}
	return s.log.Write(ops...)
}

// Walk calls each for every key.
func (s batchState) Walk(each func(key string, value []byte)) error {
	for _, key := range s.log.Keys() {
		value, err := s.log.Get(key)
		if err != nil {
			return err
		}
		each(key, value)
	}
	return nil
}
