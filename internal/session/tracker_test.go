package session

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
)

// clock is a clock that the test sets.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func tracker(tb testing.TB, settings Settings) (*Tracker, *clock) {
	tb.Helper()
	c := &clock{time.Unix(1_790_000_000, 0)}
	tr, err := New(settings, c.Now)
	require.NoError(tb, err)
	return tr, c
}

// toolCall returns the n-th span of a trace, a tool call.
func toolCall(session string, n int, arguments, result string) *Span {
	call := &genai.Call{Operation: genai.OpExecuteTool, ToolName: "search", SessionID: session}
	call.SetContent(genai.Content{
		ToolArguments: genai.Value{Text: arguments}, ToolResult: genai.Value{Text: result},
	})
	return spanOf(call, [16]byte{1}, [8]byte{byte(n), byte(n >> 8)}, n)
}

// failedCall is like toolCall, with an error of the given type.
func failedCall(session string, n int, arguments, result, errorType string) *Span {
	call := &genai.Call{Operation: genai.OpExecuteTool, ToolName: "search", SessionID: session}
	call.Error = genai.Error{IsError: true, Type: errorType}
	call.SetContent(genai.Content{
		ToolArguments: genai.Value{Text: arguments}, ToolResult: genai.Value{Text: result},
	})
	span := spanOf(call, [16]byte{1}, [8]byte{byte(n), byte(n >> 8)}, n)
	span.Failed = true
	return span
}

func modelCall(session string, n int, usd float64) *Span {
	call := &genai.Call{Operation: genai.OpChat, SessionID: session}
	call.SetContent(genai.Content{})
	span := spanOf(call, [16]byte{2}, [8]byte{byte(n), byte(n >> 8), 9}, n)
	span.CostUSD = usd
	return span
}

func spanOf(call *genai.Call, trace [16]byte, id [8]byte, second int) *Span {
	span := NewSpan(call)
	span.Trace, span.ID, span.Start, span.Digest = trace, id, int64(second)*1e9, NewDigest(call, nil)
	return &span
}

func details(findings []failure.Finding) (list []string) {
	for _, f := range findings {
		list = append(list, f.Detail)
	}
	return list
}

func TestRepeatIsReportedOnce(t *testing.T) {
	tr, _ := tracker(t, DefaultSettings())
	var found []string
	for n, arguments := range []string{
		`{"q":"Oslo","n":1}`, `{"n": 1.0, "q": " OSLO "}`, `{"q":"oslo","n":1}`, `{"q":"oslo","n":1}`,
	} {
		o := toolCall("s", n, arguments, "nothing new")
		found = append(found, details(tr.Observe(o).Findings)...)
		require.False(t, tr.Observe(o).New, "it is delivered again")
	}
	require.Equal(t, []string{failure.Repeat}, found)
	require.EqualValues(t, 4, tr.Counts().Duplicates)
}

func TestFailedCallMayBeRetriedIfThatCanHelp(t *testing.T) {
	for message, want := range map[string][]string{
		"": {failure.Repeat}, "ValueError": {failure.Repeat}, "RateLimitError": nil,
	} {
		tr, _ := tracker(t, DefaultSettings())
		var found []string
		for n := range 3 {
			o := failedCall("s", n, `{"id":1}`, "id 1 is locked", message)
			found = append(found, details(tr.Observe(o).Findings)...)
		}
		require.Equal(t, want, found, message)
	}
}

// TestCallThatSucceedsInTheEndIsNoLoop has an agent that fixes the cause of each failure and tries again.
func TestCallThatSucceedsInTheEndIsNoLoop(t *testing.T) {
	tr, _ := tracker(t, DefaultSettings())
	for n, result := range []string{"error: the doors are open", "error: the brake is not pressed", "running"} {
		o := toolCall("s", n, `{"ignition":"start"}`, result)
		if n < 2 {
			o = failedCall("s", n, `{"ignition":"start"}`, result, "ValueError")
		}
		require.Empty(t, tr.Observe(o).Findings)
	}
}

// TestCallsWithoutContentAreNotEqual covers SDKs that record no content, so that every call of a tool looks the same.
func TestCallsWithoutContentAreNotEqual(t *testing.T) {
	for name, result := range map[string]string{"no content": "", "a result alone": "done"} {
		for _, failed := range []bool{false, true} {
			tr, _ := tracker(t, DefaultSettings())
			for n := range 20 {
				o := toolCall("s", n, "", result)
				o.Failed = failed
				require.Empty(t, tr.Observe(o).Findings, name)
			}
		}
	}
	tr, _ := tracker(t, DefaultSettings())
	var found []string
	for n := range repeatsLooking {
		require.Empty(t, found)
		found = append(found, details(tr.Observe(toolCall("s", n, "{}", "done")).Findings)...)
	}
	require.Equal(t, []string{failure.Repeat}, found, "a tool without parameters")
}

