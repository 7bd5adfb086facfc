package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"
)

// Pool runs cases with a runner, several at a time.
type Pool struct {
	Runner      Runner
	Concurrency int
	Timeout     time.Duration // of one run
	Rate        float64       // starts a second at most; 0 is no limit
	Cache       *Cache        // nil for none
	// Mark turns OTLP of a system into lines of OTLP/JSON, with the marks on every resource.
	Mark func(otlp []byte, marks Marks) ([]byte, error)
	// Finished is called after every run, by one goroutine at a time.
	Finished func()
}

// ErrTimeout is the reason of a run that took too long.
var ErrTimeout = errors.New("timed out")

// Summary counts runs.
type Summary struct {
	Runs    int
	Cached  int
	Failed  int            // gave no answer; inconclusive
	Reasons map[string]int // of Failed
}

// Why returns the most frequent reason of a failure, "" without one.
func (s *Summary) Why() string {
	reasons := slices.SortedFunc(maps.Keys(s.Reasons), func(a, b string) int {
		return cmp.Or(s.Reasons[b]-s.Reasons[a], cmp.Compare(a, b))
	})
	if len(reasons) == 0 {
		return ""
	}
	return reasons[0]
}

// Add adds another summary.
func (s *Summary) Add(o Summary) {
	s.Runs, s.Cached, s.Failed = s.Runs+o.Runs, s.Cached+o.Cached, s.Failed+o.Failed
	for reason, n := range o.Reasons {
		s.fails(reason, n)
	}
}

func (s *Summary) fails(reason string, n int) {
	if s.Reasons == nil {
		s.Reasons = map[string]int{}
	}
	const maxReasons = 50 // reasons may hold ids
	if _, seen := s.Reasons[reason]; !seen && len(s.Reasons) >= maxReasons {
		reason = "other reasons"
	}
	s.Reasons[reason] += n
}

// Run runs the cases and passes what each run recorded to write, by one goroutine at a time. A case that fails is
// recorded with its reason. An error means that the rest was not run: the context ended, write failed, or the system
// cannot be run at all.
func (p *Pool) Run(ctx context.Context, cases iter.Seq[Case], write func([]byte) error) (Summary, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var (
		summary Summary
		mu      sync.Mutex
		workers sync.WaitGroup
	)
	key, queue := p.Runner.Key(), make(chan Case)
	for range max(p.Concurrency, 1) {
		workers.Go(func() {
			for c := range queue {
				lines, cached, failed := p.one(ctx, &c, key)
				if ctx.Err() != nil {
					continue
				}
				mu.Lock()
				summary.Runs++
				if cached {
					summary.Cached++
				}
				if failed != nil {
					summary.Failed++
					summary.fails(oneLine(failed.Error()), 1)
				}
				err := write(lines)
				if p.Finished != nil {
					p.Finished()
				}
				mu.Unlock()
				if errors.Is(failed, ErrNotRunnable) {
					err = failed
				}
				if err != nil {
					stop(err)
				}
			}
		})
	}
	p.feed(ctx, cases, queue)
	close(queue)
	workers.Wait()
	return summary, context.Cause(ctx)
}

// feed puts the cases in the queue, no faster than the rate.
func (p *Pool) feed(ctx context.Context, cases iter.Seq[Case], queue chan<- Case) {
	var pace <-chan time.Time
	if p.Rate > 0 {
		ticker := time.NewTicker(max(time.Duration(float64(time.Second)/p.Rate), 1))
		defer ticker.Stop()
		pace = ticker.C
	}
	first := true
	for c := range cases {
		if pace != nil && !first {
			select {
			case <-pace:
			case <-ctx.Done():
				return
			}
		}
		first = false
		select {
		case queue <- c:
		case <-ctx.Done():
			return
		}
	}
}

// one runs one case and returns the lines that record it, and why it gave no answer.
func (p *Pool) one(ctx context.Context, c *Case, key string) (lines []byte, cached bool, failed error) {
	if lines := p.Cache.Get(c, key); lines != nil {
		return lines, true, nil
	}
	if p.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, p.Timeout, fmt.Errorf("%w after %s", ErrTimeout, p.Timeout))
		defer cancel()
	}
	began := time.Now()
	answer, failed := p.Runner.Run(ctx, c)
	answer.Began, answer.Ended = began, time.Now()
	marks := c.marks(key)
	if failed == nil && answer.OTLP != nil {
		if lines, failed = p.Mark(answer.OTLP, marks); failed == nil {
			p.Cache.Put(c, key, lines)
			return lines, false, nil
		}
	}
	line, err := c.trace(&answer, marks, failed)
	if err != nil {
		return nil, false, err
	}
	line = append(line, '\n')
	if failed == nil {
		p.Cache.Put(c, key, line)
	}
	return line, false, failed
}
