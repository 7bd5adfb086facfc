//go:build race

package pipeline

// underRace says that the race detector runs, under which sync.Pool forgets at random.
const underRace = true
