package llmstorageextension

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// BenchmarkBatch compares llm_storage with file_storage: a queue that takes in and gives out items of 300 KB, and a
// checkpoint of 500 keys of 500 bytes.
func BenchmarkBatch(b *testing.B) {
	for _, factory := range []extension.Factory{NewFactory(), filestorage.NewFactory()} {
		for name, run := range map[string]func(*testing.B, storage.Client){
			"queue": benchQueue, "checkpoint": benchCheckpoint,
		} {
			b.Run(factory.Type().String()+"/"+name, func(b *testing.B) {
				config := factory.CreateDefaultConfig()
				switch c := config.(type) {
				case *Config:
					c.Directory = b.TempDir()
				case *filestorage.Config:
					c.Directory = b.TempDir()
				}
				e, err := factory.Create(b.Context(), extensiontest.NewNopSettings(factory.Type()), config)
				require.NoError(b, err)
				require.NoError(b, e.Start(b.Context(), componenttest.NewNopHost()))
				c, err := e.(storage.Extension).GetClient(b.Context(), component.KindExporter, component.MustNewID("otlp"), "")
				require.NoError(b, err)
				b.ReportAllocs()
				b.ResetTimer()
				run(b, c)
				b.StopTimer()
				require.NoError(b, c.Close(b.Context()))
				require.NoError(b, e.Shutdown(b.Context()))
			})
		}
	}
}

func benchQueue(b *testing.B, c storage.Client) {
	b.Helper()
	item, meta := bytes.Repeat([]byte("0123456789"), 30_000), make([]byte, 60)
	b.SetBytes(int64(len(item)))
	const waiting = 10
	for i := range b.N {
		require.NoError(b, c.Batch(b.Context(), storage.SetOperation("meta", meta),
			storage.SetOperation(fmt.Sprint(i), item)))
		if i < waiting {
			continue
		}
		read := storage.GetOperation(fmt.Sprint(i - waiting))
		require.NoError(b, c.Batch(b.Context(), storage.SetOperation("meta", meta), read))
		require.Len(b, read.Value, len(item))
		require.NoError(b, c.Batch(b.Context(), storage.SetOperation("meta", meta), storage.DeleteOperation(read.Key)))
	}
}

func benchCheckpoint(b *testing.B, c storage.Client) {
	b.Helper()
	var ops []*storage.Operation
	for i := range 500 {
		ops = append(ops, storage.SetOperation(fmt.Sprintf("session/%d", i), make([]byte, 500)))
	}
	for b.Loop() {
		require.NoError(b, c.Batch(b.Context(), ops...))
	}
}
