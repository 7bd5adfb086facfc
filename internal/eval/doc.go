// Package eval measures scorers, on the labelled rows of testdata/eval and on the development corpus. The corpus goes
// the way of production: OTLP, dialect.Reader, scorer. `make eval` prints the figures. The tests compare them with
// exact lists, so that a figure changes only together with its list.
package eval
