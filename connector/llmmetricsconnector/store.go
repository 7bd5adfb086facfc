package llmmetricsconnector

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// store is a storage extension as a meter.Store.
type store struct{ client storage.Client }

func openStore(ctx context.Context, host component.Host, id, owner component.ID) (*store, error) {
	extension, ok := host.GetExtensions()[id]
	if !ok {
		return nil, fmt.Errorf("storage: the extension %q is not there; it must be listed under service::extensions", id)
	}
	s, ok := extension.(storage.Extension)
	if !ok {
		return nil, fmt.Errorf("storage: the extension %q is no storage, like file_storage", id)
	}
	client, err := s.GetClient(ctx, component.KindConnector, owner, "")
	if err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	return &store{client}, nil
}

// Get reads one value.
func (s *store) Get(key string) ([]byte, error) { return s.client.Get(context.Background(), key) }

// Write writes and deletes in one batch.
func (s *store) Write(set map[string][]byte, remove []string) error {
	operations := make([]*storage.Operation, 0, len(set)+len(remove))
	for key, value := range set {
		operations = append(operations, storage.SetOperation(key, value))
	}
	for _, key := range remove {
		operations = append(operations, storage.DeleteOperation(key))
	}
	return s.client.Batch(context.Background(), operations...)
}

func (s *store) close(ctx context.Context) error { return s.client.Close(ctx) }
