package queue

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/judge"
)

// disk is a store that stops to take writes when its process is killed.
type disk struct {
	mu     sync.Mutex
	values map[string][]byte
	dead   bool
	err    error
}

func (d *disk) Get(key string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.values[key], d.err
}

func (d *disk) Write(set map[string][]byte, remove []string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil || d.dead {
		return d.err
	}
	if d.values == nil {
		d.values = map[string][]byte{}
	}
	maps.Copy(d.values, set)
	for _, key := range remove {
		delete(d.values, key)
	}
	return nil
}

func (d *disk) Walk(each func(key string, value []byte)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for key, value := range d.values {
		each(key, value)
	}
	return d.err
}

func oneLane(rater string, _ int) string {
	if rater == "gone" {
		return ""
	}
	return "judge"
}

var wide = Limits{Judgements: 10_000, MaxAge: time.Hour, Attempts: 3}

func opened(tb testing.TB, store Store, limits Limits) (*Queue, []Lost) {
	tb.Helper()
	q, lost, err := Open(store, limits, time.Now, oneLane)
	require.NoError(tb, err)
	return q, lost
}

func item(id string) *Item {
	return &Item{ID: id, TraceID: id, Service: "s", Case: &judge.Case{Scope: judge.Answer, Answer: "a " + id}}
}

func take(tb testing.TB, q *Queue) *Task {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 5*time.Second)
	defer cancel()
	task, err := q.Take(ctx, "judge")
	require.NoError(tb, err)
	return task
}

func TestWhatWaitsOutlivesTheProcess(t *testing.T) {
	store := &disk{}
	q, _ := opened(t, store, wide)
	for _, id := range []string{"1", "2", "3"} {
		require.NoError(t, q.Put(item(id), []string{"a", "b"}, Change{}))
	}
	require.ErrorIs(t, q.Put(item("1"), []string{"a"}, Change{}), ErrKnown)
	first := take(t, q)
	require.Equal(t, "a 1", first.Item.Case.Answer)
	require.NoError(t, q.Done(first))
	second := take(t, q) // on its way when the process is killed

	q, lost := opened(t, store, wide)
	require.Len(t, lost, 1)
	require.Equal(t, judge.Interrupted, lost[0].Obstacle)
	require.Equal(t, second.ID, lost[0].Task.ID)
	require.Equal(t, "s", lost[0].Task.Item.Service)
	require.Equal(t, 5, q.Len())
	require.ErrorIs(t, q.Put(item("1"), []string{"a"}, Change{}), ErrKnown)
	require.NoError(t, q.Done(lost[0].Task))
	for range 4 {
		require.NoError(t, q.Done(take(t, q)))
	}
	require.Zero(t, q.Len())
	q, lost = opened(t, store, wide)
	require.Empty(t, lost)
	require.Zero(t, q.Len())
	require.ErrorIs(t, q.Put(item("2"), []string{"a"}, Change{}), ErrKnown, "a finished trace that arrives again")
	require.Len(t, store.values, 3, "only the ids of finished items are left")
}

func TestWhatCannotBeReadIsLost(t *testing.T) {
	store := &disk{}
	q, _ := opened(t, store, wide)
	require.NoError(t, q.Put(item("1"), []string{"gone", "a"}, Change{}))
	require.NoError(t, q.Put(item("2"), []string{"a"}, Change{}))
	require.NoError(t, q.Put(item("3"), []string{"a"}, Change{}))
	delete(store.values, itemKey("2"))
	store.values[taskKey("3", "a")] = []byte("{")
	store.values[taskKey("4", "a")] = []byte("{}")
	q, lost := opened(t, store, wide)
	why := map[string]judge.Obstacle{}
	for _, l := range lost {
		why[l.Task.ID+l.Task.Rater] = l.Obstacle
		require.NoError(t, q.Done(l.Task))
	}
	require.Equal(t, map[string]judge.Obstacle{
		"1gone": judge.Unknown, "2a": judge.Unreadable, "4a": judge.Unreadable,
	}, why)
	require.NoError(t, q.Done(take(t, q)))
	require.Zero(t, q.Len())
	require.NotContains(t, store.values, itemKey("3"))

	require.NoError(t, q.Put(item("5"), []string{"a"}, Change{}))
	store.values[itemKey("5")] = []byte("?")
	task, err := q.Take(t.Context(), "judge")
	require.Equal(t, judge.Unreadable, judge.ErrorOf(err).Obstacle)
	require.Equal(t, "5", task.Item.ID)
}

