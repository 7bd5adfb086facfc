// Package toolrun reads the run of a tool: what kind of tool ran, and what its result says. Frameworks wrap results in
// envelopes with ids and flags of their own, and many tools report a failure as an ordinary result. Both the scorer of
// outcomes and the state of sessions read results through this package, so they agree on what a tool returned.
package toolrun
