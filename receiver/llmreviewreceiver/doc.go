// Package llmreviewreceiver emits what people say on the review page as evaluations of the original spans.
package llmreviewreceiver

//go:generate ../../bin/mdatagen metadata.yaml