func TestAQueueIsBounded(t *testing.T) {
	for _, store := range []Store{nil, &disk{}} {
		q, _ := opened(t, store, Limits{Judgements: 3, MaxAge: time.Hour, Attempts: 1})
		require.NoError(t, q.Put(item("1"), []string{"a", "b"}, Change{}))
		require.ErrorIs(t, q.Put(item("2"), []string{"a", "b"}, Change{}), ErrFull)
		require.NoError(t, q.Put(item("2"), []string{"a"}, Change{}))
		require.NoError(t, q.Done(take(t, q)))
		require.NoError(t, q.Put(item("3"), []string{"a"}, Change{}))
	}
}

func TestAStoreThatFailsRefuses(t *testing.T) {
	store := &disk{}
	q, _ := opened(t, store, wide)
	require.NoError(t, q.Put(item("1"), []string{"a"}, Change{}))
	store.err = errors.New("disk")
	require.ErrorContains(t, q.Put(item("2"), []string{"a"}, Change{}), "disk")
	_, err := q.Take(t.Context(), "judge")
	require.Equal(t, judge.Storage, judge.ErrorOf(err).Obstacle)
}

func TestOldJudgementsAreNotMade(t *testing.T) {
	now := time.Now()
	q, _, err := Open(nil, Limits{Judgements: 5, MaxAge: time.Minute, Attempts: 1}, func() time.Time { return now }, oneLane)
	require.NoError(t, err)
	require.NoError(t, q.Put(item("1"), []string{"a"}, Change{}))
	q.Pause("judge", time.Second, judge.RateLimited)
	now = now.Add(2 * time.Minute)
	_, err = q.Take(t.Context(), "judge")
	require.Equal(t, judge.RateLimited, judge.ErrorOf(err).Obstacle, "why it waited so long")
}

func TestAPauseHoldsItsLane(t *testing.T) {
	q, _ := opened(t, nil, wide)
	require.NoError(t, q.Put(item("1"), []string{"a"}, Change{}))
	q.Pause("judge", time.Hour, judge.Unavailable)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	task, _ := q.Take(ctx, "judge")
	require.Nil(t, task)
	q.Resume("judge")
	require.NotNil(t, take(t, q))
}

// desk makes judgements with rate and keeps what was delivered.
func desk(q *Queue, rate func(*Task) error, deliver func(*Outcome) error) *Desk {
	return &Desk{
		Queue: q, Backoff: time.Millisecond,
		Rate:    func(_ context.Context, t *Task) (judge.Result, error) { return judge.Result{}, rate(t) },
		Deliver: func(_ context.Context, o *Outcome) error { return deliver(o) },
		Tried:   func(*Outcome) {}, Failed: func(error) {},
	}
}

func TestAttemptsAreMadeAgain(t *testing.T) {
	for name, c := range map[string]struct {
		err      *judge.Error
		attempts int
		want     judge.Obstacle
	}{
		"that pass":             {&judge.Error{Obstacle: judge.Unavailable, Again: true}, 2, ""},
		"that do not":           {&judge.Error{Obstacle: judge.Timeout, Again: true}, 100, judge.Timeout},
		"never if it is no use": {&judge.Error{Obstacle: judge.InvalidReply}, 1, judge.InvalidReply},
	} {
		t.Run(name, func(t *testing.T) {
			q, _ := opened(t, nil, wide)
			require.NoError(t, q.Put(item("1"), []string{"a"}, Change{}))
			tries := 0
			got := make(chan *Outcome, 1)
			d := desk(q, func(*Task) error {
				if tries++; tries <= c.attempts {
					return c.err
				}
				return nil
			}, func(o *Outcome) error { got <- o; return nil })
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() { d.Work(ctx, "judge"); close(done) }()
			o := <-got
			cancel()
			<-done
			if c.want == "" {
				require.Nil(t, o.Err)
				require.Equal(t, 3, tries)
			} else {
				require.Equal(t, c.want, o.Err.Obstacle)
				require.LessOrEqual(t, tries, wide.Attempts)
			}
		})
	}
}

