package llmjudgeconnector

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/faultline-otel/faultline/internal/checkpoint/storage"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/batch"
	"github.com/faultline-otel/faultline/internal/judge/chat"
	"github.com/faultline-otel/faultline/internal/judge/queue"
	"github.com/faultline-otel/faultline/internal/pipeline"
)

// bench is the connector: it selects, queues and has judged.
type bench struct {
	config *Config
	plan   *plan
	set    component.TelemetrySettings
	id     component.ID
	next   consumer.Logs
	count  *counters

	raters   map[string]judge.Rater
	lanes    map[string]string // of raters
	names    []string          // of raters, in their order
	shares   judge.Shares
	maxBytes int
	purse    *judge.Spend
	clerks   map[string]batch.Provider // by lane, empty without batches
	sessions *sessions                 // nil without raters of sessions
	readers  sync.Pool                 // of *pipeline.Answers

	store   *storage.Store
	queue   *queue.Queue
	refused chan *queue.Outcome // by the queue, to be told
	cancel  context.CancelFunc
	done    sync.WaitGroup
}

// refusals is how many refused judgements can wait to be told. Beyond them, they are only counted.
const refusals = 1024

func newBench(ctx context.Context, set connector.Settings, cfg *Config, next consumer.Logs) (*bench, error) {
	p, err := cfg.plan()
	if err != nil {
		return nil, err
	}
	b := &bench{
		config: cfg, plan: p, set: set.TelemetrySettings, id: set.ID, next: next,
		raters: map[string]judge.Rater{}, lanes: map[string]string{}, clerks: map[string]batch.Provider{},
		shares:   judge.Shares{Flagged: cfg.Shares.Flagged, Suspect: cfg.Shares.Suspect, Random: cfg.Shares.Random},
		maxBytes: cfg.settings().MaxBytes,
		readers:  sync.Pool{New: func() any { return pipeline.NewAnswers() }},
		refused:  make(chan *queue.Outcome, refusals),
	}
	b.count, err = newCounters(ctx, set, b)
	return b, err
}

// Capabilities returns that the connector does not change data.
func (*bench) Capabilities() consumer.Capabilities { return consumer.Capabilities{MutatesData: false} }

// lanes of the queue: the judge, and each scorer. In batches, each judge of a cascade has one.
const judgeLane = "judge"

var cheapLanes = [2]string{"first judge", "second judge"}

// lane returns the lane of a stage of a rater.
func (b *bench) lane(rater string, stage int) string {
	lane := b.lanes[rater]
	if lane == judgeLane && len(b.clerks) > 1 && stage < len(cheapLanes) {
		return cheapLanes[stage]
	}
	return lane
}

// Start opens the queue and begins to judge.
func (b *bench) Start(ctx context.Context, host component.Host) error {
	var store queue.Store
	if b.config.Storage != nil {
		var err error
		if b.store, err = storage.Open(ctx, host, *b.config.Storage, component.KindConnector, b.id); err != nil {
			return err
		}
		store = b.store
	}
	if err := b.build(ctx, host, store); err != nil {
		return err
	}
	q, lost, err := queue.Open(store, queue.Limits{
		Judgements: b.config.Queue.Size, MaxAge: b.config.Queue.MaxAge, Attempts: b.config.Retry.Attempts,
	}, time.Now, b.lane)
	if err == nil {
		err = q.Disband(func(lane string) bool { return b.clerks[lane] != nil })
	}
	if err != nil {
		return fmt.Errorf("open the queue of the judge: %w", err)
	}
	b.queue = q
	if store != nil {
		if err := b.loadSessions(store); err != nil {
			return fmt.Errorf("load the open sessions of the judge: %w", err)
		}
	}
	// The context of Start has a deadline.
	ctx, b.cancel = context.WithCancel(context.WithoutCancel(ctx))
	desk := &queue.Desk{
		Queue: q, Rate: b.rate, Deliver: b.deliver, Tried: b.count.retry, Failed: b.storageFailed,
		Backoff: b.config.Retry.Backoff,
	}
	b.done.Go(func() {
		for _, l := range lost {
			desk.Finish(ctx, &queue.Outcome{Task: l.Task, Err: &judge.Error{Obstacle: l.Obstacle}})
		}
	})
	b.done.Go(func() { b.tell(ctx) })
	seen := map[string]bool{}
	for _, lane := range b.lanes {
		if seen[lane] {
			continue
		}
		seen[lane] = true
		if lane == judgeLane && len(b.clerks) > 0 {
			continue
		}
		for range b.config.Concurrency {
			b.done.Go(func() { desk.Work(ctx, lane) })
		}
	}
	for lane := range b.clerks {
		clerk := b.clerk(desk, lane)
		b.done.Go(func() { clerk.Work(ctx) })
	}
	if b.sessions != nil {
		b.done.Go(func() { b.endSessions(ctx) })
	}
	b.warnOfTrust()
	return nil
}