// TestCallEnvelopeIsNoArgument checks that the envelope that an instrumentation writes around every call does not make
// calls similar.
func TestCallEnvelopeIsNoArgument(t *testing.T) {
	run := func(arguments ...string) (found []string) {
		tr, _ := tracker(t, DefaultSettings())
		for n, a := range arguments {
			o := toolCall("s", n, `{"args":[],"sanitize_inputs_outputs":true,"kwargs":{`+a+`}}`, fmt.Sprint("error ", n))
			o.Failed = true
			found = append(found, details(tr.Observe(o).Findings)...)
		}
		return found
	}
	require.Empty(t, run(`"city":"Oslo"`, `"page":3`, `"user":"ada"`))
	require.Equal(t, []string{failure.NearRepeat}, run(
		`"query":"red cotton summer dress under 50"`, `"query":"red cotton summer dress under 60"`,
		`"query":"red cotton summer dress under 70"`))
}

func TestArgumentsThatMeanTheSame(t *testing.T) {
	canonical := func(arguments string) string {
		c, _ := new(canonicalizer).read(arguments)
		return string(c)
	}
	for _, same := range [][2]string{
		{`{"a":1,"b":"X  y"}`, `{ "b" : "x Y", "a" : 1.0 }`},
		{`[1e2, true, null]`, `[100.0,true,null]`},
		{"Not  JSON", "not json"},
		{`{"b":{"d":1,"c":[{"z":1,"y":2}]},"a":2}`, `{"a":2,"b":{"c":[{"y":2,"z":1}],"d":1}}`},
		{"{\"a\":\"\\u00c4\\tb\"}", `{"a":" ä b "}`},
		{" 1 ", "1.0"},
	} {
		require.Equal(t, canonical(same[0]), canonical(same[1]))
	}
	for _, other := range [][2]string{
		{`{"id":9007199254740993}`, `{"id":9007199254740992}`},
		{`{"a":["x","y"]}`, `{"a":["y","x"]}`},
		{`{"a":"1"}`, `{"a":1}`},
		{`{"a":null}`, `{"a":false}`},
		{`{"a":1} {"b":2}`, `{"a":1} {"b":3}`},
		{`{"a":[`, `{"a":[[`},
		{`{"a":"b`, `{"a":"c`},
		{"\xff", "\xfe"},
		{`{"a":{"b":1},"c":2}`, `{"a":{"b":1,"c":2}}`},
		{strings.Repeat("x", maxCanonical) + "a", strings.Repeat("x", maxCanonical) + "b"},
	} {
		require.NotEqual(t, canonical(other[0]), canonical(other[1]))
	}
}

func TestToolsThatPollAreNoLoop(t *testing.T) {
	settings := DefaultSettings()
	settings.PollingTools = []string{"search"}
	tr, _ := tracker(t, settings)
	for n := range 20 {
		require.Empty(t, tr.Observe(toolCall("s", n, "{}", "pending")).Findings)
	}
}

func TestNearlyTheSameCallWithoutProgress(t *testing.T) {
	tr, _ := tracker(t, DefaultSettings())
	var found []string
	for n, q := range []string{
		"red cotton summer dress size 38 under 50 euros", "red cotton summer dress size 38 under 60 euros",
		"red cotton summer dress size 38 under 70 euros",
	} {
		o := toolCall("s", n, `{"query":"`+q+`"}`, "[]")
		o.Empty = true
		found = append(found, details(tr.Observe(o).Findings)...)
	}
	require.Equal(t, []string{failure.NearRepeat}, found)
}

func TestTwoAgentsThatOnlyAnswerEachOther(t *testing.T) {
	tr, _ := tracker(t, DefaultSettings())
	var found []string
	for n := range 12 {
		call := &genai.Call{Operation: genai.OpChat, SessionID: "s", AgentName: []string{"analyzer", "verifier"}[n%2]}
		call.SetContent(genai.Content{Output: []genai.Message{{
			Text: "Could you please look at the results again and tell me whether the analysis is complete now?",
		}}})
		o := spanOf(call, [16]byte{2}, [8]byte{byte(n)}, n)
		found = append(found, details(tr.Observe(o).Findings)...)
	}
	require.Equal(t, []string{failure.PingPong}, found)
}

func TestAbsurdCostsAreBounded(t *testing.T) {
	tr, _ := tracker(t, DefaultSettings())
	var last Observation
	for n, usd := range []float64{0.25, math.NaN(), math.Inf(1), -5, 0.5, 1e300} {
		last = tr.Observe(modelCall("s", n, usd))
	}
	require.InDelta(t, 2e6+0.75, last.Spend, 1e-6, "the absurd ones count a million each")
	require.Equal(t, 6, last.Models)
}

