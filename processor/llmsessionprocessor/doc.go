// Package llmsessionprocessor follows conversations across their spans: how far they have come, what they cost, and
// when an agent is in a loop.
package llmsessionprocessor
