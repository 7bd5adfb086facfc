// Package llmfailureprocessor reads LLM spans of any dialect, scores them, and writes on each what failed and why.
package llmfailureprocessor
