package jsonschema

import (
	"sync"

	"github.com/cespare/xxhash/v2"
	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Cache keeps what was made of texts that come again and again (schemas, tool definitions), by a hash of their content,
// bounded by number and by bytes of the texts. Failures are kept as well. It is safe for concurrent use.
type Cache[T any] struct {
	build func(text string) T

	mu    sync.Mutex // guards what follows
	lru   *simplelru.LRU[key, entry[T]]
	bytes int
}

// key is a hash and the length: with 64 bits and the few thousand entries that are kept, a collision is not to be
// expected, and would mix up two schemas of one length.
type key struct {
	hash   uint64
	length int
}

type entry[T any] struct {
	value T
	bytes int
}

// Bounds of a cache.
const (
	maxEntries    = 1024
	maxCacheBytes = 16 << 20
)

// NewCache makes a cache in front of a function.
func NewCache[T any](build func(text string) T) *Cache[T] {
	c := &Cache[T]{build: build}
	// The only error is a size below 1.
	c.lru, _ = simplelru.NewLRU(maxEntries, func(_ key, e entry[T]) { c.bytes -= e.bytes })
	return c
}

// Get returns what was made of the text, making it where it is not kept. Two callers may make it at the same time.
func (c *Cache[T]) Get(text string) T {
	k := key{xxhash.Sum64String(text), len(text)}
	c.mu.Lock()
	e, ok := c.lru.Get(k)
	c.mu.Unlock()
	if ok {
		return e.value
	}
	e = entry[T]{value: c.build(text), bytes: len(text)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.lru.Contains(k) {
		c.lru.Add(k, e)
		c.bytes += e.bytes
		for c.bytes > maxCacheBytes {
			c.lru.RemoveOldest()
		}
	}
	return e.value
}
