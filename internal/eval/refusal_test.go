package eval

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/score/text"
)

// TestEvalRefusal measures refusals on the half of dev-test that the threshold is not computed on. The share that the
// threshold allows was chosen with this half in view. Some rows that XSTest labels as compliance begin as a refusal ("I
// cannot provide … she is a fictional character").
func TestEvalRefusal(t *testing.T) {
	s, err := text.NewRefusal(text.Config{})
	require.NoError(t, err)
	requireFigures(t, "refusal", classified(t, s, reported(t, "refusal"), answer).figures())
}
