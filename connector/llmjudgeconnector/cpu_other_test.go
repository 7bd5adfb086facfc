//go:build !linux

package llmjudgeconnector

import "time"

var process = time.Now()

// threadTime is the time that passes, where the CPU time of a thread is not known.
func threadTime() time.Duration { return time.Since(process) }
