package llmreviewexporter

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"

	"github.com/faultline-otel/faultline/exporter/llmreviewexporter/internal/metadata"
	"github.com/faultline-otel/faultline/internal/draw"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/sharedinstance"
)

// storeOwner is what the extension must be. The store is open from its start to its shutdown, which surround ours.
type storeOwner interface {
	ReviewStore() review.Store
}

// reviewer puts traces and evaluations into the store of an extension.
type reviewer struct {
	config    *Config
	set       component.TelemetrySettings
	telemetry *metadata.TelemetryBuilder
	logger    *zap.Logger
	redactor  *pipeline.Redactor
	sample    *draw.Sample
	chosen    *lru.Cache[string, review.Reason] // traces that were queued lately and may not be stored yet
	memory    *memory                           // at first its own, from the start on that of the extension
	warn      sync.Once                         // of unscored spans

	store review.Store // from the start on
	tempo *tempo       // nil without one

	shared *sharedinstance.Instance[*memory]
	forget func()             // ends what the extension asks us; nil before the start
	stop   context.CancelFunc // nil before the start
	done   sync.WaitGroup
}

func (r *reviewer) start(_ context.Context, host component.Host) error {
	_, err := r.open(host)
	return err
}

func (r *reviewer) open(host component.Host) (extension component.Component, err error) {
	extension, r.store, err = ownerOf(host, r.config.Review)
	return extension, err
}

// ownerOf returns the extension of a name, and its store.
func ownerOf(host component.Host, id component.ID) (component.Component, review.Store, error) {
	extension, ok := host.GetExtensions()[id]
	if !ok {
		return nil, nil, fmt.Errorf("review must name an extension that is listed in service::extensions, got %q", id)
	}
	owner, ok := extension.(storeOwner)
	if !ok {
		return nil, nil, fmt.Errorf("review must name an llm_review extension, got %q", id)
	}
	return extension, owner.ReviewStore(), nil
}

// startTraces also looks for the traces that people ask for.
func (r *reviewer) startTraces(ctx context.Context, host component.Host) error {
	extension, err := r.open(host)
	if err != nil {
		return err
	}
	if r.tempo, err = newTempo(ctx, &r.config.Tempo, host, r.set); err != nil {
		return err
	}
	if r.shared, err = join(extension, r.config.Recent.MaxSizeMiB<<20); err != nil {
		return err
	}
	r.memory = r.shared.Value
	if e, ok := extension.(interface{ FindWith(f review.Finder) func() }); ok {
		r.forget = e.FindWith(r)
	}
	ctx, r.stop = context.WithCancel(context.WithoutCancel(ctx))
	r.done.Go(func() { r.search(ctx) })
	return nil
}

func (r *reviewer) put(ctx context.Context, td ptrace.Traces) error {
	kept, _, _ := pipeline.KeptTraces(td, r.config.Feedback.Below)
	wanted, err := r.store.Known(ctx, othersOf(kept))
	if err != nil {
		return err
	}
	reasons := map[string][]review.Reason{}
	for i := range kept {
		k := &kept[i]
		if !k.Failed && r.memory.turns.Contains(k.ID) && !r.chosen.Contains(k.ID) {
			continue // it was queued for its session, or for a store that did not say in time what it has
		}
		if reason, ok := r.choose(k); ok {
			wanted[k.ID] = true
			reasons[k.ID] = append(reasons[k.ID], reason)
		}
	}
	var evaluations []review.Evaluation
	for _, e := range pipeline.EvaluationsOnSpans(td, r.config.Feedback.Below) {
		if e.Bad {
			wanted[e.TraceID] = true
			reasons[e.TraceID] = append(reasons[e.TraceID], review.Reason{Source: review.SourceFeedback, Probability: 1})
		}
		if wanted[e.TraceID] {
			evaluations = append(evaluations, e)
		}
	}
	if err := r.wantTurns(ctx, kept, wanted); err != nil {
		return err
	}
	traces := pipeline.ReviewTraces(td, wanted)
	for i := range traces {
		traces[i].Reasons = reasons[traces[i].ID]
	}
	if err = r.store.Put(ctx, traces); err == nil {
		err = r.store.PutEvaluations(ctx, evaluations)
	}
	if errors.Is(err, review.ErrInvalid) {
		return consumererror.NewPermanent(err) // it will be no better next time
	}
	return err
}

// othersOf lists the traces that did not fail.
func othersOf(kept []pipeline.Kept) (ids []string) {
	for i := range kept {
		if !kept[i].Failed {
			ids = append(ids, kept[i].ID)
		}
	}
	return ids
}

// choose returns why a trace is to be an item, besides feedback. It decides once, also where a trace comes in portions.
// What somebody complained of is drawn like all others: the sample is to stand for them too.
func (r *reviewer) choose(k *pipeline.Kept) (reason review.Reason, ok bool) {
	if reason, ok = r.chosen.Get(k.ID); ok && !k.Failed {
		return reason, true
	}
	switch {
	case k.Failed:
		reason = review.Reason{Source: review.SourceVerdict, Probability: 1}
	case k.Suspected:
		reason = review.Reason{Source: review.SourceSuspicion, Probability: r.config.Suspicions.Probability}
		if k.Probability.Set {
			reason.Probability = k.Probability.Value
		}
		if r.config.Suspicions.Probability == 0 {
			return reason, false
		}
	case !k.GenAI:
		return reason, false
	default:
		kept := r.config.Random.Probability
		if k.Probability.Set {
			kept = k.Probability.Value
		}
		p, drawn := r.sample.Draw(k.ID, k.Service, kept)
		if !drawn {
			return reason, false
		}
		reason = review.Reason{Source: review.SourceRandom, Probability: p}
	}
	r.chosen.Add(k.ID, reason)
	return reason, true
}

