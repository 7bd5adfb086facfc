package session

import (
	"encoding/binary"
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

// clock is a time that the test moves.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func tracker(tb testing.TB, settings Settings) (*Tracker, *clock) {
	tb.Helper()
	c := &clock{time.Unix(1_790_000_000, 0)}
	tr, err := New(settings, c.Now)
	require.NoError(tb, err)
	return tr, c
}

// toolCall is the n-th span of a trace: a call of a tool.
func toolCall(session string, n int, arguments, result string) *Span {
	call := &genai.Call{Operation: genai.OpExecuteTool, ToolName: "search", SessionID: session}
	call.SetContent(genai.Content{
		ToolArguments: genai.Value{Text: arguments}, ToolResult: genai.Value{Text: result},
	})
	return spanOf(call, [16]byte{1}, [8]byte{byte(n), byte(n >> 8)}, n)
}

// failedCall is toolCall with an error of the given type.
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

func TestARepeatIsToldOnce(t *testing.T) {
	tr, _ := tracker(t, DefaultSettings())
	var told []string
	for n, arguments := range []string{`{"q":"Oslo","n":1}`, `{"n": 1.0, "q": " OSLO "}`, `{"q":"oslo","n":1}`, `{"q":"oslo","n":1}`} {
		o := toolCall("s", n, arguments, "nothing new")
		told = append(told, details(tr.Observe(o).Findings)...)
		require.False(t, tr.Observe(o).New, "it is delivered again")
	}
	require.Equal(t, []string{failure.Repeat}, told)
	require.EqualValues(t, 4, tr.Counts().Duplicates)
}

func TestAFailedCallMayBeTriedAgainWhereThatCanHelp(t *testing.T) {
	for message, want := range map[string][]string{"": {failure.Repeat}, "ValueError": {failure.Repeat}, "RateLimitError": nil} {
		tr, _ := tracker(t, DefaultSettings())
		var told []string
		for n := range 3 {
			o := failedCall("s", n, `{"id":1}`, fmt.Sprint("failure number ", n), message)
			told = append(told, details(tr.Observe(o).Findings)...)
		}
		require.Equal(t, want, told, message)
	}
}

// TestACallThatSucceedsInTheEndWasNotMadeInVain: an agent that puts right what stood in its way asks again.
func TestACallThatSucceedsInTheEndWasNotMadeInVain(t *testing.T) {
	tr, _ := tracker(t, DefaultSettings())
	for n, result := range []string{"error: the doors are open", "error: the brake is not pressed", "running"} {
		o := toolCall("s", n, `{"ignition":"start"}`, result)
		if n < 2 {
			o = failedCall("s", n, `{"ignition":"start"}`, result, "ValueError")
		}
		require.Empty(t, tr.Observe(o).Findings)
	}
}

// TestCallsThatWereNotRecordedAreNotTheSame: where an SDK records no content, every call of a tool looks like every other.
func TestCallsThatWereNotRecordedAreNotTheSame(t *testing.T) {
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
	var told []string
	for n := range 3 {
		told = append(told, details(tr.Observe(toolCall("s", n, "{}", "done")).Findings)...)
	}
	require.Equal(t, []string{failure.Repeat}, told, "a tool without parameters")
}

// TestAnEnvelopeIsNoArgument: what the instrumentation writes around every call makes no two calls alike.
func TestAnEnvelopeIsNoArgument(t *testing.T) {
	run := func(arguments ...string) (told []string) {
		tr, _ := tracker(t, DefaultSettings())
		for n, a := range arguments {
			o := toolCall("s", n, `{"args":[],"sanitize_inputs_outputs":true,"kwargs":{`+a+`}}`, fmt.Sprint("error ", n))
			o.Failed = true
			told = append(told, details(tr.Observe(o).Findings)...)
		}
		return told
	}
	require.Empty(t, run(`"city":"Oslo"`, `"page":3`, `"user":"ada"`))
	require.Equal(t, []string{failure.NearRepeat}, run(
		`"query":"red cotton summer dress under 50"`, `"query":"red cotton summer dress under 60"`, `"query":"red cotton summer dress under 70"`))
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
	var told []string
	for n, q := range []string{"red cotton summer dress size 38 under 50 euros", "red cotton summer dress size 38 under 60 euros", "red cotton summer dress size 38 under 70 euros"} {
		told = append(told, details(tr.Observe(toolCall("s", n, `{"query":"`+q+`"}`, "[]")).Findings)...)
	}
	require.Equal(t, []string{failure.NearRepeat}, told)
}

func TestTwoAgentsWhoOnlyAnswerEachOther(t *testing.T) {
	tr, _ := tracker(t, DefaultSettings())
	var told []string
	for n := range 12 {
		call := &genai.Call{Operation: genai.OpChat, SessionID: "s", AgentName: []string{"analyzer", "verifier"}[n%2]}
		call.SetContent(genai.Content{Output: []genai.Message{{
			Text: "Could you please look at the results again and tell me whether the analysis is complete now?",
		}}})
		o := spanOf(call, [16]byte{2}, [8]byte{byte(n)}, n)
		told = append(told, details(tr.Observe(o).Findings)...)
	}
	require.Equal(t, []string{failure.PingPong}, told)
}

func TestCostsOfStrangersAddUp(t *testing.T) {
	tr, _ := tracker(t, DefaultSettings())
	var last Observation
	for n, usd := range []float64{0.25, math.NaN(), math.Inf(1), -5, 0.5, 1e300} {
		last = tr.Observe(modelCall("s", n, usd))
	}
	require.InDelta(t, 2e6+0.75, last.Spend, 1e-6, "the absurd ones count a million each")
	require.Equal(t, 6, last.Models)
}

