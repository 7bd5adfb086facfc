// Package llmjournalprocessor keeps failing spans on disk while tail_sampling holds their traces in memory.
package llmjournalprocessor
