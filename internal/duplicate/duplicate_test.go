package duplicate

import (
	"reflect"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

const ms = int64(1e6)

// call is a generation of 40 input and 9 output tokens from 0 to 100 ms.
func call(span, parent byte, change ...func(*Call)) Call {
	c := Call{
		Facts: Facts{
			Trace: [16]byte{1}, Span: SpanID{span}, Parent: SpanID{parent}, Start: 1000 * ms, End: 1100 * ms,
			Emitter: uint64(span), Input: 40, Output: 9, Content: true,
		},
		Models: [2]string{"gpt-4o", "gpt-4o-2024-08-06"},
	}
	for _, f := range change {
		f(&c)
	}
	return c
}

func noUsage(c *Call)   { c.Input, c.Output = -1, -1 }
func noContent(c *Call) { c.Content = false }
func server(c *Call)    { c.Service = 9 }
func tools(c *Call)     { c.Tools = true }
func failed(words int) func(*Call) {
	return func(c *Call) { c.Failed, c.Words, c.Content, c.Input, c.Output = true, words, false, -1, -1 }
}
func later(c *Call)     { c.Start, c.End = 2000*ms, 2100*ms }
func embeds(c *Call)    { c.Kind = Embedding }
func sameScope(c *Call) { c.Emitter = 77 }

func response(id string) func(*Call)     { return func(c *Call) { c.ResponseID = id } }
func model(name string) func(*Call)      { return func(c *Call) { c.Models = [2]string{name} } }
func tokens(in, out int64) func(*Call)   { return func(c *Call) { c.Input, c.Output = in, out } }
func between(from, to int64) func(*Call) { return func(c *Call) { c.Start, c.End = from*ms, to*ms } }

func TestRoles(t *testing.T) {
	for _, c := range []struct {
		name  string
		calls []Call
		call  []byte // spans that are calls
		judge []byte // duplicates whose answer is judged
	}{
		{"two calls of an agent", []Call{call(2, 1), call(3, 1, later)}, []byte{2, 3}, nil},
		{"parallel calls of one emitter", []Call{call(2, 1, sameScope), call(3, 1, sameScope)}, []byte{2, 3}, nil},
		{"an outer and an inner span", []Call{call(1, 0), call(2, 1)}, []byte{2}, nil},
		{"the inner one came first", []Call{call(2, 1), call(1, 0)}, []byte{2}, nil},
		{
			"the inner one has no content",
			[]Call{call(2, 1, noContent), call(1, 0)},
			[]byte{1},
			nil,
		},
		{
			"the inner one has usage, the outer one the answer",
			[]Call{call(1, 0, noUsage), call(2, 1, noContent)},
			[]byte{2},
			[]byte{1},
		},
		{"embeddings recorded twice", []Call{call(1, 0, embeds, sameScope), call(2, 1, embeds, sameScope)}, []byte{2}, nil},
		{"an embedding inside a generation", []Call{call(1, 0), call(2, 1, embeds)}, []byte{1, 2}, nil},
		{"another model inside", []Call{call(1, 0), call(2, 1, model("claude"))}, []byte{1, 2}, nil},
		{"the model with its region", []Call{call(1, 0, model("us.anthropic.claude-x")), call(2, 1, model("claude-x"))}, []byte{2}, nil},
		{"other counts inside", []Call{call(1, 0), call(2, 1, tokens(40, 3))}, []byte{1, 2}, nil},
		{
			"a client and its server, which are not parent and child",
			[]Call{call(1, 0), call(3, 2, noContent, between(1010, 1090))},
			[]byte{1},
			nil,
		},
		{
			"the server with other counts",
			[]Call{call(1, 0), call(3, 2, noContent, tokens(41, 9))},
			[]byte{1, 3},
			nil,
		},
		{
			"one answer under two instrumentations",
			[]Call{call(2, 1, noUsage, response("resp_1")), call(3, 1, response("resp_1"))},
			[]byte{3},
			[]byte{},
		},
		{
			"different answers",
			[]Call{call(1, 0, response("chatcmpl-1")), call(2, 1, response("chatcmpl-2"))},
			[]byte{1, 2},
			nil,
		},
		{"the id of a framework", []Call{call(1, 0, response("run-1")), call(2, 1, response("msg_1"))}, []byte{2}, nil},
		{"the outer one has the tools", []Call{call(1, 0, tools), call(2, 1)}, []byte{1}, nil},
		{"the outer one says what failed", []Call{call(1, 0, failed(80)), call(2, 1, failed(20))}, []byte{1}, nil},
		{
			"the inner span of one turn ends after the next turn began",
			[]Call{
				call(1, 9, between(1000, 1100)), call(2, 1, noContent, between(1010, 1250)),
				call(3, 9, between(1200, 1300)), call(4, 3, noContent, between(1210, 1290)),
			},
			[]byte{1, 3},
			nil,
		},
		{
			"three spans for a call that failed",
			[]Call{call(1, 0, noUsage, noContent), call(2, 1, noUsage, noContent), call(3, 2, noUsage, noContent)},
			[]byte{3},
			nil,
		},
		{
			"a sum over two calls",
			[]Call{
				call(1, 0, tokens(90, 20), between(1000, 2000)), call(2, 1, tokens(40, 9)),
				call(3, 1, tokens(50, 11), between(1200, 1300)),
			},
			[]byte{2, 3},
			nil,
		},
		{
			"an outer span without usage around two calls",
			[]Call{
				call(1, 0, noUsage, noContent, between(1000, 2000)), call(2, 1), call(3, 1, between(1200, 1300)),
			},
			[]byte{2, 3},
			nil,
		},
		{
			"an attempt that failed and one that did not",
			[]Call{
				call(1, 0, between(1000, 2000)), call(2, 1, noUsage, noContent), call(3, 1, between(1200, 1300)),
			},
			[]byte{2, 3},
			nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := NewFinder(DefaultCalls)
			f.Plan(c.calls)
			var calls, judged []byte
			for i := range c.calls {
				role := f.Role(&c.calls[i])
				switch id := c.calls[i].Span[0]; {
				case !role.Duplicate:
					calls = append(calls, id)
				case role.Judge:
					judged = append(judged, id)
				}
				require.Equal(t, role, f.Role(&c.calls[i]), "a span that arrives twice keeps its role")
			}
			require.ElementsMatch(t, c.call, calls)
			require.ElementsMatch(t, c.judge, judged)
		})
	}
}

