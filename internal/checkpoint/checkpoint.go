// Package checkpoint defines where components keep what must outlive a restart.
package checkpoint

// Unreadable returns how many parts of a checkpoint an error of loading it names, and the first of them.
func Unreadable(err error) (int, error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		if parts := joined.Unwrap(); len(parts) > 0 {
			return len(parts), parts[0]
		}
	}
	return 1, err
}

// Store keeps values by key. It belongs to one component, so keys need no prefix of their own.
type Store interface {
	// Get returns the value of a key, or nil if the key is unknown.
	Get(key string) ([]byte, error)

	// Write sets and removes values in one atomic batch.
	Write(set map[string][]byte, remove []string) error
}
