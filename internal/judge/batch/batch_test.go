package batch

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/queue"
	"github.com/faultline-otel/faultline/internal/price"
)

// disk is a store.
type disk map[string][]byte

func (d disk) Get(key string) ([]byte, error) { return d[key], nil }

func (d disk) Write(set map[string][]byte, remove []string) error {
	maps.Copy(d, set)
	for _, key := range remove {
		delete(d, key)
	}
	return nil
}

func (d disk) Walk(each func(key string, value []byte)) error {
	for _, key := range slices.Sorted(maps.Keys(d)) {
		each(key, d[key])
	}
	return nil
}

// office is a process with clerks for some models, on a disk.
type office struct {
	t        *testing.T
	disk     disk
	now      time.Time
	models   []string
	provider map[string]*provider
	told     map[string][]string // by id of the item
	results  map[string]judge.Result
	limit    float64

	queue  *queue.Queue
	purse  *judge.Spend
	clerks []*Clerk
}

func newOffice(t *testing.T, models ...string) *office {
	t.Helper()
	o := &office{
		t: t, disk: disk{}, now: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), models: models, limit: 1000,
		provider: map[string]*provider{}, told: map[string][]string{}, results: map[string]judge.Result{},
	}
	for _, model := range models {
		o.provider[model] = &provider{
			answer: func(int) said { return says("pass") }, faults: map[string][]error{}, files: map[string]int{},
			names: map[string]string{},
		}
	}
	o.start()
	return o
}

// rater is the judge of the models, the dear one last.
func (o *office) rater() judge.Deferred {
	r, err := judge.Find("relevance")
	require.NoError(o.t, err)
	var judges []*judge.Judge
	for _, model := range o.models {
		row := price.Embedded().Find("openai", o.now, model)
		require.NotNil(o.t, row)
		s := judge.Settings{Provider: "openai", Model: model, MaxTokens: 1000, MaxBytes: judge.DefaultBytes}
		judges = append(judges, judge.New(nil, s, row, nil, nil).Discounted(0.5))
	}
	if len(judges) == 3 {
		return judge.NewPanel(judges[0], judges[1], judges[2]).By(r)
	}
	return judges[0].By(r).(judge.Deferred)
}

// start begins a process with what the last one left on disk.
func (o *office) start() {
	o.t.Helper()
	clock := func() time.Time { return o.now }
	failed := func(err error) { require.NoError(o.t, err) }
	lane := func(_ string, stage int) string { return o.models[min(stage, len(o.models)-1)] }
	limits := queue.Limits{Judgements: 1000, MaxAge: time.Hour, Attempts: 2}
	q, missing, err := queue.Open(o.disk, limits, clock, lane)
	require.NoError(o.t, err)
	require.Empty(o.t, missing)
	require.NoError(o.t, q.Disband(func(lane string) bool { return o.provider[lane] != nil }))
	o.queue, o.purse, o.clerks = q, judge.NewSpend(o.limit, o.disk, clock, failed), nil
	desk := &queue.Desk{
		Queue: q, Tried: func(*queue.Outcome) {}, Failed: failed, Backoff: time.Millisecond,
		Deliver: func(_ context.Context, out *queue.Outcome) error {
			word := out.Result.Evaluation.Label
			if out.Err != nil {
				word = string(out.Err.Obstacle)
			}
			o.told[out.ID] = append(o.told[out.ID], word)
			o.results[out.ID] = out.Result
			return nil
		},
	}
	rater := o.rater()
	for _, model := range o.models {
		o.clerks = append(o.clerks, &Clerk{
			Provider: o.provider[model], Desk: desk, Lane: model, Purse: o.purse, Now: clock,
			Rater:  func(string) judge.Deferred { return rater },
			Limits: Limits{Requests: 100, Every: time.Minute, Poll: time.Minute},
			Ended:  func(string) {}, Cost: func(*judge.Cost) {},
		})
	}
}

func (o *office) put(n int) {
	for i := range n {
		id := fmt.Sprint("case", i)
		k := &judge.Case{Scope: judge.Answer, Question: "Where is it?", Answer: "In Lyon, " + id, Turns: 1}
		require.NoError(o.t, o.queue.Put(&queue.Item{ID: id, Case: k}, []string{"relevance"}, queue.Change{}))
	}
}

// rounds lets the clerks work until nothing waits. With restart, each round is another process.
func (o *office) rounds(restart bool) (n int) {
	o.t.Helper()
	for open := 1; o.queue.Len() > 0 || open > 0; n++ {
		require.Less(o.t, n, 40, "%d wait", o.queue.Len())
		open = 0
		for i := range o.clerks {
			open += o.clerks[i].Round(o.t.Context())
			if restart {
				o.start()
			}
		}
		o.now = o.now.Add(10 * time.Minute)
	}
	return n
}

