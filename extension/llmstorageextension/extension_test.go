package llmstorageextension

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	ours "github.com/faultline-otel/faultline/internal/componenttest"
)

// fixture is a started extension with its log and its metrics.
type fixture struct {
	*storageExtension
	logs      *observer.ObservedLogs
	telemetry *componenttest.Telemetry
}

func started(t *testing.T, dir string, change func(*Config)) fixture {
	t.Helper()
	config := createDefaultConfig().(*Config)
	config.Directory = dir
	if change != nil {
		change(config)
	}
	require.NoError(t, config.Validate())
	telemetry := componenttest.NewTelemetry()
	settings := telemetry.NewTelemetrySettings()
	core, logs := observer.New(zap.InfoLevel)
	settings.Logger = zap.New(core)
	e, err := newStorage(settings, config)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() {
		require.NoError(t, e.Shutdown(context.Background()))
		require.NoError(t, telemetry.Shutdown(context.Background()))
	})
	return fixture{e, logs, telemetry}
}

func (f fixture) open(t *testing.T, name string) storage.Client {
	t.Helper()
	c, err := f.GetClient(t.Context(), component.KindExporter, component.MustNewIDWithName("otlp", "a/b"), name)
	require.NoError(t, err)
	return c
}

// metric returns the sum of a metric over all clients.
func (f fixture) metric(t *testing.T, name string) int64 {
	t.Helper()
	m, err := f.telemetry.GetMetric(name)
	require.NoError(t, err)
	var points []metricdata.DataPoint[int64]
	switch data := m.Data.(type) {
	case metricdata.Sum[int64]:
		points = data.DataPoints
	case metricdata.Gauge[int64]:
		points = data.DataPoints
	}
	require.NotEmpty(t, points)
	var sum int64
	for _, p := range points {
		sum += p.Value
	}
	return sum
}

func (f fixture) extensions() map[component.ID]component.Component {
	return map[component.ID]component.Component{component.MustNewID("llm_storage"): f.storageExtension}
}

type host map[component.ID]component.Component

func (h host) GetExtensions() map[component.ID]component.Component { return h }

func TestClient(t *testing.T) {
	ctx := t.Context()
	dir := filepath.Join(t.TempDir(), "new")
	f := started(t, dir, nil)
	c := f.open(t, "traces")
	require.NoError(t, c.Set(ctx, "a", []byte("1")))
	require.NoError(t, c.Set(ctx, "empty", nil))
	require.NoError(t, c.Delete(ctx, "never was"))
	before, after, none := storage.GetOperation("a"), storage.GetOperation("a"), storage.GetOperation("b")
	require.NoError(t, c.Batch(ctx, before, storage.SetOperation("a", []byte("2")), after,
		storage.DeleteOperation("b"), none))
	require.Equal(t, "1", string(before.Value))
	require.Equal(t, "2", string(after.Value))
	require.Nil(t, none.Value)
	require.Error(t, c.Batch(ctx, storage.SetOperation("a", []byte("3")), &storage.Operation{Type: 9}))
	value, err := c.Get(ctx, "a")
	require.NoError(t, err)
	require.Equal(t, "2", string(value), "a batch is done whole or not at all")
	value, err = c.Get(ctx, "empty")
	require.NoError(t, err)
	require.NotNil(t, value)
	require.EqualValues(t, 1, f.metric(t, "otelcol_llm_storage_failures"))
	require.Positive(t, f.metric(t, "otelcol_llm_storage_bytes"))
	require.Positive(t, f.metric(t, "otelcol_llm_storage_live_bytes"))

	_, err = f.GetClient(ctx, component.KindExporter, component.MustNewIDWithName("otlp", "a/b"), "traces")
	require.ErrorContains(t, err, "exporter_otlp_a/b_traces is open already")
	other := started(t, dir, nil)
	_, err = other.GetClient(ctx, component.KindExporter, component.MustNewIDWithName("otlp", "a/b"), "traces")
	require.ErrorContains(t, err, "already open, in this process or in another one: "+dir)
	value, err = f.open(t, "logs").Get(ctx, "a")
	require.NoError(t, err)
	require.Nil(t, value, "each name has its own keys")

	require.NoError(t, c.Close(ctx))
	value, err = f.open(t, "traces").Get(ctx, "a")
	require.NoError(t, err)
	require.Equal(t, "2", string(value))
	require.Empty(t, f.logs.All())
}

