// Package llmreviewexporter decides which traces people review, and puts them with what others said of them into the
// review queue that the llm_review extension owns.
package llmreviewexporter

//go:generate ../../bin/mdatagen metadata.yaml
