package postgres

import "testing"

// SetBloat sets what the size of an index is allowed.
func SetBloat(t *testing.T, bytes int64) {
	t.Helper()
	before := bloat
	bloat = bytes
	t.Cleanup(func() { bloat = before })
}