// shutdown ends the search. What it knows of the traffic is kept.
func (r *reviewer) shutdown(ctx context.Context) error {
	if r.stop != nil {
		r.forget()
		r.stop()
		r.done.Wait()
		r.report(ctx, "keep the volume of traffic", r.sample.Exchange(ctx, r.store))
		r.memory.setQueue(nil)
		_ = r.shared.Release(func() error { return nil }) // it has nothing to end
	}
	r.telemetry.Shutdown()
	return nil
}

// selecting is an exporter that queues only what the store needs. Most kept traces did not fail, and a queue on disk
// encodes all that it is given. Of other traces it remembers the latest.
type selecting struct {
	exporter.Traces
	*reviewer
}

// Capabilities says that nothing is changed: what is queued is a copy, of the few traces that the store needs. A queue
// that makes batches changes what it holds, and the Collector would copy all kept traces for it.
func (s *selecting) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

// Start starts the queue, and lets the exporter before sampling use it.
func (s *selecting) Start(ctx context.Context, host component.Host) error {
	err := s.Traces.Start(ctx, host)
	if err == nil {
		s.memory.setQueue(s.Traces)
	}
	return err
}

// Bounds of the traces that are remembered as queued, and of the sessions.
const (
	maxChosen = 1 << 14
	maxTalks  = 1 << 14
)

// ConsumeTraces counts what it is given, and passes on what the store needs.
func (s *selecting) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	kept, ignored, unscored := pipeline.KeptTraces(td, s.config.Feedback.Below)
	s.count(ctx, ignored, unscored)
	needed, unknown := make(map[pcommon.TraceID]bool, len(kept)), []string(nil)
	for i := range kept {
		k := &kept[i]
		if k.Failed || k.Complaint || s.chosen.Contains(k.ID) {
			needed[k.Trace] = true
		} else {
			unknown = append(unknown, k.ID)
		}
	}
	asking, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	known, all := known(asking, unknown, s.store.Known)
	rest := map[pcommon.TraceID]string{}
	var items, others []*pipeline.Kept
	for i := range kept {
		k := &kept[i]
		_, chosen := s.choose(k)
		switch {
		case chosen || known[k.ID] || needed[k.Trace]:
			needed[k.Trace] = true
			items = append(items, k)
		default:
			if all {
				needed[k.Trace] = true
			}
			// Also those that the store may not want once it has time to say so.
			others = append(others, k)
			if k.GenAI {
				rest[k.Trace] = ""
			}
		}
	}
	sessions := s.needTurns(asking, items, others, needed, rest)
	for _, k := range others {
		if needed[k.Trace] {
			s.memory.turns.Add(k.ID, struct{}{})
		}
	}
	if !s.memory.watched() {
		s.memory.recent.add(td, rest)
	}
	if len(needed) == 0 {
		return nil
	}
	td = pipeline.Select(td, func(span ptrace.Span) bool { return needed[span.TraceID()] })
	if err := s.Traces.ConsumeTraces(ctx, td); err != nil {
		return err
	}
	return s.memory.release(ctx, sessions)
}

// patience is how long the caller, which is the only loop of tail_sampling, waits for the store.
const patience = 50 * time.Millisecond

// known returns which traces or sessions the store has. all is true where it does not say so in time: the queue then
// waits for it.
func known(
	ctx context.Context, ids []string, ask func(context.Context, []string) (map[string]bool, error),
) (known map[string]bool, all bool) {
	if len(ids) == 0 {
		return nil, false
	}
	known, err := ask(ctx, ids)
	return known, err != nil
}

func (s *selecting) count(ctx context.Context, ignored, unscored int) {
	if ignored > 0 {
		s.telemetry.LlmReviewIgnoredSpans.Add(ctx, int64(ignored))
	}
	if unscored > 0 {
		s.telemetry.LlmReviewUnscoredSpans.Add(ctx, int64(unscored))
		s.warn.Do(func() {
			s.logger.Warn("GenAI spans arrive unscored, so none of them becomes a case: put llm_failure before llm_review, "+
				"here or in the agents", zap.Int("spans", unscored))
		})
	}
}

// redacting is an exporter that redacts what it is given, a copy, before that is queued: a queue can be on disk.
type redacting struct {
	exporter.Traces
	redactor  *pipeline.Redactor
	telemetry *metadata.TelemetryBuilder
}

// ConsumeTraces redacts and passes on.
func (r *redacting) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	if n := r.redactor.Traces(td); n > 0 {
		r.telemetry.LlmReviewRedactions.Add(ctx, int64(n))
	}
	return r.Traces.ConsumeTraces(ctx, td)
}
