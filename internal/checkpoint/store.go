// Package checkpoint keeps what a component remembers over a restart, in a storage extension of the Collector.
package checkpoint

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// Store is the part of a storage extension that belongs to one component.
type Store struct{ client storage.Client }

// Open asks a storage extension for what belongs to a component.
func Open(ctx context.Context, host component.Host, id component.ID, kind component.Kind, owner component.ID) (*Store, error) {
	extension, ok := host.GetExtensions()[id]
	if !ok {
		return nil, fmt.Errorf("storage: the extension %q is not there; it must be listed under service::extensions", id)
	}
	from, ok := extension.(storage.Extension)
	if !ok {
		return nil, fmt.Errorf("storage: the extension %q is no storage, like file_storage", id)
	}
	client, err := from.GetClient(ctx, kind, owner, "")
	if err != nil {
		return nil, fmt.Errorf("storage: the extension %q does not open what it keeps of %s %q: %w", id, kind, owner, err)
	}
	return &Store{client}, nil
}

// Get reads one value, nil where there is none.
func (s *Store) Get(key string) ([]byte, error) {
	return s.client.Get(context.Background(), key)
}

// Write writes and deletes in one batch.
func (s *Store) Write(set map[string][]byte, remove []string) error {
	operations := make([]*storage.Operation, 0, len(set)+len(remove))
	for key, value := range set {
		operations = append(operations, storage.SetOperation(key, value))
	}
	for _, key := range remove {
		operations = append(operations, storage.DeleteOperation(key))
	}
	return s.client.Batch(context.Background(), operations...)
}

// Close gives the extension back what it is held by.
func (s *Store) Close(ctx context.Context) error { return s.client.Close(ctx) }
