package llmstorageextension

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/otel/metric"

	"github.com/faultline-otel/faultline/internal/kvlog"
)

// client is the storage of one component.
type client struct {
	extension  *storageExtension
	name       string
	attributes metric.MeasurementOption
	log        *kvlog.Log

	mu sync.Mutex // makes a batch with its reads, and a walk, atomic
}

var (
	_ storage.Client = (*client)(nil)
	_ storage.Walker = (*client)(nil)
)

// Get returns the value of a key, or nil if the key is unknown or its value was damaged.
func (c *client) Get(ctx context.Context, key string) ([]byte, error) {
	op := storage.GetOperation(key)
	err := c.Batch(ctx, op)
	return op.Value, err
}

// Set stores a value.
func (c *client) Set(ctx context.Context, key string, value []byte) error {
	return c.Batch(ctx, storage.SetOperation(key, value))
}

// Delete removes a key.
func (c *client) Delete(ctx context.Context, key string) error {
	return c.Batch(ctx, storage.DeleteOperation(key))
}

// Batch does operations in order. It writes all that the batch sets and deletes, or nothing.
func (c *client) Batch(ctx context.Context, ops ...*storage.Operation) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.batch(ctx, ops)
}

func (c *client) batch(ctx context.Context, ops []*storage.Operation) error {
	writes := make([]kvlog.Operation, 0, len(ops))
	var errs []error
	for _, op := range ops {
		switch op.Type {
		case storage.Get:
			var err error
			op.Value, err = c.get(op.Key, writes)
			errs = append(errs, err)
		case storage.Set:
			writes = append(writes, kvlog.Operation{Key: op.Key, Value: op.Value})
		case storage.Delete:
			writes = append(writes, kvlog.Operation{Key: op.Key, Delete: true})
		default:
			errs = append(errs, fmt.Errorf("unknown operation %d on %q", op.Type, op.Key))
		}
	}
	err := errors.Join(errs...)
	if err == nil {
		err = c.log.Write(writes...)
	}
	if err != nil {
		c.extension.telemetry.LlmStorageFailures.Add(ctx, 1, c.attributes)
	}
	if errors.Is(err, kvlog.ErrFull) {
		err = fmt.Errorf("%w: %w", storage.ErrStorageFull, err)
	}
	return err
}

// get returns the value of a key after some writes of the same batch.
func (c *client) get(key string, writes []kvlog.Operation) ([]byte, error) {
	for _, w := range slices.Backward(writes) {
		if w.Key == key {
			return w.Value, nil
		}
	}
	return c.log.Get(key)
}

// Walk calls a function for each key, and then does the operations that it returned. The function must not use the
// client.
func (c *client) Walk(ctx context.Context, visit storage.WalkFunc) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []*storage.Operation
	for _, key := range c.log.Keys() {
		if err := ctx.Err(); err != nil {
			return err
		}
		value, err := c.log.Get(key)
		if err != nil {
			return err
		}
		if value == nil { // damaged
			continue
		}
		ops, err := visit(key, value)
		if err != nil && !errors.Is(err, storage.SkipAll) {
			return err
		}
		all = append(all, ops...)
		if err != nil {
			break
		}
	}
	return c.batch(ctx, all)
}

// Close closes the log. The component can then open it again.
func (c *client) Close(context.Context) error {
	c.extension.mu.Lock()
	defer c.extension.mu.Unlock()
	if c.extension.clients[c.name] == c {
		delete(c.extension.clients, c.name)
	}
	return c.log.Close()
}

// maxName is the longest name of a folder that leaves room for the name of a damaged one.
const maxName = 200

// suffix keeps folders apart from the files of file_storage, which may be in the same directory.
const suffix = ".kvlog"

// folder returns the name of the folder of a component. Characters that are not safe in a path are escaped.
func folder(name string) string {
	var b strings.Builder
	for _, c := range name {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.ContainsRune("._-", c):
			b.WriteRune(c)
		default:
			fmt.Fprintf(&b, "~%04X", c)
		}
	}
	if b.Len() > maxName {
		sum := sha256.Sum256([]byte(name))
		return hex.EncodeToString(sum[:]) + suffix
	}
	return b.String() + suffix
}