// warnOfTrust names the versions under trusted that no rater has any more.
func (b *bench) warnOfTrust() {
	for entry := range b.plan.trusted {
		current := !isVersion(entry)
		for _, rater := range b.raters {
			current = current || strings.HasPrefix(entry, rater.Version()) // the program behind a scorer adds its own
		}
		if !current {
			b.set.Logger.Warn("No rubric or scorer has this version under trusted any more; "+
				"results of the present one page nobody until faultline judge calibrate trusts it", zap.String("version", entry))
		}
	}
}

// build makes the raters. Without a store the spend of the day is forgotten at the end.
func (b *bench) build(ctx context.Context, host component.Host, store queue.Store) error {
	purse := judge.NewSpend(b.config.SpendLimitUSD, store, time.Now, b.storageFailed)
	b.purse = purse
	var judges []*judge.Judge
	if b.config.Model != "" {
		for i, m := range append([]ModelConfig{b.config.ModelConfig}, b.config.Cascade...) {
			if m.Timeout == 0 {
				m.Timeout = defaultTimeout
			}
			client, err := m.ToClient(ctx, host.GetExtensions(), b.set)
			if err != nil {
				return err
			}
			s := m.settings()
			model := chat.New(client, m.Endpoint, s)
			if m.cacheKeys() {
				model = model.WithCacheKeys()
			}
			asked := judge.New(model, s, b.plan.rows[i], purse, pace(m.RequestsPerMinute))
			if cfg := b.config.Batch.Get(); cfg != nil {
				lane := judgeLane
				if i > 0 {
					lane = cheapLanes[i-1]
				}
				asked = asked.Discounted(1 - cfg.Discount)
				b.clerks[lane] = chat.NewBatches(client, m.Endpoint, model)
			}
			judges = append(judges, asked)
		}
	}
	ofSessions := false
	for _, r := range b.plan.rubrics {
		var rater judge.Rater = judges[0].By(r)
		if len(judges) == 3 {
			rater = judge.NewPanel(judges[1], judges[2], judges[0]).By(r)
		}
		b.add(rater, judgeLane)
		ofSessions = ofSessions || r.Of == judge.Session
	}
	for _, s := range b.plan.scorers {
		of := b.config.HTTPScorers[s.Name]
		if of.Timeout == 0 {
			of.Timeout = defaultTimeout
		}
		client, err := of.ToClient(ctx, host.GetExtensions(), b.set)
		if err != nil {
			return err
		}
		transport := judge.Transport{Client: client, Status: chat.StatusError, Failed: chat.ErrorOf}
		scorer, err := judge.NewScorer(transport, of.Endpoint, s, purse, pace(of.RequestsPerMinute))
		if err != nil {
			return err
		}
		b.add(scorer, "scorer "+s.Name)
		ofSessions = ofSessions || s.Of == judge.Session
	}
	if ofSessions {
		b.sessions = newSessions(b.config.Sessions, store, func(s *session) (float64, bool) {
			return b.shares.Pick(string(s.ID), s.stratum(), 1)
		})
	}
	return nil
}

// clerk makes judgements of a lane in batches of its provider.
func (b *bench) clerk(desk *queue.Desk, lane string) *batch.Clerk {
	cfg := b.config.Batch.Get()
	return &batch.Clerk{
		Provider: b.clerks[lane], Desk: desk, Lane: lane, Purse: b.purse, Now: time.Now,
		Rater:  func(name string) judge.Deferred { return b.raters[name].(judge.Deferred) },
		Limits: batch.Limits{Requests: cfg.MaxRequests, Every: cfg.Every, Poll: cfg.Poll},
		Ended:  b.count.batch, Cost: b.count.cost,
	}
}

