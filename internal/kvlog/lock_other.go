//go:build !unix

package kvlog

import "os"

// lock does nothing where folders cannot be locked.
func lock(string) (*os.File, error) { return nil, nil }

// syncDir does nothing where folders cannot be synced.
func syncDir(string) error { return nil }