func TestClockSetBackKeepsNoSessionForever(t *testing.T) {
	tr, c := tracker(t, DefaultSettings())
	right := c.now
	c.now = right.Add(1000 * time.Hour)
	tr.Observe(modelCall("from the future", 1, 1))
	c.now = right
	tr.Observe(modelCall("now", 2, 1))
	tr.Sweep()
	require.Equal(t, 2, tr.Counts().Sessions)
	c.now = right.Add(DefaultSettings().Idle)
	tr.Sweep()
	require.Zero(t, tr.Counts().Sessions)
}

// TestConversationNamedLateHasAllItsSpans checks that a conversation has all its spans in any order, for any split into
// batches, and whichever spans name it.
func TestConversationNamedLateHasAllItsSpans(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for range 300 {
		var spans []*Span
		for n := range 1 + r.IntN(40) {
			o := modelCall("", n, 0.25)
			if r.IntN(2) == 0 {
				o = toolCall("", n, fmt.Sprintf(`{"q":%d}`, r.IntN(3)), fmt.Sprint(r.IntN(2)))
				o.Failed = r.IntN(3) == 0
			}
			o.Trace = [16]byte{byte(r.IntN(3)), 1}
			if r.IntN(4) == 0 {
				o.Conversation = "c"
			}
			spans = append(spans, o)
		}
		for k := range 3 { // one span of each trace names the conversation
			o := modelCall("c", 1000+k, 0)
			o.Trace = [16]byte{byte(k), 1}
			spans = append(spans, o)
		}
		state := func(batches bool) ([]byte, Observation) {
			tr, _ := tracker(t, DefaultSettings())
			size := len(spans)
			var last Observation
			added := 0.0
			for from := 0; from < len(spans); from += size {
				if batches {
					size = 1 + r.IntN(3)
				}
				batch := spans[from:min(from+size, len(spans))]
				for _, o := range batch {
					tr.Name(o.Trace, o.Conversation)
				}
				for _, o := range batch {
					last = tr.Observe(o)
					if last.ID == "c" {
						added += last.Added
					}
				}
			}
			require.Equal(t, 1, tr.Counts().Sessions)
			s, ok := tr.sessions.Peek("c")
			require.True(t, ok)
			if !s.joined { // otherwise the next span adds the rest
				require.InDelta(t, float64(s.state.Micros)/1e6, added, 1e-6, "the cost is reported once")
			}
			s.state.latched = 0
			b, err := s.state.MarshalBinary()
			require.NoError(t, err)
			return b, last
		}
		want, _ := state(false)
		r.Shuffle(len(spans), func(i, j int) { spans[i], spans[j] = spans[j], spans[i] })
		got, _ := state(true)
		require.Equal(t, want, got)
	}
}

func TestLoopFromMergedSessionsIsReported(t *testing.T) {
	tr, _ := tracker(t, DefaultSettings())
	for n := range runawayModelCalls + 1 {
		o := modelCall("", n, 1)
		o.Trace = [16]byte{byte(n % 3), 7}
		require.Empty(t, tr.Observe(o).Findings)
	}
	for n := range 3 {
		tr.Name([16]byte{byte(n), 7}, "c")
	}
	require.Equal(t, []string{failure.Runaway}, details(tr.Observe(toolCall("c", 90, "{}", "")).Findings),
		"reported with the next span of any kind")
	require.Empty(t, tr.Observe(modelCall("c", 100, 1)).Findings)
	d := &disk{values: map[string][]byte{}}
	require.NoError(t, tr.Save(d))
	require.Len(t, d.values, 2, "one session, and the list of them")
}

func TestAbsurdTimesAreCounted(t *testing.T) {
	tr, _ := tracker(t, DefaultSettings())
	var found []string
	for n, start := range []int64{math.MaxInt64, math.MinInt64, 0, -1, 1_790_000_000_000_000_000, 1} {
		o := toolCall("s", n, `{"q":1}`, "same")
		o.Start = start
		s := tr.Observe(o)
		require.Equal(t, n+1, s.Tools)
		found = append(found, details(s.Findings)...)
	}
	require.Equal(t, []string{failure.Repeat}, found)
}

func TestNamesOfSessions(t *testing.T) {
	trace := [16]byte{0xab}
	require.Equal(t, ID("ab000000000000000000000000000000"), IDOf("", trace))
	require.Equal(t, ID("c?"), IDOf("c\xff", trace))
	long := strings.Repeat("x", 1<<20)
	require.Less(t, len(IDOf(long, trace)), maxID)
	require.NotEqual(t, IDOf(long, trace), IDOf(long+"y", trace))
	tr, _ := tracker(t, DefaultSettings())
	tr.Name([16]byte{1}, "conversation")
	require.Equal(t, ID("conversation"), tr.Observe(toolCall("", 1, "", "")).ID, "a child without a name has its trace's")
}