func (b *bench) add(r judge.Rater, lane string) {
	b.raters[r.Name()], b.lanes[r.Name()] = r, lane
	b.names = append(b.names, r.Name())
}

// pace returns a limit of requests, or nil for none.
func pace(perMinute float64) judge.Pace {
	if perMinute == 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(perMinute/60), 1)
}

// Shutdown stops. With a store, what waits is judged after a restart, and sessions that are open go on.
func (b *bench) Shutdown(ctx context.Context) error {
	if b.cancel != nil {
		if b.sessions != nil && b.store == nil {
			b.takeSessions(b.sessions.all())
		}
		b.cancel()
		b.done.Wait()
		if b.sessions != nil {
			b.sessions.storeAll(0, b.storageFailed)
		}
		b.tellRest(context.WithoutCancel(ctx))
	}
	b.count.shutdown()
	if b.store != nil {
		return b.store.Close(ctx)
	}
	return nil
}

// tellRest tells what is lost with the process.
func (b *bench) tellRest(ctx context.Context) {
	for {
		select {
		case o := <-b.refused:
			_ = b.deliver(ctx, o)
			continue
		default:
		}
		break
	}
	if b.queue.Durable() {
		return
	}
	for _, t := range b.queue.Drain() {
		_ = b.deliver(ctx, &queue.Outcome{Task: t, Err: &judge.Error{Obstacle: judge.Stopped}})
	}
}

// ConsumeTraces puts selected answers into the queue. It does not wait for any judge, and never fails.
func (b *bench) ConsumeTraces(_ context.Context, td ptrace.Traces) error {
	a := b.readers.Get().(*pipeline.Answers)
	for _, t := range a.Of(td) {
		if b.sessions != nil && t.Session != "" {
			call, _ := a.Call(t)
			b.takeSessions(b.sessions.add(t, call, time.Now()))
			b.sessions.storeNew(t.Session, b.storageFailed)
		}
		stratum := judge.StratumOf(t.Failed, t.Suspected)
		id := t.TraceID.String()
		probability, picked := b.shares.Pick(id, stratum, t.Kept)
		if !picked || b.queue.Known(id) {
			continue
		}
		call, found := a.Call(t)
		k := judge.CaseOf(call, found, b.maxBytes)
		k.Suspects, k.Stratum, k.Probability = t.Suspects, stratum, probability
		b.put(&queue.Item{
			ID: id, TraceID: id, SpanID: t.SpanID.String(), Session: t.Session, Service: t.Service,
			Environment: t.Environment, Case: k,
		}, queue.Change{})
	}
	b.readers.Put(a) // not deferred, so that a reader is not used again after a panic
	return nil
}

// put queues a case for every rater that it suits. It reports whether the queue has it, and so the change.
func (b *bench) put(item *queue.Item, change queue.Change) bool {
	var names []string
	for _, name := range b.names {
		if b.raters[name].Applies(item.Case) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return false
	}
	err := b.queue.Put(item, names, change)
	switch {
	case errors.Is(err, queue.ErrKnown):
		return false
	case err == nil:
		b.count.selected(item.Case.Stratum)
		return true
	}
	b.count.selected(item.Case.Stratum)
	why := judge.QueueFull
	if !errors.Is(err, queue.ErrFull) {
		why = judge.Storage
		b.storageFailed(err)
	}
	for _, name := range names {
		o := &queue.Outcome{Task: &queue.Task{ID: item.ID, Rater: name, Item: item}, Err: &judge.Error{Obstacle: why}}
		select {
		case b.refused <- o:
		default:
			b.count.notJudged(why)
		}
	}
	return false
}

// rate has a task judged.
func (b *bench) rate(ctx context.Context, t *queue.Task) (judge.Result, error) {
	r, err := b.raters[t.Rater].Rate(ctx, t.Item.Case)
	b.count.cost(&r.Cost)
	return r, err
}

// tell delivers what the queue refused.
func (b *bench) tell(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case o := <-b.refused:
			_ = b.deliver(ctx, o)
		}
	}
}

func (b *bench) storageFailed(err error) {
	b.count.storageError()
	b.set.Logger.Error("The storage of the judge failed", zap.Error(err))
}

func (r *ReasonConfig) reason() judge.Reason {
	return judge.Reason{Code: r.Code, Class: failure.Class(r.Class), Detail: r.Detail}
}
