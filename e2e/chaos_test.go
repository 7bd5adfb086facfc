package e2e

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
)

// lostOfOthers is how long before a kill spans may be lost that do not fail themselves, though their trace does. They are
// in the memory of tail_sampling until its decision: here for a second, and up to another one until its next tick. The
// third is for a tick that has much to do. Failing spans are on disk before they are acknowledged.
const lostOfOthers = 3 * time.Second

// chaosConfig is the shipped configuration under test: its queues are on disk.
const chaosConfig = "grafana.yaml"

// chaos is a Collector under load whose surroundings fail at random.
type chaos struct {
	t       *testing.T
	dir     string
	overlay string
	backend *backend
	ledger  *ledger
	load    *generator
	random  *rand.Rand

	c         *collector
	processes []*process   // those that received traces since the last rest; the last one runs
	target    atomic.Value // target: where the load goes
	flow      sync.Mutex   // held while the load sends a request, and by a rest

	kills   []time.Time // since the last rest
	damaged time.Time   // when a file was damaged that holds spans on their way
	total   totals
}

// process is a process of the Collector. Its account holds what it received before the last rest.
type process struct {
	id          int
	before      account
	refused     [2]int // spans that the backend had refused for good at its start and at its end
	reloaded    bool
	killed, end bool
}

// totals are over all rests.
type totals struct {
	acked, balanced         int // spans that were acknowledged, and those of processes whose counters are known
	failing, strict         int // spans of failing traces that were acknowledged, and those that must be there
	lostFailing, lostOthers int // spans of failing traces that may be lost and are
	kills                   int
}

// TestChaos breaks what surrounds the shipped Collector at random, under load: one fault, or several that overlap, and
// then time to recover. After each such round, every span of a failing trace that was acknowledged was delivered or
// refused for good by the backend. Only what was acknowledged so shortly before a kill as is stated above may be lost,
// and what was not delivered when a file was damaged. CHAOS=10m runs longer, CHAOS_SEED=n repeats the faults of a run.
func TestChaos(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	length, seed := 20*time.Second, uint64(8) // the same faults in each short run
	if v := os.Getenv("CHAOS"); v != "" {
		d, err := time.ParseDuration(v)
		require.NoError(t, err)
		length, seed = d, uint64(time.Now().UnixNano())
	}
	if v := os.Getenv("CHAOS_SEED"); v != "" {
		n, err := strconv.ParseUint(v, 10, 64)
		require.NoError(t, err)
		seed = n
	}
	t.Logf("chaos: %v with CHAOS_SEED=%d", length, seed)
	dir := t.TempDir()
	x := &chaos{
		t: t, dir: dir, backend: startBackend(t), ledger: startLedger(t), load: newGenerator(seed),
		random: rand.New(rand.NewPCG(seed, 1)),
	}
	x.overlay = x.backend.overlay(t, dir)
	x.addWebhook()
	x.start()
	stop := x.drive(4, 40*time.Millisecond)

	faults := x.faults()
	done := map[string]int{}
	for end := time.Now().Add(length); time.Now().Before(end); {
		for range 1 + x.random.IntN(3) {
			f := faults[x.random.IntN(len(faults))]
			t.Logf("chaos: %s", f.name)
			f.do()
			done[f.name]++
			x.alive()
			x.pause(500 * time.Millisecond)
		}
		x.rest()
	}
	stop()
	x.settle(length, done)
}

// fault is something that operators meet. do causes it and mends it.
type fault struct {
	name string
	do   func()
}

func (x *chaos) faults() []fault {
	answers := func(code codes.Code, delay time.Duration) func() {
		return func() {
			x.backend.behave(code, delay)
			x.pause(2 * time.Second)
			x.backend.behave(codes.OK, 0)
		}
	}
	return []fault{
		{"the backend is down", func() {
			x.backend.down()
			x.pause(3 * time.Second)
			x.backend.up(x.t)
		}},
		{"the backend is slow", answers(codes.OK, 200*time.Millisecond)},
		{"the backend is unavailable", answers(codes.Unavailable, 0)},
		{"the backend wants fewer requests", answers(codes.ResourceExhausted, 0)},
		{"the backend refuses for good", answers(codes.InvalidArgument, 0)},
		{"a kill", x.kill},
		{"a restart", func() {
			x.stop()
			x.start()
		}},
		{"a kill while the backend is down", func() {
			x.backend.down()
			x.pause(time.Second)
			x.kill()
			x.backend.up(x.t)
		}},
		{"a giant trace", func() { x.send(1, 5000) }},
		{"a burst", func() {
			for range 20 {
				x.send(100, 1)
			}
		}},
		{"hundreds of services", func() { x.load.services(x.to(), 500) }},
		{"a reload", x.reload},
		{"the review store is deleted", func() {
			require.NoError(x.t, os.Remove(filepath.Join(x.dir, "data", "review.db")))
			x.pause(2 * time.Second)
		}},
		{"hostile payloads", x.hostile},
		{"a damaged file", x.damage},
	}
}

