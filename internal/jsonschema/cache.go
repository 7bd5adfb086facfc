package jsonschema

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"
	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Cache keeps values made from texts that recur, such as schemas and tool definitions, by content. Number and bytes are
// bounded. It keeps failures too. It is safe for concurrent use.
type Cache[T any] struct {
	build func(text string) (value T, size int)

	// last is the last entry used: an agent sends the same text, in the same memory, again and again.
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

// NewCache makes a cache in front of a function, which also returns how many bytes its value keeps.
func NewCache[T any](build func(text string) (value T, size int)) *Cache[T] {
	c := &Cache[T]{build: build}
	// The only error is a size below 1.
	c.lru, _ = simplelru.NewLRU(maxEntries, func(_ uint64, e *entry[T]) { c.bytes -= e.bytes })
	return c
}

// Get returns the value of a text, and makes it if it is not cached. Two callers may make it at the same time.
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
	// The text is copied, because a kept string must not keep a whole request alive.
	text = strings.Clone(text)
	value, size := c.build(text)
	e := &entry[T]{text: text, value: value, bytes: len(text) + size}
	if e.bytes > maxCacheBytes {
		return value
	}
	c.last.Store(e)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lru.Remove(hash) // another caller made it meanwhile, or it is another text with the same hash
	c.lru.Add(hash, e)
	c.bytes += e.bytes
	for c.bytes > maxCacheBytes {
		c.lru.RemoveOldest()
	}
	return value
}
