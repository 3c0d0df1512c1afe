//go:build unix

package proc

import (
	"os/exec"
	"syscall"
)

// apart keeps a terminal's Ctrl-C from cmd: it ends when we end it.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
