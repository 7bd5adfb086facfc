// Package eval measures scorers on the development corpus, by the path that production takes: OTLP in, wire.Reader, scorer.
// `make eval` prints its tables; its tests keep the figures from falling.
package eval
