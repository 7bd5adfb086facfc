// Package drift detects a lasting drop of scores in noise, and a rise of cost above usual. It has no clock and knows no
// telemetry: callers pass counts and sums, and their times.
//
// Series keeps two cumulative sums over the scores, a slow and a fast one. Each adds the shortfall against the usual
// mean, less a slack, and never goes below zero. Slow, Fast and the constants next to them are their parameters. The
// recording rules for Prometheus use the same parameters, and those of Cost. docs/drift.md says how small a drop can be
// found in how much time.
package drift
