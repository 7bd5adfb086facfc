// Package llmreviewextension owns the review queue: it opens the store, and serves the review page and its API.
package llmreviewextension

//go:generate ../../bin/mdatagen metadata.yaml
