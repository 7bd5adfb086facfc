package jsonschema

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"
	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Cache keeps what was made of texts that come again and again (schemas, tool definitions), by their content, bounded by
// number and by bytes. Failures are kept as well. It is safe for concurrent use.
type Cache[T any] struct {
	build func(text string) (value T, size int)

	// last is what was asked for last: an agent asks with the same text, in the same memory, again and again.
	last atomic.Pointer[entry[T]]

	mu    sync.Mutex // guards what follows
	lru   *simplelru.LRU[uint64, *entry[T]]
	bytes int
}

type entry[T any] struct {
	text  string
	value T
	bytes int
}

// Bounds of a cache.
const (
	maxEntries    = 1024
	maxCacheBytes = 32 << 20
)

// NewCache makes a cache in front of a function, which tells besides the value how many bytes it keeps.
func NewCache[T any](build func(text string) (value T, size int)) *Cache[T] {
	c := &Cache[T]{build: build}
	// The only error is a size below 1.
	c.lru, _ = simplelru.NewLRU(maxEntries, func(_ uint64, e *entry[T]) { c.bytes -= e.bytes })
	return c
}

// Get returns what was made of the text, making it where it is not kept. Two callers may make it at the same time.
func (c *Cache[T]) Get(text string) T {
	if e := c.last.Load(); e != nil && e.text == text {
		return e.value
	}
	hash := xxhash.Sum64String(text)
	c.mu.Lock()
	e, ok := c.lru.Get(hash)
	c.mu.Unlock()
	if ok && e.text == text {
		c.last.Store(e)
		return e.value
	}
	return c.add(hash, text)
}

func (c *Cache[T]) add(hash uint64, text string) T {
	// The text is copied: a kept string must not hold on to the memory of a whole request.
	text = strings.Clone(text)
	value, size := c.build(text)
	e := &entry[T]{text: text, value: value, bytes: len(text) + size}
	if e.bytes > maxCacheBytes {
		return value
	}
	c.last.Store(e)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lru.Remove(hash) // made by another caller meanwhile, or another text of the same hash
	c.lru.Add(hash, e)
	c.bytes += e.bytes
	for c.bytes > maxCacheBytes {
		c.lru.RemoveOldest()
	}
	return value
}
