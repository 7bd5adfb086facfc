// Package llmmetricsconnector counts LLM traffic: requests, failures, tokens, latency, cost and scores, on all spans that
// come by, as cumulative metrics.
package llmmetricsconnector
