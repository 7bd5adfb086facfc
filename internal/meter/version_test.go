package meter

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// deployed is a span of a version.
func deployed(model, prompt, version string, seen time.Time) *Span {
	span := chat()
	span.Model, span.PromptName, span.PromptVersion, span.Seen = model, prompt, version, seen
	return &span
}

// firstSeen collects and returns the versions that are new since the last call.
func firstSeen(t *testing.T, m *Meter, now time.Time) (names []string) {
	t.Helper()
	collect(t, m, now, false)
	require.NoError(t, m.FirstSeen(func(fresh []FirstSeen) error {
		for _, f := range fresh {
			names = append(
				names,
				fmt.Sprintf("%s %s %s %s %s", f.Service, f.Environment, f.Model, f.PromptName, f.PromptVersion),
			)
		}
		return nil
	}))
	return names
}

func TestVersionsAreShownWhileTheyAreUsed(t *testing.T) {
	m := New(defaults())
	m.Count(deployed("gpt-x", "support", "7", noon))
	m.Count(deployed("gpt-x", "support", "8", noon.Add(time.Hour)))
	const seven, eight = "llm.version.info shop prod gpt-x support 7", "llm.version.info shop prod gpt-x support 8"
	got := collect(t, m, noon.Add(time.Hour), false)
	require.InDelta(t, 1, got[seven], 0, "at once: a gauge does not start at 0")
	require.InDelta(t, 1, got[eight], 0)
	got = collect(t, m, noon.Add(24*time.Hour), false)
	require.NotContains(t, got, seven, "unused for a day")
	require.Contains(t, got, eight)
	m.Count(deployed("gpt-x", "support", "7", noon.Add(24*time.Hour))) // rolled back to
	require.Contains(t, collect(t, m, noon.Add(24*time.Hour), false), seven)
}

func TestVersionsAreReportedOnce(t *testing.T) {
	m := New(defaults())
	m.Count(deployed("gpt-x", "support", "7", noon))
	require.Equal(t, []string{"shop prod gpt-x support 7"}, firstSeen(t, m, noon))
	tool := deployed("", "", "", noon)
	tool.Request, tool.Operation = false, "execute_tool"
	m.Count(tool)
	other := deployed("gpt-x", "support", "7", noon)
	other.Operation, other.Turns = "text_completion", "4-10" // other slices, the same version
	m.Count(other)
	require.Empty(t, firstSeen(t, m, noon))
	m.Count(deployed("gpt-x", "support", "7", noon.Add(60*24*time.Hour)))
	require.Empty(t, firstSeen(t, m, noon.Add(60*24*time.Hour)), "a version that returns is not new")
}

func TestVersionsAreReportedAgainAfterAFailure(t *testing.T) {
	m := New(defaults())
	m.Count(deployed("gpt-x", "support", "7", noon))
	collect(t, m, noon, false)
	require.ErrorContains(t, m.FirstSeen(func([]FirstSeen) error { return errors.New("full") }), "full")
	require.Len(t, firstSeen(t, m, noon), 1)
}

func TestVersionsAreBounded(t *testing.T) {
	settings := defaults()
	settings.MaxSeries, settings.MaxSeriesPerService = 1_000_000, 1_000_000
	m := New(settings)
	for i := range maxFresh + 500 {
		m.Count(deployed("gpt-x", "support", fmt.Sprint(i), noon))
	}
	require.Len(t, firstSeen(t, m, noon), maxFresh)
	for i := range maxVersions + 10 {
		m.seen.use(Version{Service: "x", Model: fmt.Sprint(i)}, noon.Unix())
	}
	require.Equal(t, maxVersions, m.seen.known.Len())
}
