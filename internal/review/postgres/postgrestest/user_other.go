//go:build !linux

package postgrestest

import "syscall"

// servant returns nil for the user of the test.
func servant() (*serverUser, error) { return nil, nil }

func attributes(*serverUser) *syscall.SysProcAttr { return nil }
