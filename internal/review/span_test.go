package review

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
)

func TestPrimaryIsTheSpanThatFailedFirst(t *testing.T) {
	at := func(id string, class failure.Class, start, end int64) Span {
		return Span{ID: id, Class: class, Start: time.Unix(start, 0), Duration: time.Duration(end-start) * time.Second}
	}
	require.Equal(t, -1, Primary(nil))
	require.Equal(t, -1, Primary([]Span{at("a", "", 0, 1)}))
	agent, call, later := at("a", failure.Timeout, 0, 9), at("b", failure.Truncation, 1, 2), at("c", failure.Refusal, 3, 4)
	require.Equal(t, 2, Primary([]Span{agent, later, call}), "the agent fails after the call inside it")
	require.Equal(t, 1, Primary([]Span{agent, at("b", failure.Timeout, 5, 9)}), "of those that end together the innermost")
	require.Equal(t, 1, Primary([]Span{at("b", failure.Timeout, 0, 9), at("a", failure.Timeout, 0, 9)}))
}

func TestValidateNamesKeyRuleAndValue(t *testing.T) {
	for want, err := range map[string]error{
		`trace id must be 32 lower-case hex digits, got "xyz"`:      (&Trace{ID: "xyz"}).Validate(),
		`span id must be 16 lower-case hex digits, got ""`:          (&Trace{ID: strings.Repeat("1", 32), Spans: []Span{{}}}).Validate(),
		`decision must be "confirmed" or "rejected", got "perhaps"`: (&Label{Decision: "perhaps"}).Validate(),
		`class must be one of the taxonomy, got "boredom"`:          (&Label{Decision: Confirmed, Class: "boredom"}).Validate(),
		`detail must be one of refusal, got "pii_leak"`:             (&Label{Decision: Confirmed, Class: failure.Refusal, Detail: "pii_leak"}).Validate(),
		`detail must come with a class, got "pii_leak" alone`:       (&Label{Decision: Confirmed, Detail: "pii_leak"}).Validate(),
		`reviewer must be at most 256 bytes, got 300`:               (&Label{Decision: Confirmed, Reviewer: strings.Repeat("x", 300)}).Validate(),
	} {
		require.ErrorIs(t, err, ErrInvalid)
		require.ErrorContains(t, err, want)
	}
	for _, class := range failure.Classes() {
		for _, detail := range class.Details {
			require.NoError(t, (&Label{Decision: Confirmed, Class: class.Class, Detail: detail.Name}).Validate())
		}
	}
}