// words counts what was told, each item once.
func (o *office) words() map[string]int {
	count := map[string]int{}
	for id, of := range o.told {
		require.Len(o.t, of, 1, id)
		count[of[0]]++
	}
	return count
}

const (
	mini      = "gpt-4.1-mini"
	miniReply = (1000*0.4 + 100*1.6) / 1e6 / 2
)

func TestBatches(t *testing.T) {
	for name, c := range map[string]struct {
		set     func(*provider)
		want    map[string]int
		batches []int // requests of each
		paid    int   // replies
	}{
		"in any order": {
			func(p *provider) { p.answer = func(i int) said { return says([]string{"pass", "fail", "pass"}[i%3]) } },
			map[string]int{"pass": 4, "fail": 2},
			[]int{6},
			6,
		},
		"some of it fails": {
			func(p *provider) {
				p.answer = func(i int) said {
					switch {
					case i == 0 && len(p.asked) == 1: // the only one that is asked again
						return said{err: unavailable}
					case i == 1:
						return said{err: rejected}
					case i == 2:
						return says("nonsense")
					}
					return says("pass")
				}
			},
			map[string]int{"pass": 4, "rejected": 1, "invalid_reply": 1},
			[]int{6, 1},
			5,
		},
		"it expires, and again": {
			func(p *provider) {
				p.status = "expired"
				p.answer = func(i int) said {
					if i < p.asked[len(p.asked)-1]/2 {
						return says("pass")
					}
					return said{}
				}
			},
			map[string]int{"pass": 4, "batch_ended": 2},
			[]int{6, 3},
			4,
		},
		"the upload fails once": {
			func(p *provider) { p.faults["upload"] = []error{unavailable} }, map[string]int{"pass": 6}, []int{6}, 6,
		},
		"the upload is refused": {
			func(p *provider) { p.faults["upload"] = []error{rejected} }, map[string]int{"rejected": 6}, nil, 0,
		},
		"the provider does not say that it has it": {
			func(p *provider) {
				p.faults["create"] = []error{lost}
				p.faults["find"] = []error{unavailable, nil}
			}, map[string]int{"pass": 6}, []int{6}, 6,
		},
		"the provider has none": {
			func(p *provider) { p.faults["create"] = []error{unavailable} }, map[string]int{"pass": 6}, []int{6}, 6,
		},
		"the provider refuses it": {
			func(p *provider) { p.faults["create"] = []error{rejected} }, map[string]int{"rejected": 6}, nil, 0,
		},
		"a look fails": {
			func(p *provider) { p.faults["look"] = []error{unavailable, unavailable} }, map[string]int{"pass": 6}, []int{6}, 6,
		},
		"the provider forgot it": {
			func(p *provider) { p.faults["look"] = []error{rejected} }, map[string]int{"batch_ended": 6}, []int{6}, -1,
		},
		"the results break off": {
			func(p *provider) { p.breaks = 3 }, map[string]int{"pass": 6}, []int{6}, 6,
		},
		"the results cannot be read for a while": {
			func(p *provider) { p.faults["replies"] = []error{unavailable} }, map[string]int{"pass": 6}, []int{6}, 6,
		},
	} {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, restarts %v", name, restart), func(t *testing.T) {
				o := newOffice(t, mini)
				c.set(o.provider[mini])
				o.put(6)
				reserved := 0.0
				if c.paid < 0 { // whether they were paid is not known
					_, usd := o.rater().Request(&judge.Case{Scope: judge.Answer, Question: "Where is it?", Answer: "In Lyon, case0"}, 0)
					reserved = 6 * usd
				}
				o.rounds(restart)
				require.Equal(t, c.want, o.words())
				require.Equal(t, c.batches, o.provider[mini].asked)
				require.InDelta(t, float64(max(c.paid, 0))*miniReply+reserved, o.purse.Spent(), 1e-9+reserved/100)
				require.False(t, o.purse.Busy(), "nothing stays reserved")
			})
		}
	}
}

// TestABatchWithoutAnEnd is given up after two days, and counts as paid.
func TestABatchWithoutAnEnd(t *testing.T) {
	o := newOffice(t, mini)
	o.provider[mini].status = "in_progress"
	o.put(1)
	require.Equal(t, 1, o.clerks[0].Round(t.Context()))
	o.now = o.now.Add(47 * time.Hour)
	require.Equal(t, 1, o.clerks[0].Round(t.Context()))
	o.now = o.now.Add(2 * time.Hour)
	require.Zero(t, o.clerks[0].Round(t.Context()))
	require.Equal(t, map[string]int{"batch_ended": 1}, o.words())
	require.Empty(t, o.provider[mini].files, "the requests are removed")
}

