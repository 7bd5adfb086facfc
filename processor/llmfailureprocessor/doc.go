// Package llmfailureprocessor reads LLM spans of any dialect, scores them, and writes on each span what failed and why.
package llmfailureprocessor
