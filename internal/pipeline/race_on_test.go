//go:build race

package pipeline

// underRace is true under the race detector, where sync.Pool drops objects at random.
const underRace = true
