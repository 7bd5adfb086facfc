//go:build unix

package runner

import (
	"os/exec"
	"syscall"
)

// ownGroup makes the command the head of a process group that ends with it: a shell alone would leave its children.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