func TestAProviderThatAsksToWaitIsLeftAlone(t *testing.T) {
	q, _ := opened(t, nil, wide)
	for i := range 20 {
		require.NoError(t, q.Put(item(fmt.Sprint(i)), []string{"a"}, Change{}))
	}
	var mu sync.Mutex
	var asked []time.Time
	d := desk(q, func(*Task) error {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, time.Now())
		if len(asked) == 1 {
			return &judge.Error{Obstacle: judge.RateLimited, Again: true, After: 200 * time.Millisecond}
		}
		return nil
	}, func(*Outcome) error { return nil })
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() { d.Work(ctx, "judge") })
	require.Eventually(t, func() bool { return q.Len() == 0 }, 5*time.Second, time.Millisecond)
	cancel()
	group.Wait()
	require.Len(t, asked, 21)
	require.GreaterOrEqual(t, asked[1].Sub(asked[0]), 200*time.Millisecond)
}

func TestAResultThatNobodyTakesIsTold(t *testing.T) {
	q, _ := opened(t, nil, wide)
	require.NoError(t, q.Put(item("1"), []string{"a"}, Change{}))
	var outcomes []*Outcome
	d := desk(q, func(*Task) error { return nil }, func(o *Outcome) error {
		outcomes = append(outcomes, o)
		return errors.New("full")
	})
	d.Finish(t.Context(), &Outcome{Task: take(t, q)})
	require.Len(t, outcomes, 2, "and not offered again: one of several receivers may have it")
	require.Equal(t, judge.Undelivered, outcomes[1].Err.Obstacle)
	require.Zero(t, q.Len())
}

func TestTheLastJudgementGoesBackAtTheEnd(t *testing.T) {
	store := &disk{}
	q, _ := opened(t, store, wide)
	require.NoError(t, q.Put(item("1"), []string{"a"}, Change{}))
	ctx, cancel := context.WithCancel(t.Context())
	d := desk(q, func(*Task) error {
		cancel()
		return context.Canceled
	}, func(*Outcome) error { t.Error("nothing is to be told"); return nil })
	d.Work(ctx, "judge")
	q, lost := opened(t, store, wide)
	require.Empty(t, lost)
	require.Equal(t, 1, q.Len())
	require.Equal(t, 1, take(t, q).Attempts, "the attempt did not count")
}

// A process is killed at a random moment, and again, with 1,000 judgements queued. Each is made once, or told to be
// lost. At most those on their way are lost. None is made twice.
func TestKillsCountNothingTwice(t *testing.T) {
	const n, workers, kills = 500, 4, 3
	for seed := range 20 {
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		store := &disk{}
		q, _ := opened(t, store, wide)
		for i := range n {
			require.NoError(t, q.Put(item(fmt.Sprint(i)), []string{"a", "b"}, Change{}))
		}
		judged, lost := map[string]int{}, map[string]judge.Obstacle{}
		for life := range kills + 1 {
			var left []Lost
			q, left = opened(t, store, wide)
			store.dead = false
			ctx, cancel := context.WithCancel(t.Context())
			var mu sync.Mutex
			deadline := 100 + r.IntN(200)
			d := desk(q, func(*Task) error { return nil }, func(o *Outcome) error {
				mu.Lock()
				defer mu.Unlock()
				if store.dead { // a killed process delivers nothing
					return nil
				}
				id := o.ID + "/" + o.Rater
				if o.Err != nil {
					lost[id] = o.Err.Obstacle
					return nil
				}
				judged[id]++
				if deadline--; life < kills && deadline == 0 {
					store.mu.Lock()
					store.dead = true
					store.mu.Unlock()
					cancel()
				}
				return nil
			})
			for _, l := range left {
				d.Finish(ctx, &Outcome{Task: l.Task, Err: &judge.Error{Obstacle: l.Obstacle}})
			}
			var group sync.WaitGroup
			for range workers {
				group.Go(func() { d.Work(ctx, "judge") })
			}
			if life == kills {
				require.Eventually(t, func() bool { return q.Len() == 0 }, 20*time.Second, time.Millisecond)
				cancel()
			}
			group.Wait()
			cancel()
		}
		both := 0
		for id, times := range judged {
			require.Equal(t, 1, times, "%s was judged twice", id)
			if _, told := lost[id]; told {
				both++
			}
		}
		require.LessOrEqual(t, len(lost), kills*workers)
		require.LessOrEqual(t, both, kills*workers)
		require.Equal(t, 2*n, len(judged)+len(lost)-both, "each was judged or told to be lost")
		for _, why := range lost {
			require.Equal(t, judge.Interrupted, why)
		}
	}
}
