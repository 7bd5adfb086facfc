// Package llmstorageextension stores what components must not lose in files that survive damage.
package llmstorageextension
