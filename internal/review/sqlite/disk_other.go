//go:build !linux && !darwin && !freebsd

package sqlite

// statFree does not know the free space of other systems.
func statFree(string) (free uint64, known bool) { return 0, false }
