// Package storage keeps checkpoints in a storage extension of the Collector.
package storage

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/component"
	xstorage "go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/faultline-otel/faultline/internal/checkpoint"
)

// Store is the part of a storage extension that belongs to one component.
type Store struct{ client xstorage.Client }

var _ checkpoint.Store = (*Store)(nil)

// Open opens the part of a storage extension that belongs to a component.
func Open(
	ctx context.Context, host component.Host, id component.ID, kind component.Kind, owner component.ID,
) (*Store, error) {
	extension, ok := host.GetExtensions()[id]
	if !ok {
		return nil, fmt.Errorf("storage: extension %q not found; list it under service::extensions", id)
	}
	from, ok := extension.(xstorage.Extension)
	if !ok {
		return nil, fmt.Errorf("storage: extension %q is not a storage extension, such as llm_storage", id)
	}
	client, err := from.GetClient(ctx, kind, owner, "")
	if err != nil {
		return nil, fmt.Errorf("storage: extension %q could not open the data of %s %q: %w", id, kind, owner, err)
	}
	return &Store{client}, nil
}

// Get returns the value of a key, or nil if there is none.
func (s *Store) Get(key string) ([]byte, error) {
	return s.client.Get(context.Background(), key)
}

// Write sets and removes values in one batch.
func (s *Store) Write(set map[string][]byte, remove []string) error {
	operations := make([]*xstorage.Operation, 0, len(set)+len(remove))
	for key, value := range set {
		operations = append(operations, xstorage.SetOperation(key, value))
	}
	for _, key := range remove {
		operations = append(operations, xstorage.DeleteOperation(key))
	}
	return s.client.Batch(context.Background(), operations...)
}

// Walk calls each for every key and value. The value is valid during the call.
func (s *Store) Walk(each func(key string, value []byte)) error {
	walker, ok := s.client.(xstorage.Walker)
	if !ok {
		return errors.New("storage: the extension cannot list its keys; llm_storage can")
	}
	return walker.Walk(context.Background(), func(key string, value []byte) ([]*xstorage.Operation, error) {
		each(key, value)
		return nil, nil
	})
}

// Close releases the extension's client.
func (s *Store) Close(ctx context.Context) error { return s.client.Close(ctx) }