func TestAClockThatRunsBackwardsKeepsNoSessionForEver(t *testing.T) {
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

// TestTimesOfStrangers: spans from the future, from before the epoch, and in any order are counted, and loops are found.
// TestAConversationThatIsNamedLateHasAllItsSpans: in any order, however the spans are split over batches, whichever of them name the
// conversation.
func TestAConversationThatIsNamedLateHasAllItsSpans(t *testing.T) {
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
		for k := range 3 { // each trace is named by a span of its own
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
			if !s.joined { // else the next span tells of the rest
				require.InDelta(t, float64(s.state.Micros)/1e6, added, 1e-6, "what it spent is told, once")
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

func TestALoopThatShowsWhenPartsAreJoinedIsTold(t *testing.T) {
	tr, _ := tracker(t, DefaultSettings())
	for n := range 3 {
		o := toolCall("", n, `{"q":1}`, "same")
		o.Trace = [16]byte{byte(n), 7}
		require.Empty(t, tr.Observe(o).Findings)
	}
	for n := range 3 {
		tr.Name([16]byte{byte(n), 7}, "c")
	}
	require.Equal(t, []string{failure.Repeat}, details(tr.Observe(modelCall("c", 9, 1)).Findings), "with the next span, whatever it is")
	require.Empty(t, tr.Observe(toolCall("c", 10, `{"q":1}`, "same")).Findings)
	d := &disk{values: map[string][]byte{}}
	require.NoError(t, tr.Save(d))
	require.Len(t, d.values, 2, "one session, and the list of them")
}

func TestTimesOfStrangers(t *testing.T) {
	tr, _ := tracker(t, DefaultSettings())
	var told []string
	for n, start := range []int64{math.MaxInt64, math.MinInt64, 0, -1, 1_790_000_000_000_000_000, 1} {
		o := toolCall("s", n, `{"q":1}`, "same")
		o.Start = start
		s := tr.Observe(o)
		require.Equal(t, n+1, s.Tools)
		told = append(told, details(s.Findings)...)
	}
	require.Equal(t, []string{failure.Repeat}, told)
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
	require.NoError(t, tr.Save(d), "what was not written is written now")

	again, _ := tracker(t, settings)
	require.NoError(t, again.Load(d))
	require.Equal(t, 2, again.Counts().Sessions)
	require.False(t, again.Observe(modelCall("b", 1, 1)).New, "a span that is delivered again after the restart")
	require.InDelta(t, 4, again.Observe(modelCall("b", 7, 1)).Spend, 1e-9)
	require.Empty(t, again.Observe(toolCall("a", 9, `{"q":1}`, "same")).Findings, "it was told before the restart")

	c.now = c.now.Add(settings.Idle)
	tr.Sweep()
	require.NoError(t, tr.Save(d))
	require.Equal(t, map[string][]byte{indexKey: []byte("[]")}, d.values, "nothing is left of sessions that are forgotten")
}

func TestASessionThatCannotBeReadBeginsAnew(t *testing.T) {
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
	require.NoError(t, third.Load(d), "what cannot be read is told once")

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

// TestMemoryOfManySessions measures the default bound: 50,000 sessions of 60 spans, with the index that finds them.
func TestMemoryOfManySessions(t *testing.T) {
	if testing.Short() {
		t.Skip("a measurement that takes seconds")
	}
	const spans = 60
	steps := random(rand.New(rand.NewPCG(6, 6)), spans)
	settings := DefaultSettings()
	before := heap()
	tr, _ := tracker(t, settings)
	for k := range settings.MaxSessions {
		id := ID(fmt.Sprintf("conversation-%024d", k))
		tr.Name([16]byte{byte(k), byte(k >> 8), byte(k >> 16)}, string(id))
		s := tr.get(id)
		for i := range steps {
			s.state.Add(&steps[i])
		}
	}
	used := float64(heap() - before)
	t.Logf("%.0f MB for %d sessions of %d spans", used/1e6, settings.MaxSessions, spans)
	require.Less(t, used, 250e6)
	require.Equal(t, settings.MaxSessions, tr.Counts().Sessions)
}

// BenchmarkObserve is a span as it comes: of one of many sessions that go on at once and have 60 spans each, a quarter of them calls of a tool.
func BenchmarkObserve(b *testing.B) {
	const sessions, spans = 1000, 60
	tr, _ := tracker(b, DefaultSettings())
	list := make([]*Span, spans)
	for i := range list {
		list[i] = modelCall("", i, 0.01)
		if i%4 == 0 {
			list[i] = toolCall("", i, `{"order_id":"ord_123","limit":5}`, fmt.Sprint("result ", i))
		}
	}
	ids := make([]string, 0, 1<<16) // of more sessions than are kept
	for i := range cap(ids) {
		ids = append(ids, fmt.Sprint("conversation-", i))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		round := i / sessions // a span of each session
		o := list[round%spans]
		o.Conversation = ids[(round/spans*sessions+i%sessions)%len(ids)]
		binary.LittleEndian.PutUint64(o.Trace[8:], uint64(i%sessions))
		tr.Observe(o)
	}
}

// TestNoTraceIsNoSession: spans without a trace id do not follow the one among them that names a conversation.
func TestNoTraceIsNoSession(t *testing.T) {
	tr, _ := tracker(t, DefaultSettings())
	tr.Name([16]byte{}, "c")
	require.NotEqual(t, ID("c"), tr.Observe(&Span{ID: [8]byte{1}, Kind: ToolCall}).ID)
	require.Equal(t, ID("c"), tr.Observe(&Span{ID: [8]byte{2}, Kind: ToolCall, Conversation: "c"}).ID)
}
