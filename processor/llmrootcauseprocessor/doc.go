// Package llmrootcauseprocessor finds the root cause of the failures of a whole trace.
package llmrootcauseprocessor
