package postgrestest

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// CPU returns the processor time of the server since its start, where /proc tells it, else 0.
func (s *Server) CPU(tb testing.TB) (spent time.Duration) {
	tb.Helper()
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	server := strconv.Itoa(s.process.Process.Pid)
	for _, stat := range stats {
		text, err := os.ReadFile(stat)
		if err != nil {
			continue // it ended
		}
		pid, rest, _ := strings.Cut(string(text), " (")
		fields := strings.Fields(rest[strings.LastIndexByte(rest, ')')+1:]) // a name may hold anything
		const parent, own, ended = 1, 11, 13                                // user and system time, of itself and of children
		switch {
		case pid == server:
			spent += ticks(fields[own:ended]) + ticks(fields[ended:ended+2])
		case fields[parent] == server:
			spent += ticks(fields[own:ended])
		}
	}
	return spent
}

// ticks sums up times of /proc, in hundredths of a second.
func ticks(fields []string) (sum time.Duration) {
	for _, f := range fields {
		n, _ := strconv.Atoi(f) // the kernel writes numbers
		sum += time.Duration(n) * 10 * time.Millisecond
	}
	return sum
}