// TestADayInABatchIsNoWaiting: what a batch leaves after a day is asked again, though the queue keeps nothing so long.
func TestADayInABatchIsNoWaiting(t *testing.T) {
	o := newOffice(t, mini)
	p := o.provider[mini]
	p.status = "in_progress"
	o.put(2)
	o.clerks[0].Round(t.Context())
	o.now = o.now.Add(24 * time.Hour)
	p.status, p.answer = "expired", func(int) said {
		if len(p.asked) == 1 {
			return said{}
		}
		return says("pass")
	}
	o.rounds(false)
	require.Equal(t, map[string]int{"pass": 2}, o.words())
}

// TestARubricThatChangesWhileABatchIsOnItsWay: the replies to the old one are no results of the new one.
func TestARubricThatChangesWhileABatchIsOnItsWay(t *testing.T) {
	o := newOffice(t, mini)
	o.put(2)
	o.provider[mini].status = "in_progress"
	o.clerks[0].Round(t.Context())
	o.models[0], o.provider["gpt-4.1"] = "gpt-4.1", o.provider[mini]
	for key, value := range o.disk { // the lane keeps its name; the model is another one
		var b queue.Batch
		if json.Unmarshal(value, &b) == nil && b.Name != "" {
			b.Lane = "gpt-4.1"
			o.disk[key], _ = json.Marshal(b)
		}
	}
	o.start()
	o.provider[mini].status = ""
	o.rounds(false)
	require.Equal(t, map[string]int{"pass": 2}, o.words())
	require.Equal(t, []int{2, 2}, o.provider[mini].asked)
	for _, r := range o.results {
		require.Equal(t, "gpt-4.1", r.Evaluation.JudgeModel)
	}
}

// TestALaneWithoutBatches: after a change of the configuration, what was on its way waits again.
func TestALaneWithoutBatches(t *testing.T) {
	o := newOffice(t, mini)
	o.put(3)
	o.provider[mini].status = "in_progress"
	o.clerks[0].Round(t.Context())
	require.Equal(t, 3, o.queue.InBatches())
	spent := o.purse.Spent()
	require.NoError(t, o.queue.Disband(func(string) bool { return true }))
	o.provider = map[string]*provider{}
	o.start()
	require.Zero(t, o.queue.InBatches())
	require.Equal(t, 3, o.queue.Len())
	tasks, _ := o.queue.Gather(mini, 9)
	require.Len(t, tasks, 3)
	require.InDelta(t, spent, o.purse.Spent(), 1e-9, "the provider bills what it was asked")
	for key := range o.disk {
		require.NotContains(t, key, "batch/")
	}
}

// TestACascadeInBatches: the two cheap judges are asked first, and the dear one only where they disagree.
func TestACascadeInBatches(t *testing.T) {
	const first, second, dear = "gpt-4.1-nano", "gpt-4o-mini", "gpt-4.1"
	cheap := []string{"pass", "fail", "pass", "fail", "nonsense", "refused"}
	other := []string{"pass", "fail", "fail", "pass"}
	for _, restart := range []bool{false, true} {
		t.Run(fmt.Sprint("restarts ", restart), func(t *testing.T) {
			o := newOffice(t, first, second, dear)
			o.provider[first].answer = func(i int) said {
				if cheap[i] == "refused" {
					return said{err: rejected}
				}
				return says(cheap[i])
			}
			o.provider[second].answer = func(i int) said { return says(other[i]) }
			o.provider[dear].answer = func(int) said { return says("fail") }
			o.put(len(cheap))
			o.rounds(restart)
			require.Equal(t, map[string]int{"pass": 1, "fail": 5}, o.words())
			require.Equal(t, []int{6}, o.provider[first].asked)
			require.Equal(t, []int{4}, o.provider[second].asked, "the first one gave no verdict on two")
			require.Equal(t, 4, sum(o.provider[dear].asked))
			models, spent := map[string]int{}, 0.0
			for _, r := range o.results {
				models[r.Evaluation.JudgeModel]++
				require.Equal(t, o.rater().Version(), r.Evaluation.Version)
				require.InDelta(t, r.USD, r.Evaluation.CostUSD.Value, 1e-12)
				spent += r.USD
			}
			require.Equal(t, map[string]int{first: 2, dear: 4}, models)
			require.InDelta(t, spent, o.purse.Spent(), 1e-9)
			agreed := o.results["case0"]
			both := (1000*0.1 + 100*0.4 + 1000*0.15 + 100*0.6) / 1e6 / 2
			require.InDelta(t, both, agreed.USD, 1e-9)
			require.InDelta(t, (1000*2+100*8)/1e6/2-both, agreed.SavedUSD, 1e-9)
			asked := o.results["case2"]
			require.InDelta(t, -both, asked.SavedUSD, 1e-9)
		})
	}
}

func sum(of []int) (n int) {
	for _, one := range of {
		n += one
	}
	return n
}
