//go:build !unix

package runner

import "os/exec"

// ownGroup does nothing where there are no process groups. The command itself is still killed.
func ownGroup(*exec.Cmd) {}
