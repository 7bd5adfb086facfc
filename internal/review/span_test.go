package review

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
)

// span is a span of a second each, which fails where it has classes.
func span(id, parent string, start, end int64, classes ...failure.Class) Span {
	s := Span{ID: id, ParentID: parent, Start: time.Unix(start, 0), Duration: time.Duration(end-start) * time.Second}
	if len(classes) > 0 {
		s.Class, s.Classes = classes[0], classes
	}
	return s
}

func TestTheQueueShowsTheRootCause(t *testing.T) {
	as := func(s Span, hash string) Span {
		s.CallHash = hash
		return s
	}
	agent := span("agent", "", 0, 9)
	agent.Call = &genai.Call{Operation: genai.OpInvokeAgent}
	looping := span("loop", "agent", 5, 6, failure.ToolError, failure.RetryLoop)
	looping.Others = []failure.Finding{{Class: failure.RetryLoop, Detail: failure.Repeat}}
	for name, c := range map[string]struct {
		spans    []Span
		primary  string
		resolved bool
	}{
		"no span":         {nil, "", false},
		"nothing failed":  {[]Span{span("a", "", 0, 1)}, "", false},
		"the earlier":     {[]Span{span("a", "", 3, 4, failure.Refusal), span("b", "", 1, 2, failure.Truncation)}, "b", false},
		"the inner span":  {[]Span{span("a", "", 0, 9, failure.Timeout), span("b", "a", 5, 9, failure.Timeout)}, "b", false},
		"of equals by id": {[]Span{span("b", "", 0, 9, failure.Timeout), span("a", "", 0, 9, failure.Timeout)}, "a", false},
		"safety findings stand beside the cause": {
			[]Span{agent, span("unsafe", "agent", 1, 2, failure.Unsafe), span("cut", "agent", 3, 4, failure.Truncation)}, "cut", false,
		},
		"a tool that failed and was tried again, then a cut answer": {
			[]Span{
				agent, as(span("tool", "agent", 1, 2, failure.ToolError), "f"), as(span("again", "agent", 3, 4), "f"),
				span("answer", "agent", 5, 6, failure.Truncation),
			}, "answer", false,
		},
		"another success recovers nothing": {
			[]Span{
				agent, as(span("tool", "agent", 1, 2, failure.ToolError), "f"), as(span("again", "agent", 3, 4), "g"),
				span("answer", "agent", 5, 6, failure.Truncation),
			}, "tool", false,
		},
		"every failure recovered": {
			[]Span{
				agent, as(span("tool", "agent", 1, 2, failure.ToolError), "f"), as(span("late", "agent", 3, 4, failure.ToolError), "g"),
				as(span("again", "agent", 5, 6), "f"), as(span("late again", "agent", 7, 8), "g"),
			}, "tool", true,
		},
		"the agent's run relates a refusal to the loop": {
			[]Span{agent, span("no", "agent", 1, 2, failure.Refusal), looping}, "no", false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				cause := FindCause(c.spans)
				require.Equal(t, c.resolved, cause.Resolved)
				if c.primary == "" {
					require.Equal(t, -1, cause.Primary)
				} else {
					require.Equal(t, c.primary, c.spans[cause.Primary].ID)
				}
				c.spans = slices.Clone(c.spans)
				slices.Reverse(c.spans)
			}
		})
	}
	require.Equal(t, []failure.Finding{{Class: failure.ToolError}, {Class: failure.RetryLoop, Detail: failure.Repeat}}, looping.Findings())
}

func TestNodesOfOddTimes(t *testing.T) {
	n := (&Span{Duration: math.MaxInt64}).Node()
	require.Zero(t, n.Start)
	n = (&Span{Start: time.Unix(9e9, 0), Duration: math.MaxInt64}).Node()
	require.Equal(t, int64(math.MaxInt64), n.End)
	n = (&Span{Start: time.Unix(1, 0), Duration: -time.Hour}).Node()
	require.Equal(t, n.Start, n.End)
}

// TestJSONOfEarlierVersionsIsRead: stores and clients of earlier versions hold and send it.
func TestJSONOfEarlierVersionsIsRead(t *testing.T) {
	verdict := failure.Verdict{
		Class: failure.Truncation, Bucket: failure.Structure, Detail: failure.OutputLimit,
		Classes: []failure.Class{failure.Truncation, failure.BadAnswer}, Evidence: "cut", Fingerprint: "0123456789abcdef",
	}
	for _, text := range []string{
		`{"id":"a","class":"truncation","detail":"output_limit","classes":["truncation","bad_answer"],
			"evidence":"cut","fingerprint":"0123456789abcdef"}`,
		`{"id":"a","class":"truncation","detail":"output_limit","classes":["truncation","bad_answer"],
			"evidence":"cut","print":"0123456789abcdef"}`,
		`{"id":"a","error_class":"truncation","error_detail":"output_limit","error_classes":["truncation","bad_answer"],
			"evidence":"cut","fingerprint":"0123456789abcdef"}`,
	} {
		var s Span
		require.NoError(t, json.Unmarshal([]byte(text), &s))
		require.Equal(t, Span{ID: "a", Verdict: verdict}, s)
		data, err := json.Marshal(s)
		require.NoError(t, err)
		require.NotContains(t, string(data), `"class"`)
		require.Contains(t, string(data), `"error_class":"truncation","error_bucket":"structure","error_detail":"output_limit"`)
	}
	for _, text := range []string{
		`{"id":7,"class":"refusal","detail":"model_refusal"}`,
		`{"id":7,"error_class":"refusal","error_detail":"model_refusal"}`,
	} {
		var l Label
		require.NoError(t, json.Unmarshal([]byte(text), &l))
		require.Equal(t, Label{ID: 7, Class: failure.Refusal, Detail: failure.ModelRefusal}, l)
		data, err := json.Marshal(l)
		require.NoError(t, err)
		require.Contains(t, string(data), `"error_class":"refusal","error_detail":"model_refusal"`)
	}
}

func TestValidateNamesKeyRuleAndValue(t *testing.T) {
	for want, err := range map[string]error{
		`trace id must be 32 lower-case hex digits, got "xyz"`:                                          (&Trace{ID: "xyz"}).Validate(),
		`span id must be 16 lower-case hex digits, got ""`:                                              (&Trace{ID: strings.Repeat("1", 32), Spans: []Span{{}}}).Validate(),
		`decision must be "confirmed", "rejected", "unsure", "taken_back" or "reopened", got "perhaps"`: (&Label{Decision: "perhaps"}).Validate(),
		`error_class must be one of the taxonomy, got "boredom"`:                                        (&Label{Decision: Confirmed, Class: "boredom"}).Validate(),
		`error_detail must be one of refusal, got "pii_leak"`:                                           (&Label{Decision: Confirmed, Class: failure.Refusal, Detail: "pii_leak"}).Validate(),
		`error_detail must come with an error_class, got "pii_leak" alone`:                              (&Label{Decision: Confirmed, Detail: "pii_leak"}).Validate(),
		`reviewer must be at most 256 bytes, got 300`:                                                   (&Label{Decision: Confirmed, Reviewer: strings.Repeat("x", 300)}).Validate(),
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
