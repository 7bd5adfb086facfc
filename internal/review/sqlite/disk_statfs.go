//go:build linux || darwin || freebsd

package sqlite

import "golang.org/x/sys/unix"

// statFree returns the bytes on the disk of a folder that this process may use.
func statFree(dir string) (free uint64, known bool) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return uint64(s.Bavail) * uint64(s.Bsize), true //nolint:unconvert // the types differ between systems
}
