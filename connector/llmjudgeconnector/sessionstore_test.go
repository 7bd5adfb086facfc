package llmjudgeconnector

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/connector/connectortest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/faultline-otel/faultline/connector/llmjudgeconnector/internal/metadata"
	"github.com/faultline-otel/faultline/connector/llmjudgeconnector/internal/metadatatest"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/judgetest"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// disk is what is left of killed processes.
type disk struct {
	mu   sync.Mutex
	data map[string][]byte
}

func newDisk() *disk { return &disk{data: map[string][]byte{}} }

func (d *disk) keys(prefix string) (keys []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for key := range d.data {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	return keys
}

var errKilled = errors.New("the process was killed")

// process is a storage extension over a disk. Nothing is written after the kill.
type process struct {
	component.StartFunc
	component.ShutdownFunc
	disk   *disk
	killed bool
}

func (p *process) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	return p, nil
}

func (p *process) kill() {
	p.disk.mu.Lock()
	defer p.disk.mu.Unlock()
	p.killed = true
}

func (p *process) Get(ctx context.Context, key string) ([]byte, error) {
	op := storage.GetOperation(key)
	err := p.Batch(ctx, op)
	return op.Value, err
}

func (p *process) Set(ctx context.Context, key string, value []byte) error {
	return p.Batch(ctx, storage.SetOperation(key, value))
}

func (p *process) Delete(ctx context.Context, key string) error {
	return p.Batch(ctx, storage.DeleteOperation(key))
}

func (p *process) Batch(_ context.Context, ops ...*storage.Operation) error {
	p.disk.mu.Lock()
	defer p.disk.mu.Unlock()
	for _, op := range ops {
		switch {
		case op.Type == storage.Get:
			op.Value = p.disk.data[op.Key]
		case p.killed:
			return errKilled
		case op.Type == storage.Set:
			p.disk.data[op.Key] = op.Value
		default:
			delete(p.disk.data, op.Key)
		}
	}
	return nil
}

func (p *process) Walk(_ context.Context, each storage.WalkFunc) error {
	p.disk.mu.Lock()
	all := maps.Clone(p.disk.data)
	p.disk.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if _, err := each(key, all[key]); err != nil {
			return err
		}
	}
	return nil
}

func (p *process) Close(context.Context) error { return nil }

// listener receives what a process tells before its kill.
type listener struct {
	*consumertest.LogsSink
	process *process
}

func (l listener) ConsumeLogs(ctx context.Context, ld plog.Logs) error {
	l.process.disk.mu.Lock()
	defer l.process.disk.mu.Unlock()
	if l.process.killed {
		return nil
	}
	return l.LogsSink.ConsumeLogs(ctx, ld)
}

// on starts a connector on a disk. kill ends it as kill -9 does: nothing more is written, and nothing more is told.
func on(t *testing.T, d *disk, cfg *Config) (b *bench, sink *consumertest.LogsSink, kill func()) {
	t.Helper()
	p := &process{disk: d}
	cfg.Storage = &storageID
	require.NoError(t, cfg.Validate())
	sink = new(consumertest.LogsSink)
	b, err := newBench(t.Context(), connectortest.NewNopSettings(metadata.Type), cfg, listener{sink, p})
	require.NoError(t, err)
	require.NoError(t, b.Start(t.Context(), extensions{storageID: p}))
	var once sync.Once
	kill = func() {
		once.Do(func() {
			p.kill()
			require.NoError(t, b.Shutdown(context.Background()))
		})
	}
	t.Cleanup(kill)
	return b, sink, kill
}

func (b *bench) say(t *testing.T, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		a := answered{trace: byte(i + 1), question: fmt.Sprintf("question %d", i), answer: "ok", thread: "c-\xff9"}
		require.NoError(t, b.ConsumeTraces(t.Context(), a.traces()))
	}
}

