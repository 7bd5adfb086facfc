// Package llmreviewextension owns the review queue: it keeps the store open, and serves the page and the API over it.
package llmreviewextension

//go:generate ../../bin/mdatagen metadata.yaml