// addWebhook makes the Collector tell the backend of signals.
func (x *chaos) addWebhook() {
	overlay, err := os.ReadFile(x.overlay)
	require.NoError(x.t, err)
	write(x.t, x.overlay, string(overlay)+`
extensions: {llm_review: {webhooks: [{url: "`+x.backend.rest.URL+hookPath+`", secret: s}]}}
`)
}

func (x *chaos) start() {
	id := 1
	if n := len(x.processes); n > 0 {
		id = x.processes[n-1].id + 1
	}
	args := []string{"--config", x.overlay}
	if x.ledger != nil {
		args = append(args, "--config", x.ledger.overlay(x.t, x.dir, id))
	}
	x.processes = append(x.processes, &process{id: id, refused: [2]int{x.backend.refusals(), 0}})
	x.c = startIn(x.t, x.dir, chaosConfig, args...)
	x.target.Store(target{x.c.http, id})
}

// stop ends the Collector as an operator does. Its counters are known then.
func (x *chaos) stop() {
	x.c.stop(x.t)
	x.ended(false)
}

func (x *chaos) ended(killed bool) {
	p := x.processes[len(x.processes)-1]
	p.end, p.killed, p.refused[1] = true, killed, x.backend.refusals()
}

func (x *chaos) kill() {
	x.c.kill(x.t)
	x.kills = append(x.kills, time.Now())
	x.total.kills++
	x.ended(true)
	x.start()
}

func (x *chaos) to() target { return x.target.Load().(target) }

func (x *chaos) send(traces, size int) bool { return x.load.sendTo(x.to(), traces, size) }

// reload makes the Collector read its configuration again, and waits until it accepts traces.
func (x *chaos) reload() {
	await(x.t, 10*time.Second, x.c.heedsSignals)
	x.processes[len(x.processes)-1].reloaded = true
	require.NoError(x.t, x.c.cmd.Process.Signal(syscall.SIGHUP))
	x.pause(time.Second)
	await(x.t, 20*time.Second, func() error {
		x.alive()
		if !x.send(1, 1) {
			return errors.New("it does not accept traces")
		}
		return nil
	})
}

// hostile sends requests that are not valid, or only just.
func (x *chaos) hostile() {
	for _, p := range []struct{ kind, body string }{
		{"application/json", "{"},
		{"application/json", `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"zz"}]}]}]}`},
		{"application/x-protobuf", strings.Repeat("\xff", 1000)},
		{"application/x-protobuf", "\x0a\xff\xff\xff\xff\x0f"},
	} {
		if x.load.post(x.c.http, p.kind, []byte(p.body)) {
			x.t.Errorf("the Collector takes what is no request: %q", p.body)
		}
	}
	x.load.odd(x.to(), "gen_ai.input.messages", strings.Repeat("[", 100_000))
}

// damage overwrites the middle of a file below the data folder, or removes the file, and restarts the Collector. It
// comes at a rest, so that hardly anything is lost with the file.
func (x *chaos) damage() {
	x.rest()
	var files []string
	data := filepath.Join(x.dir, "data")
	require.NoError(x.t, filepath.WalkDir(data, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasPrefix(d.Name(), "review.db") {
			files = append(files, path)
		}
		return nil
	}))
	require.NotEmpty(x.t, files)
	slices.Sort(files)
	file := files[x.random.IntN(len(files))]
	if name := filepath.Base(file); strings.Contains(name, "journal") || strings.Contains(name, "tempo") {
		x.damaged = time.Now()
	}
	if x.random.IntN(2) == 0 {
		require.NoError(x.t, os.Remove(file))
	} else if b, err := os.ReadFile(file); err == nil {
		for i := len(b) / 3; i < min(len(b), len(b)/3+200); i++ {
			b[i] ^= 0x5a
		}
		require.NoError(x.t, os.WriteFile(file, b, 0o600))
	}
	x.pause(time.Second)
	x.kill()
}

// drive sends traces at a steady rate until the returned function is called.
func (x *chaos) drive(traces int, every time.Duration) (stop func()) {
	over := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-over:
				return
			case <-ticker.C:
				x.flow.Lock()
				x.send(traces, 3)
				x.flow.Unlock()
			}
		}
	})
	return func() {
		close(over)
		wg.Wait()
	}
}

// pause lets a random time around d pass under load, so that the faults of a run differ in length.
func (x *chaos) pause(d time.Duration) { time.Sleep(time.Duration(x.random.Int64N(int64(d))) + d/4) }