func TestWalk(t *testing.T) {
	ctx := t.Context()
	c := started(t, t.TempDir(), nil).open(t, "").(interface {
		storage.Client
		storage.Walker
	})
	for i := range 10 {
		require.NoError(t, c.Set(ctx, fmt.Sprint(i), []byte{byte(i)}))
	}
	seen := 0
	require.NoError(t, c.Walk(ctx, func(key string, value []byte) ([]*storage.Operation, error) {
		require.Equal(t, key, fmt.Sprint(value[0]))
		if seen++; seen == 5 {
			return []*storage.Operation{storage.DeleteOperation(key)}, storage.SkipAll
		}
		return []*storage.Operation{storage.DeleteOperation(key)}, nil
	}))
	require.Equal(t, 5, seen)
	seen = 0
	failed := errors.New("failed")
	require.ErrorIs(t, c.Walk(ctx, func(key string, _ []byte) ([]*storage.Operation, error) {
		if seen++; seen == 5 {
			return nil, failed
		}
		return []*storage.Operation{storage.DeleteOperation(key)}, nil
	}), failed)
	require.Equal(t, 5, seen, "five are left, and a walk that fails deletes none of them")
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, c.Walk(canceled, nil), context.Canceled)
}

func TestSizeIsBounded(t *testing.T) {
	f := started(t, t.TempDir(), func(c *Config) { c.MaxSize = 1000 })
	require.ErrorIs(t, f.open(t, "").Set(t.Context(), "a", make([]byte, 2000)), storage.ErrStorageFull)
	require.EqualValues(t, 1, f.metric(t, "otelcol_llm_storage_failures"))
}

func TestWhatCannotWorkStopsTheStart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for want, config := range map[string]*Config{
		"directory: " + file + " is not a folder":       {Directory: file, CreateDirectory: true},
		"directory: there is no folder " + file + "2; ": {Directory: file + "2"},
		"directory: stat " + file + "/sub: ":            {Directory: file + "/sub", CreateDirectory: true},
	} {
		e, err := newStorage(componenttest.NewNopTelemetrySettings(), config)
		require.NoError(t, err)
		require.ErrorContains(t, e.Start(t.Context(), componenttest.NewNopHost()), want)
		require.NoError(t, e.Shutdown(t.Context()))
	}
	err := (&Config{MaxSize: -1}).Validate()
	require.ErrorContains(t, err, `directory must name a folder, got ""`)
	require.ErrorContains(t, err, "max_size must not be negative, got -1")
}

func TestNamesOfFolders(t *testing.T) {
	for name, want := range map[string]string{
		"exporter_otlp_a_traces": "exporter_otlp_a_traces.kvlog", "a/../b~": "a~002F..~002Fb~007E.kvlog",
	} {
		require.Equal(t, want, folder(name))
	}
	require.Len(t, folder(strings.Repeat("a", 300)), 64+len(suffix))
	require.NotEqual(t, folder(strings.Repeat("a", 300)), folder(strings.Repeat("a", 301)))
}

// files returns the files of the only client.
func files(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*", "*.log"))
	require.NoError(t, err)
	return all
}

// span returns a trace whose span has a name of 20 KB.
func span(i int) ptrace.Traces {
	td := ptrace.NewTraces()
	s := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	s.SetName(fmt.Sprint(i, " ", strings.Repeat("x", 20<<10)))
	return td
}

