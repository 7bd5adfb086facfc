// Package llmmetricsconnector counts LLM traffic on all spans: requests, failures, tokens, latency, cost and scores, as
// cumulative metrics.
package llmmetricsconnector
