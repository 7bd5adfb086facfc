// Package llmrootcauseprocessor finds what the failures of a whole trace began with.
package llmrootcauseprocessor