// TestADamagedItemDoesNotStopAQueue fills an exporter's queue, damages one of its items, at the start or while it runs,
// and lets the exporter deliver. All other items must arrive.
func TestADamagedItemDoesNotStopAQueue(t *testing.T) {
	for _, running := range []bool{false, true} {
		t.Run(fmt.Sprint("running ", running), func(t *testing.T) {
			dir := t.TempDir()
			var up atomic.Bool
			arrived := make(chan string, 100)
			newExporter := func(f fixture) component.Component {
				queue := exporterhelper.NewDefaultQueueConfig()
				id := component.MustNewID("llm_storage")
				queue.StorageID, queue.NumConsumers, queue.Batch = &id, 1, configoptional.None[exporterhelper.BatchConfig]()
				settings := exportertest.NewNopSettings(component.MustNewType("test"))
				settings.ID = component.MustNewID("test") // the name of its folder
				retry := configretry.NewDefaultBackOffConfig()
				retry.InitialInterval, retry.MaxInterval = 10*time.Millisecond, 20*time.Millisecond
				e, err := exporterhelper.NewTraces(t.Context(), settings,
					struct{}{}, func(_ context.Context, td ptrace.Traces) error {
						if !up.Load() {
							return errors.New("the backend is down")
						}
						if td.SpanCount() > 0 {
							name, _, _ := strings.Cut(
								td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Name(), " ")
							arrived <- name
						}
						return nil
					}, exporterhelper.WithQueue(configoptional.Some(queue)), exporterhelper.WithRetry(retry))
				require.NoError(t, err)
				require.NoError(t, e.Start(t.Context(), host(f.extensions())))
				return e
			}
			f := started(t, dir, nil)
			e := newExporter(f)
			for i := range 10 {
				require.NoError(t, e.(consumer.Traces).ConsumeTraces(t.Context(), span(i)))
			}
			damage := func() {
				require.Len(t, files(t, dir), 1)
				b, err := os.ReadFile(files(t, dir)[0])
				require.NoError(t, err)
				at := strings.Index(string(b), "5 xxx")
				require.Positive(t, at)
				file, err := os.OpenFile(files(t, dir)[0], os.O_RDWR, 0)
				require.NoError(t, err)
				_, err = file.WriteAt([]byte("damage"), int64(at)+1000)
				require.NoError(t, err)
				require.NoError(t, file.Close())
			}
			if running {
				damage()
			} else {
				require.NoError(t, e.Shutdown(t.Context()))
				require.NoError(t, f.Shutdown(t.Context()))
				damage()
				f = started(t, dir, nil)
				e = newExporter(f)
			}
			up.Store(true)
			got := map[string]bool{}
			for len(got) < 9 {
				select {
				case name := <-arrived:
					got[name] = true
				case <-time.After(20 * time.Second):
					t.Fatalf("only %v arrived", got)
				}
			}
			require.NotContains(t, got, "5")
			require.EqualValues(t, 1, f.metric(t, "otelcol_llm_storage_damaged_records"))
			require.EqualValues(t, 1, f.metric(t, "otelcol_llm_storage_quarantined_files"))
			require.Equal(t, 1, f.logs.FilterMessageSnippet("was damaged").Len())
			require.NoError(t, e.Shutdown(t.Context()))
		})
	}
}

func TestAFolderThatVanishesIsReported(t *testing.T) {
	dir := t.TempDir()
	f := started(t, dir, nil)
	c := f.open(t, "")
	require.NoError(t, c.Set(t.Context(), "a", []byte("1")))
	require.NoError(t, os.RemoveAll(dir))
	require.NoError(t, c.Set(t.Context(), "b", []byte("2")))
	require.EqualValues(t, 1, f.metric(t, "otelcol_llm_storage_rewritten_files"))
	require.Equal(t, 1, f.logs.FilterMessageSnippet("had vanished").Len())
	require.NoError(t, c.Close(t.Context()))
	c = f.open(t, "")
	for key, want := range map[string]string{"a": "1", "b": "2"} {
		value, err := c.Get(t.Context(), key)
		require.NoError(t, err)
		require.Equal(t, want, string(value))
	}
}

func TestConfigurationInTheReadmeIsValid(t *testing.T) {
	ours.README(t, NewFactory(), "README.md")
}
