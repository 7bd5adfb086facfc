// Package checkpoint defines where components keep what must outlive a restart.
package checkpoint

// Store keeps values by key. It belongs to one component, so keys need no prefix of their own.
type Store interface {
	// Get returns the value of a key, or nil if there is none.
	Get(key string) ([]byte, error)

	// Write sets and removes values in one atomic batch.
	Write(set map[string][]byte, remove []string) error
}
