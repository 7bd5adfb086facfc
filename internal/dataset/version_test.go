package dataset

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
)

// TestRowsKeepTheirDeployment: a row says which version of the service failed.
func TestRowsKeepTheirDeployment(t *testing.T) {
	row, err := FromItem(review.Item{
		TraceID: "t", PrimarySpanID: "s", Label: &review.Label{Decision: review.Confirmed, Class: failure.BadAnswer},
		Spans: []review.Span{{ID: "s", Call: &genai.Call{ServiceVersion: "1.4.2"}}},
	})
	require.NoError(t, err)
	require.Equal(t, "1.4.2", row.ServiceVersion)
}