func TestMemoryIsBoundedByTheSettings(t *testing.T) {
	settings := DefaultSettings()
	settings.MaxSessions = 1000
	tr, c := tracker(t, settings)
	ids := 1_000_000
	if testing.Short() {
		ids = 20_000
	}
	o := modelCall("", 1, 0.1)
	fill := func(from, to int) {
		for i := from; i < to; i++ {
			o.Conversation = fmt.Sprint("session ", i)
			tr.Observe(o)
		}
	}
	fill(0, 5000)
	before := heap()
	fill(5000, ids)
	require.Less(t, int64(heap())-int64(before), int64(2<<20), "%d more sessions", ids-5000)
	require.Equal(t, 1000, tr.Counts().Sessions)
	require.EqualValues(t, ids-1000, tr.Counts().Evicted)
	c.now = c.now.Add(settings.Idle)
	tr.Sweep()
	require.Equal(t, 0, tr.Counts().Sessions)
	require.EqualValues(t, 1000, tr.Counts().TimedOut)
}

// disk is a Store in memory that can fail.
type disk struct {
	values map[string][]byte
	broken error
}

func (d *disk) Get(key string) ([]byte, error) { return d.values[key], d.broken }

func (d *disk) Write(set map[string][]byte, remove []string) error {
	if d.broken != nil {
		return d.broken
	}
	maps.Copy(d.values, set)
	for _, k := range remove {
		delete(d.values, k)
	}
	return nil
}

func TestSessionsOutliveARestart(t *testing.T) {
	d := &disk{values: map[string][]byte{}}
	settings := DefaultSettings()
	tr, c := tracker(t, settings)
	for n := range 3 {
		tr.Observe(toolCall("a", n, `{"q":1}`, "same"))
		tr.Observe(modelCall("b", n, 1))
	}
	d.broken = errors.New("disk full")
	require.ErrorIs(t, tr.Save(d), d.broken)
	d.broken = nil
	require.NoError(t, tr.Save(d), "the second Save writes what the first could not")

	again, _ := tracker(t, settings)
	require.NoError(t, again.Load(d))
	require.Equal(t, 2, again.Counts().Sessions)
	require.False(t, again.Observe(modelCall("b", 1, 1)).New, "a span that is delivered again after the restart")
	require.InDelta(t, 4, again.Observe(modelCall("b", 7, 1)).Spend, 1e-9)
	require.Empty(t, again.Observe(toolCall("a", 9, `{"q":1}`, "same")).Findings, "it was reported before the restart")

	c.now = c.now.Add(settings.Idle)
	tr.Sweep()
	require.NoError(t, tr.Save(d))
	require.Equal(t, map[string][]byte{indexKey: []byte("[]")}, d.values, "dropped sessions are removed")
}

func TestUnreadableSessionStartsAnew(t *testing.T) {
	d := &disk{values: map[string][]byte{}}
	tr, _ := tracker(t, DefaultSettings())
	for _, id := range []string{"good", "a\nb", "rubbish", "gone"} {
		tr.Observe(modelCall(id, 1, 1))
	}
	require.NoError(t, tr.Save(d))
	d.values[sessionKey+"rubbish"] = []byte("rubbish that is long enough")
	delete(d.values, sessionKey+"gone")

	again, _ := tracker(t, DefaultSettings())
	var wrong *LoadError
	require.ErrorAs(t, again.Load(d), &wrong)
	require.Equal(t, ID("rubbish"), wrong.ID)
	require.Equal(t, 2, again.Counts().Sessions)
	require.InDelta(t, 2, again.Observe(modelCall("a\nb", 2, 1)).Spend, 1e-9)
	require.NoError(t, again.Save(d))
	require.NotContains(t, d.values, sessionKey+"rubbish")
	third, _ := tracker(t, DefaultSettings())
	require.NoError(t, third.Load(d), "an unreadable session is reported once")

	d.values[indexKey] = []byte("rubbish")
	require.ErrorContains(t, third.Load(d), "the list of sessions")
}

func TestAFullSessionIsNoDuplicate(t *testing.T) {
	tr, _ := tracker(t, DefaultSettings())
	var last Observation
	for n := range maxSpans + 10 {
		last = tr.Observe(modelCall("s", n, 1))
	}
	require.True(t, last.Full)
	require.InDelta(t, maxSpans, last.Spend, 1e-6)
	require.EqualValues(t, 10, tr.Counts().Uncounted)
	require.Zero(t, tr.Counts().Duplicates)
}