// TestBatches checks that a span in a later batch finds the call, which was counted and stays the call.
func TestBatches(t *testing.T) {
	f := NewFinder(DefaultCalls)
	first, second, third := call(2, 1, noContent), call(1, 0), call(3, 9, noContent, server)
	require.Equal(t, Role{}, f.Role(&first))
	require.Equal(t, Role{Of: first.Span, Duplicate: true, Judge: true}, f.Role(&second))
	require.Equal(t, Role{Of: first.Span, Duplicate: true}, f.Role(&third))
}

func TestTracesAreApart(t *testing.T) {
	f := NewFinder(DefaultCalls)
	a, b, none := call(1, 0), call(2, 1), call(3, 1)
	b.Trace, none.Trace = [16]byte{2}, [16]byte{}
	for _, c := range []Call{a, b, none, none} {
		require.Equal(t, Role{}, f.Role(&c))
	}
}

// TestNewCallsReplaceTheOldest checks that the memory is bounded, and that what is left of a trace is still found.
func TestNewCallsReplaceTheOldest(t *testing.T) {
	const limit = 100
	f := NewFinder(limit)
	at := func(i int) Call {
		c := call(byte(i), 0, noUsage, noContent)
		c.Span, c.Trace = SpanID{byte(i), byte(i >> 8), 1}, [16]byte{byte(i % 7), byte(i / 300), 1}
		return c
	}
	for i := range 5000 {
		c := at(i)
		f.Role(&c)
		require.Len(t, f.calls, min(i+1, limit))
		kept := 0
		for id := range f.last {
			kept += len(f.trace(id))
		}
		require.Equal(t, len(f.calls), kept)
	}
	old, young := at(4899), at(4900)
	require.Nil(t, f.find(old.Trace, old.Span))
	require.NotNil(t, f.find(young.Trace, young.Span))
}

// TestNamesAreBounded checks that traffic with a new model in each call forgets all calls instead of growing.
func TestNamesAreBounded(t *testing.T) {
	f := NewFinder(100)
	for i := range 1 << 17 {
		c := call(1, 0, model(strconv.Itoa(i)), response("resp-"+strconv.Itoa(i)))
		c.Trace = [16]byte{byte(i), byte(i >> 8), byte(i >> 16), 1}
		require.False(t, f.Role(&c).Duplicate)
		require.LessOrEqual(t, len(f.names.list), 1<<16)
	}
	outer, inner := call(1, 0), call(2, 1)
	f.Plan([]Call{outer, inner})
	require.True(t, f.Role(&outer).Duplicate)
}

// TestTheMemoryHasNoPointers checks what keeps the garbage collector away from it.
func TestTheMemoryHasNoPointers(t *testing.T) {
	var pointers func(reflect.Type) bool
	pointers = func(of reflect.Type) bool {
		switch of.Kind() {
		case reflect.Struct:
			for field := range of.Fields() {
				if pointers(field.Type) {
					return true
				}
			}
			return false
		case reflect.Array:
			return pointers(of.Elem())
		default:
			return of.Kind() >= reflect.Chan || of.Kind() == reflect.Uintptr
		}
	}
	require.False(t, pointers(reflect.TypeFor[known]()))
	require.True(t, pointers(reflect.TypeFor[Call]()))
}
