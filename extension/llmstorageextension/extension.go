package llmstorageextension

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/faultline-otel/faultline/extension/llmstorageextension/internal/metadata"
	"github.com/faultline-otel/faultline/internal/kvlog"
)

// storageExtension gives each component a log in a folder of its own.
type storageExtension struct {
	config    *Config
	logger    *zap.Logger
	telemetry *metadata.TelemetryBuilder

	mu      sync.Mutex
	clients map[string]*client // by name
}

var _ storage.Extension = (*storageExtension)(nil)

func newStorage(settings component.TelemetrySettings, config *Config) (*storageExtension, error) {
	telemetry, err := metadata.NewTelemetryBuilder(settings)
	if err != nil {
		return nil, err
	}
	s := &storageExtension{
		config: config, logger: settings.Logger, telemetry: telemetry, clients: map[string]*client{},
	}
	files, live := func(n kvlog.Size) int64 { return n.Files }, func(n kvlog.Size) int64 { return n.Live }
	return s, errors.Join(
		telemetry.RegisterLlmStorageBytesCallback(s.observe(files)),
		telemetry.RegisterLlmStorageLiveBytesCallback(s.observe(live)),
	)
}

// observe returns a callback that observes a size of all clients.
func (s *storageExtension) observe(size func(kvlog.Size) int64) metric.Int64Callback {
	return func(_ context.Context, observer metric.Int64Observer) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, c := range s.clients {
			observer.Observe(size(c.log.Size()), c.attributes)
		}
		return nil
	}
}

// Start makes sure that the folder is there.
func (s *storageExtension) Start(context.Context, component.Host) error {
	info, err := os.Stat(s.config.Directory)
	switch {
	case err == nil && !info.IsDir():
		return fmt.Errorf("directory: %s is not a folder", s.config.Directory)
	case errors.Is(err, fs.ErrNotExist) && s.config.CreateDirectory:
		err = os.MkdirAll(s.config.Directory, 0o700)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("directory: there is no folder %s; create_directory: true creates it", s.config.Directory)
	}
	if err != nil {
		return fmt.Errorf("directory: %w", err)
	}
	return nil
}

// Shutdown closes what components have left open.
func (s *storageExtension) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	open := make([]*client, 0, len(s.clients))
	for _, c := range s.clients {
		open = append(open, c)
	}
	s.mu.Unlock()
	var errs []error
	for _, c := range open {
		errs = append(errs, c.Close(ctx))
	}
	s.telemetry.Shutdown()
	return errors.Join(errs...)
}

// GetClient opens the log of a component.
func (s *storageExtension) GetClient(
	ctx context.Context, kind component.Kind, id component.ID, name string,
) (storage.Client, error) {
	full := strings.ToLower(kind.String()) + "_" + id.Type().String() + "_" + id.Name()
	if name != "" {
		full += "_" + name
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.clients[full] != nil {
		return nil, fmt.Errorf("%s is open already: a component opens its storage once for each name", full)
	}
	c := &client{
		extension: s, name: full,
		attributes: metric.WithAttributeSet(attribute.NewSet(attribute.String("client", full))),
	}
	t := s.telemetry
	for _, counter := range []metric.Int64Counter{
		t.LlmStorageDamagedRecords, t.LlmStorageCutRecords, t.LlmStorageQuarantinedFiles, t.LlmStorageRewrittenFiles,
		t.LlmStorageFailures,
	} {
		counter.Add(ctx, 0, c.attributes)
	}
	var err error
	c.log, err = kvlog.Open(filepath.Join(s.config.Directory, folder(full)), kvlog.Options{
		Sync: s.config.FSync, MaxSize: s.config.MaxSize, Report: c.report,
	})
	if err != nil {
		return nil, err
	}
	s.clients[full] = c
	return c, nil
}

// report counts and logs what happened to a file.
func (c *client) report(e kvlog.Event) {
	ctx, t := context.Background(), c.extension.telemetry
	fields := []zap.Field{zap.String("client", c.name), zap.String("file", e.Path)}
	if e.Kept != "" {
		t.LlmStorageQuarantinedFiles.Add(ctx, 1, c.attributes)
		fields = append(fields, zap.String("kept_as", e.Kept))
	}
	if e.Lost > 0 {
		t.LlmStorageDamagedRecords.Add(ctx, int64(e.Lost), c.attributes)
		fields = append(fields, zap.Int("records_lost", e.Lost))
	}
	if e.Cut > 0 {
		t.LlmStorageCutRecords.Add(ctx, 1, c.attributes)
		fields = append(fields, zap.Int("bytes_cut", e.Cut))
	}
	if e.Err != nil {
		fields = append(fields, zap.Error(e.Err))
	}
	switch {
	case e.Rewritten:
		t.LlmStorageRewrittenFiles.Add(ctx, 1, c.attributes)
		c.extension.logger.Error("A storage file had vanished or was replaced; wrote it again", fields...)
	case e.Kept == "" && e.Lost == 0 && e.Err == nil:
		c.extension.logger.Warn("Cut an incomplete record from the end of a storage file", fields...)
	default:
		c.extension.logger.Error("A storage file was damaged; continuing with what is intact", fields...)
	}
}