// alive fails if the Collector ended by itself.
func (x *chaos) alive() {
	select {
	case err := <-x.c.exited:
		x.t.Fatalf("the Collector ended by itself: %v", err)
	default:
	}
}

// rest stops the load until everything that was acknowledged is accounted for.
func (x *chaos) rest() {
	x.flow.Lock()
	defer x.flow.Unlock()
	await(x.t, time.Minute, func() error {
		x.alive()
		return x.accounted(x.load.sent())
	})
	x.settled(x.load.sent())
	x.load.forget()
	x.processes = x.processes[len(x.processes)-1:]
	x.kills, x.damaged = nil, time.Time{}
}

// accounted returns what is missing of some traces, and whose counters say something else than the backend.
func (x *chaos) accounted(sent []*sentTrace) error {
	missing := 0
	for _, trace := range sent {
		for i, span := range trace.spans {
			if trace.mustArrive() && !x.mayBeLost(trace, i == 0) && !x.backend.has(trace.id, span) {
				missing++
			}
		}
	}
	var errs []error
	if missing > 0 {
		errs = append(errs, fmt.Errorf("%d spans of failing traces are neither delivered nor refused for good", missing))
	}
	for _, p := range x.processes {
		if p.killed {
			continue
		}
		a := x.account(p, sent)
		if err := a.balance(x.ledger.counts(p.id)); err != nil {
			errs = append(errs, fmt.Errorf("process %d: %w", p.id, err))
		}
	}
	return errors.Join(errs...)
}

// account returns what a process received up to now.
func (x *chaos) account(p *process, sent []*sentTrace) account {
	a := p.before
	for _, trace := range sent {
		if trace.process == p.id {
			a.add(trace, x.backend.has)
		}
	}
	until := p.refused[1]
	if !p.end {
		until = x.backend.refusals()
	}
	a.refused, a.interrupted = until-p.refused[0], p.reloaded || p.end
	return a
}

// settled adds traces that will not change any more to the totals.
func (x *chaos) settled(sent []*sentTrace) {
	balanced := map[int]bool{}
	for _, p := range x.processes {
		p.before, balanced[p.id] = x.account(p, sent), !p.killed
	}
	for _, trace := range sent {
		if trace.acked.IsZero() {
			continue
		}
		x.total.acked += len(trace.spans)
		if balanced[trace.process] {
			x.total.balanced += len(trace.spans)
		}
		if !trace.fails {
			continue
		}
		for i, span := range trace.spans {
			x.total.failing++
			switch {
			case !x.mayBeLost(trace, i == 0):
				x.total.strict++
			case x.backend.has(trace.id, span):
			case i == 0:
				x.total.lostFailing++
			default:
				x.total.lostOthers++
			}
		}
	}
}

// mayBeLost reports whether a span of a failing trace may be lost: one that was on its way when its file was damaged, or
// one that does not fail itself and was acknowledged shortly before a kill.
func (x *chaos) mayBeLost(trace *sentTrace, fails bool) bool {
	// A damaged file loses its content. A counter and the log say so.
	return trace.acked.Before(x.damaged) || !fails && slices.ContainsFunc(x.kills, func(at time.Time) bool {
		return trace.acked.Before(at) && at.Sub(trace.acked) < lostOfOthers
	})
}

// settle ends the run: everything is accounted for before and after the last process ends.
func (x *chaos) settle(length time.Duration, done map[string]int) {
	x.rest()
	queue := x.c.queue(x.t)
	require.Len(x.t, slices.Compact(slices.Clone(queue)), len(queue), "a trace is in the review queue twice")
	if length > time.Minute { // after a kill the lease of a webhook lasts that long
		await(x.t, 2*time.Minute, func() error {
			if told, _ := x.backend.webhooks(); told == 0 {
				return errors.New("no webhook arrived")
			}
			return nil
		})
	}
	told, most := x.backend.webhooks()
	require.LessOrEqual(x.t, most, 1+x.total.kills, "a webhook is told again only if a kill came before it was noted")
	x.stop()
	require.NoError(x.t, x.accounted(nil), "after the end")
	all := x.total
	require.NotZero(x.t, all.balanced, "the Collector was killed all the time")
	share := func(part, whole int) float64 { return 100 * float64(part) / float64(whole) }
	_, twice := x.backend.missing(nil)
	x.t.Logf("chaos: %v", done)
	x.t.Logf("chaos: %d spans acknowledged, %d (%.1f %%) of them in balance with the counters of their process; "+
		"%d spans of failing traces, %d (%.1f %%) of them must be there and are; of the others %d failing ones and %d "+
		"others are lost; %d refused for good by the backend, %d delivered twice; %d webhooks", all.acked, all.balanced,
		share(all.balanced, all.acked), all.failing, all.strict, share(all.strict, all.failing), all.lostFailing,
		all.lostOthers, x.backend.refusals(), twice, told)
}
