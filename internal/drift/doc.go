// Package drift is the arithmetic that tells a lasting fall of scores from noise, and a rise of cost from the usual. It has no clock and
// knows no telemetry: what it is given is counts and sums, and when they were.
//
// Score series are judged by two sums that run in opposite directions of hope (Series): each takes what is missing against the usual
// mean, less a slack, and never falls under zero. Their parameters are Slow and Fast and the constants beside them, of which the recording
// rules for Prometheus are made too; so are those of Cost. docs/drift.md says what can be found in how much time.
package drift
