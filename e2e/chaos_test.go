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

// A kill may lose spans that were acknowledged within this time before it. The journal has the failing spans. The other
// spans of their traces are in the memory of tail_sampling until its decision: here for a second, and up to another one
// until its next tick.
const (
	lostOfFailing = time.Second
	lostOfOthers  = 5 * time.Second
)

// chaosConfig is the shipped configuration under test: its queues are on disk.
const chaosConfig = "grafana.yaml"

// chaos is a Collector under load whose surroundings fail at random.
type chaos struct {
	t       *testing.T
	dir     string
	overlay string
	backend *backend
	load    *generator
	random  *rand.Rand

	c       *collector
	address atomic.Value // string: where the load goes
	kills   []time.Time
	damages []damage
	rest    time.Time // everything that was acknowledged until then is accounted for
}

// damage of a file may lose what was acknowledged and not delivered.
type damage struct{ rest, at time.Time }

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
		t: t, dir: dir, backend: startBackend(t), load: newGenerator(seed), random: rand.New(rand.NewPCG(seed, 1)),
	}
	x.overlay = x.backend.overlay(t, dir)
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
		x.recover()
	}
	stop()
	x.backend.behave(codes.OK, 0)
	x.settle(done)
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
			x.c.stop(x.t)
			x.start()
		}},
		{"a kill while the backend is down", func() {
			x.backend.down()
			x.pause(time.Second)
			x.kill()
			x.backend.up(x.t)
		}},
		{"a giant trace", func() { x.load.send(x.c.http, 1, 5000) }},
		{"a burst", func() {
			for range 20 {
				x.load.send(x.c.http, 100, 1)
			}
		}},
		{"hundreds of services", func() { x.load.services(x.c.http, 500) }},
		{"a reload", x.reload},
		{"the review store is deleted", func() {
			require.NoError(x.t, os.Remove(filepath.Join(x.dir, "data", "review.db")))
			x.pause(2 * time.Second)
		}},
		{"hostile payloads", x.hostile},
		{"a damaged file", x.damage},
	}
}

func (x *chaos) start() {
	x.c = startIn(x.t, x.dir, chaosConfig, "--config", x.overlay)
	x.address.Store(x.c.http)
}

func (x *chaos) kill() {
	x.c.kill(x.t)
	x.kills = append(x.kills, time.Now())
	x.start()
}

// reload makes the Collector read its configuration again, and waits until it accepts traces.
func (x *chaos) reload() {
	await(x.t, 10*time.Second, x.c.heedsSignals)
	require.NoError(x.t, x.c.cmd.Process.Signal(syscall.SIGHUP))
	x.pause(time.Second)
	await(x.t, 20*time.Second, func() error {
		x.alive()
		if !x.load.send(x.c.http, 1, 1) {
			return errors.New("it does not accept traces")
		}
		return nil
	})
}

// hostile sends requests that are not valid, or only just.
func (x *chaos) hostile() {
	deep := `{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"x","attributes":[{"key":"gen_ai.input.messages",` +
		`"value":{"stringValue":"` + strings.Repeat(`[`, 100_000) + `"}}]}]}]}]}`
	for _, p := range []struct{ kind, body string }{
		{"application/json", "{"},
		{"application/json", deep},
		{"application/json", `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"zz"}]}]}]}`},
		{"application/x-protobuf", strings.Repeat("\xff", 1000)},
		{"application/x-protobuf", "\x0a\xff\xff\xff\xff\x0f"},
	} {
		x.load.post(x.c.http, p.kind, []byte(p.body))
	}
}

// damage overwrites the middle of a file below the data folder, or removes the file, and restarts the Collector. It
// comes in a quiet moment, so that hardly anything else is lost with the file.
func (x *chaos) damage() {
	x.recover()
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
	x.damages = append(x.damages, damage{rest: x.rest, at: time.Now()})
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
				x.load.send(x.address.Load().(string), traces, 3)
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

// recover waits until everything that was acknowledged so far is accounted for.
func (x *chaos) recover() {
	now := time.Now()
	await(x.t, time.Minute, func() error {
		x.alive()
		ids, _ := x.load.want(func(a ack) bool { return a.at.After(now) || x.mayBeLost(a) })
		if missing, _ := x.backend.missing(ids); len(missing) > 0 {
			return fmt.Errorf("%d of %d spans are neither delivered nor refused for good", len(missing), len(ids))
		}
		return nil
	})
	x.rest = now
}

// mayBeLost reports whether a span was acknowledged shortly before a kill, or was not delivered before a damage.
func (x *chaos) mayBeLost(a ack) bool {
	window := lostOfOthers
	if a.fails {
		window = lostOfFailing
	}
	return slices.ContainsFunc(x.kills, func(at time.Time) bool { return a.at.Before(at) && at.Sub(a.at) < window }) ||
		// A damaged file loses its content. A counter and the log say so.
		slices.ContainsFunc(x.damages, func(d damage) bool { return a.at.After(d.rest) && a.at.Before(d.at) })
}

// settle waits until everything that was acknowledged is accounted for, and checks the review store.
func (x *chaos) settle(done map[string]int) {
	x.recover()
	ids, forgiven := x.load.want(x.mayBeLost)
	require.NotEmpty(x.t, ids, "the Collector was down all the time")
	all, _ := x.load.want(func(ack) bool { return false })
	lost, twice := x.backend.missing(all)
	x.backend.mu.Lock()
	refused := len(x.backend.refused)
	x.backend.mu.Unlock()
	queue := x.c.queue(x.t)
	require.Len(x.t, slices.Compact(slices.Clone(queue)), len(queue), "a trace is in the review queue twice")
	x.t.Logf("chaos: %v", done)
	failing := x.load.failing(lost)
	x.t.Logf("chaos: %d spans of failing traces sent, %d acknowledged = %d accounted for (%.1f %%) + %d shortly before a "+
		"kill or a damage, of which %d are lost: %d failing ones, %d others of their traces; %d refused for good by the "+
		"backend, %d delivered twice", x.load.sent, len(all), len(ids), 100*float64(len(ids))/float64(len(all)), forgiven,
		len(lost), failing, len(lost)-failing, refused, twice)
	x.c.stop(x.t)
}
