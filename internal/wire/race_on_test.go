//go:build race

package wire

// underRace says that the race detector runs, under which sync.Pool forgets at random.
const underRace = true