// TestOpenSessionsOutliveAKill: a session that was open when the process was killed is judged once, by the next one.
func TestOpenSessionsOutliveAKill(t *testing.T) {
	forgets := func(*judgetest.Request) judgetest.Answer {
		return judgetest.Answer{Text: `{"explanation":"It asks again.","reason":"asks_again","score":0.2}`}
	}
	config := func(s *judgetest.Server) *Config {
		cfg := configFor(s)
		cfg.Rubrics = []string{"context_loss"}
		cfg.Sessions.Idle = time.Hour
		return cfg
	}
	next := func(t *testing.T, d *disk) (*bench, *consumertest.LogsSink, *judgetest.Server) {
		t.Helper()
		server := judgetest.New(t, forgets)
		cfg := config(server)
		cfg.Sessions.Idle = time.Second
		b, sink, _ := on(t, d, cfg)
		return b, sink, server
	}
	t.Run("what was stored of it", func(t *testing.T) {
		d, server := newDisk(), judgetest.New(t, forgets)
		b, _, kill := on(t, d, config(server))
		b.say(t, 0, 12)
		b.sessions.storeAll(0, b.storageFailed)
		kill()
		_, sink, after := next(t, d)
		record := records(t, sink, 1)[0]
		e, ok := spanattr.EvaluationOf(record)
		require.True(t, ok)
		require.Equal(t, failure.GoalDrift, e.Class)
		require.Equal(t, byte(12), record.TraceID()[0], "on the last trace")
		require.Contains(t, after.Requests()[0].User, "question 0")
		require.Contains(t, after.Requests()[0].User, "question 11")
		require.Empty(t, server.Requests(), "the killed process did not judge")
		require.Empty(t, d.keys(sessionPrefix), "what was judged is not kept")
	})
	t.Run("it goes on", func(t *testing.T) {
		d := newDisk()
		b, _, kill := on(t, d, config(judgetest.New(t, forgets)))
		b.say(t, 0, 1)
		require.Len(t, d.keys(sessionPrefix), 1, "it is on disk from its first call")
		b.say(t, 1, 6)
		b.sessions.storeAll(0, b.storageFailed)
		kill()
		b, sink, server := next(t, d)
		b.say(t, 6, 12)
		records(t, sink, 1)
		require.Contains(t, server.Requests()[0].User, "question 0")
		require.Contains(t, server.Requests()[0].User, "question 11")
	})
	t.Run("its last calls", func(t *testing.T) {
		d := newDisk()
		b, _, kill := on(t, d, config(judgetest.New(t, forgets)))
		b.say(t, 0, 12)
		require.Eventually(t, func() bool {
			d.mu.Lock()
			defer d.mu.Unlock()
			for key, value := range d.data {
				if strings.HasPrefix(key, sessionPrefix) && strings.Contains(string(value), "question 11") {
					return true
				}
			}
			return false
		}, 9*time.Second, 10*time.Millisecond, "they are on disk a second later")
		kill()
		_, sink, server := next(t, d)
		records(t, sink, 1)
		require.Contains(t, server.Requests()[0].User, "question 11")
	})
	t.Run("queued and not judged", func(t *testing.T) {
		d := newDisk()
		cfg := config(stuck(t))
		cfg.Sessions.EveryTurns = 12
		b, _, kill := on(t, d, cfg)
		b.say(t, 0, 12)
		require.Len(t, d.keys("task/"), 1)
		kill()
		b, sink, _ := next(t, d)
		b.takeSessions(b.sessions.idle(time.Now().Add(time.Hour))) // it ends, and all its turns are judged
		require.Empty(t, d.keys(sessionPrefix))
		records(t, sink, 1) // the queue has it, as judged or as interrupted
	})
	t.Run("a stop is no end", func(t *testing.T) {
		d := newDisk()
		cfg := config(judgetest.New(t, forgets))
		b, sink, _ := on(t, d, cfg)
		b.say(t, 0, 12)
		require.NoError(t, b.Shutdown(context.Background()))
		require.Zero(t, sink.LogRecordCount())
		_, sink, _ = next(t, d)
		records(t, sink, 1)
	})
	t.Run("not selected", func(t *testing.T) {
		d := newDisk()
		cfg := config(judgetest.New(t, forgets))
		cfg.Shares.Random = 0
		b, _, _ := on(t, d, cfg)
		b.say(t, 0, 12)
		b.sessions.storeAll(0, b.storageFailed)
		require.Empty(t, d.data, "most sessions cost no writes")
	})
}

// TestStoredSessionsThatCannotBeJudgedAreCounted: with the reason, and they leave the disk.
func TestStoredSessionsThatCannotBeJudgedAreCounted(t *testing.T) {
	for name, c := range map[string]struct {
		rubric string
		want   judge.Obstacle
	}{
		"damaged":            {"context_loss", judge.Unreadable},
		"no rubric for them": {"groundedness", judge.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDisk()
			d.data[sessionPrefix+"1"], d.data[sessionPrefix+"2"] = []byte("{"), []byte(`{"id":"eA=="}`)
			cfg := configFor(judgetest.New(t, nil))
			cfg.Rubrics, cfg.Storage = []string{c.rubric}, &storageID
			telemetry := componenttest.NewTelemetry()
			t.Cleanup(func() { require.NoError(t, telemetry.Shutdown(context.Background())) })
			b, err := newBench(t.Context(), metadatatest.NewSettings(telemetry), cfg, new(consumertest.LogsSink))
			require.NoError(t, err)
			require.NoError(t, b.Start(t.Context(), extensions{storageID: &process{disk: d}}))
			metric, err := telemetry.GetMetric("otelcol_llm_judge_not_judged")
			require.NoError(t, err)
			n := int64(0)
			for _, p := range metric.Data.(metricdata.Sum[int64]).DataPoints {
				if v, _ := p.Attributes.Value("reason"); v.AsString() == string(c.want) {
					n += p.Value
				}
			}
			require.EqualValues(t, 2, n)
			require.Empty(t, d.keys(sessionPrefix))
			require.NoError(t, b.Shutdown(context.Background()))
		})
	}
}

// written is a store that keeps the keys of each write.
type written struct{ keys [][]string }

func (*written) Get(string) ([]byte, error)      { return nil, nil }
func (*written) Walk(func(string, []byte)) error { return nil }

func (w *written) Write(set map[string][]byte, _ []string) error {
	w.keys = append(w.keys, slices.Sorted(maps.Keys(set)))
	return nil
}

// TestSessionsAreStoredInTurns: where more changes than may be written at once, what changed first comes first.
func TestSessionsAreStoredInTurns(t *testing.T) {
	store := &written{}
	s := newSessions(SessionsConfig{Max: 10}, store, func(*session) (float64, bool) { return 1, true })
	var want []string
	for i, id := range []string{"c", "a", "d", "b"} {
		of := &session{ID: []byte(id), Conversation: &judge.Conversation{}, changed: time.Unix(int64(i+1), 0)}
		s.open[id] = of
		want = append(want, of.key())
	}
	failed := func(err error) { t.Error(err) }
	s.storeAll(1, failed)
	s.storeAll(1, failed)
	s.storeAll(0, failed)
	s.storeAll(0, failed)
	slices.Sort(want[2:])
	require.Equal(t, [][]string{want[:1], want[1:2], want[2:]}, store.keys)
}
