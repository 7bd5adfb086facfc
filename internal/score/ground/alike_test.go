package ground

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/words"
)

func TestAlike(t *testing.T) {
	for _, c := range []struct {
		a, b  string
		alike bool
	}{
		{"Which planet is the largest?", "Jupiter", true},
		{"Which planet is the largest?", "banana", false},
		{"What is the capital of France?", "Paris", true},
		{"Write a poem about the sea", "Waves roll on under moonlight, endless blue.", true},
		{"How do I reset my password?", "banana", false},
	} {
		var a, b words.Text
		a.Read(c.a)
		b.Read(c.b)
		cos, _, known := Alike(&a, &b)
		require.Positive(t, known, c.b)
		require.Equal(t, c.alike, cos > 0.05, "%s %s: %v", c.a, c.b, cos)
	}
	var a, b words.Text
	a.Read("Which planet?")
	b.Read("Xyzzyfoo")
	_, _, known := Alike(&a, &b)
	require.Zero(t, known)
}
