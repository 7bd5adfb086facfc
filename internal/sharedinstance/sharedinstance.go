// Package sharedinstance lets all pipelines that name the same component share one instance of it. The Collector
// creates a component once per pipeline and signal, with the same configuration each time.
package sharedinstance

import (
	"sync"

	"go.opentelemetry.io/collector/component"
)

// Set holds one instance for each configuration in use. The zero value is empty and ready.
type Set[T any] struct {
	mu        sync.Mutex
	instances map[component.Config]*Instance[T] // guarded by mu
}

// Instance is a shared value with the number of its users.
type Instance[T any] struct {
	Value T

	set    *Set[T]
	config component.Config
	users  int // guarded by set.mu
}

// Acquire returns the instance of a configuration and counts one more user. The first call for a configuration makes
// the value. Configurations are compared as interfaces: the Collector passes a pointer.
func (s *Set[T]) Acquire(config component.Config, build func() (T, error)) (*Instance[T], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.instances[config]
	if !ok {
		value, err := build()
		if err != nil {
			return nil, err
		}
		i = &Instance[T]{Value: value, set: s, config: config}
		if s.instances == nil {
			s.instances = map[component.Config]*Instance[T]{}
		}
		s.instances[config] = i
	}
	i.users++
	return i, nil
}

// Len returns the number of instances in use.
func (s *Set[T]) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.instances)
}

// Release counts one user less. The last user calls end, and the next Acquire makes a new instance: it waits until end
// has returned, because both may need the same file or port.
func (i *Instance[T]) Release(end func() error) error {
	i.set.mu.Lock()
	defer i.set.mu.Unlock()
	if i.users--; i.users != 0 {
		return nil
	}
	delete(i.set.instances, i.config)
	return end()
}
