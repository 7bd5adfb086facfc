// Package llmreviewexporter puts flagged traces into the review queue that the llm_review extension owns.
package llmreviewexporter

//go:generate ../../bin/mdatagen metadata.yaml
