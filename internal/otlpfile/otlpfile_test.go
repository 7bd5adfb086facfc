package otlpfile

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/corpus"
)

// outcome lists what Read returned for a file: "span <name>" and "log <event name>" in order, and the errors.
type outcome struct {
	Got []string
	Bad []string
}

func run(t *testing.T, r io.Reader, limit int) outcome {
	t.Helper()
	var o outcome
	err := read("in", r, Sink{
		Traces: func(td ptrace.Traces) error {
			for _, rs := range td.ResourceSpans().All() {
				for _, ss := range rs.ScopeSpans().All() {
					for _, span := range ss.Spans().All() {
						o.Got = append(o.Got, "span "+span.Name())
					}
				}
			}
			return nil
		},
		Logs: func(ld plog.Logs) error {
			for _, rl := range ld.ResourceLogs().All() {
				for _, sl := range rl.ScopeLogs().All() {
					for _, record := range sl.LogRecords().All() {
						o.Got = append(o.Got, "log "+record.EventName())
					}
				}
			}
			return nil
		},
		Bad: func(e *Error) { o.Bad = append(o.Bad, e.Error()) },
	}, limit)
	require.NoError(t, err)
	return o
}

func traceJSON(name string) string {
	return fmt.Sprintf(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":%q}]}]}]}`, name)
}

func logJSON(name string) string {
	return fmt.Sprintf(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1","eventName":%q}]}]}]}`, name)
}

func indent(s string) string {
	var b bytes.Buffer
	_ = json.Indent(&b, []byte(s), "", "  ")
	return b.String()
}

func traces(name string) ptrace.Traces {
	td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces([]byte(traceJSON(name)))
	if err != nil {
		panic(err)
	}
	return td
}

func traceProto(name string) []byte {
	b, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(traces(name))
	if err != nil {
		panic(err)
	}
	return b
}

func logProto(name string) []byte {
	ld, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs([]byte(logJSON(name)))
	if err != nil {
		panic(err)
	}
	b, err := (&plog.ProtoMarshaler{}).MarshalLogs(ld)
	if err != nil {
		panic(err)
	}
	return b
}

func prefix(messages ...[]byte) []byte {
	var b []byte
	for _, m := range messages {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(m))), m...)
	}
	return b
}

func zipped(b []byte) []byte {
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	_, _ = z.Write(b)
	_ = z.Close()
	return buf.Bytes()
}

func TestEveryFormatIsRead(t *testing.T) {
	lines := traceJSON("a") + "\n" + logJSON("b") + "\n\n" + traceJSON("c")
	for name, c := range map[string]struct {
		in   []byte
		want []string
	}{
		"nothing":              {nil, nil},
		"one line":             {[]byte(traceJSON("a")), []string{"span a"}},
		"one request per line": {[]byte(lines), []string{"span a", "log b", "span c"}},
		"windows line ends": {
			[]byte(strings.ReplaceAll(lines, "\n", "\r\n")),
			[]string{"span a", "log b", "span c"},
		},
		"byte order mark": {[]byte("\ufeff" + lines), []string{"span a", "log b", "span c"}},
		"newlines first":  {[]byte("\n\n" + lines), []string{"span a", "log b", "span c"}},
		"over many lines": {[]byte(indent(traceJSON("a"))), []string{"span a"}},
		"several over many lines": {
			[]byte(indent(traceJSON("a")) + "\n" + indent(logJSON("b"))),
			[]string{"span a", "log b"},
		},
		"several on one line":            {[]byte(traceJSON("a") + " " + traceJSON("b")), []string{"span a", "span b"}},
		"brackets and quotes in strings": {[]byte(traceJSON(`}]}"{[\`)), []string{`span }]}"{[\`}},
		"metrics are passed over":        {[]byte(`{"resourceMetrics":[]}` + "\n" + traceJSON("a")), []string{"span a"}},
		"an empty request":               {[]byte("{}\n" + traceJSON("a")), []string{"span a"}},
		"gzip":                           {zipped([]byte(lines)), []string{"span a", "log b", "span c"}},
		"gzip, several members": {
			append(zipped([]byte(traceJSON("a")+"\n")), zipped([]byte(traceJSON("b")))...),
			[]string{"span a", "span b"},
		},
		"protobuf traces":               {traceProto("a"), []string{"span a"}},
		"protobuf logs":                 {logProto("b"), []string{"log b"}},
		"protobuf, gzip":                {zipped(traceProto("a")), []string{"span a"}},
		"protobuf with a brace as size": {sized(t, '{'), []string{"span " + strings.Repeat("x", 81)}},
		"length-prefixed protobuf": {
			prefix(traceProto("a"), logProto("b"), traceProto("c")),
			[]string{"span a", "log b", "span c"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Empty(t, cmp.Diff(outcome{Got: c.want}, run(t, bytes.NewReader(c.in), MaxRequest)))
		})
	}
}

// sized returns a request whose second byte, the size of the first field, has the given value.
func sized(t *testing.T, size byte) []byte {
	t.Helper()
	for n := range 200 {
		if b := traceProto(strings.Repeat("x", n)); b[1] == size {
			return b
		}
	}
	t.Fatal("no such request")
	return nil
}

func TestBrokenPartsAreReportedAndTheRestIsRead(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want outcome
	}{
		"a line that was cut": {
			traceJSON("a") + "\n" + traceJSON("b")[:60] + "\n" + traceJSON("c"),
			outcome{[]string{"span a", "span c"}, []string{"in:2: the request is cut: line 2 ends inside a string"}},
		},
		"a line cut between strings": {
			traceJSON("a")[:18] + "\n" + traceJSON("c"),
			outcome{[]string{"span c"}, []string{"in:1: the request ends in the middle"}},
		},
		"a line cut inside a string": {
			traceJSON("a")[:40] + "\n" + traceJSON("c"),
			outcome{[]string{"span c"}, []string{"in:1: the request is cut: line 1 ends inside a string"}},
		},
		"the last line was cut": {
			traceJSON("a") + "\n" + traceJSON("b")[:18],
			outcome{[]string{"span a"}, []string{"in:2: the request ends in the middle: the file was cut"}},
		},
		"no JSON": {
			"time=12:00 level=info\nnonsense\n" + traceJSON("c"),
			outcome{[]string{"span c"}, []string{
				`in:1: neither OTLP/JSON nor OTLP protobuf: a request must start with {, got "time=12:00 level=info"`,
			}},
		},
		"an array": {
			"[" + traceJSON("a") + "]",
			outcome{nil, []string{`in:1: neither OTLP/JSON nor OTLP protobuf: a request must start with {, got ` +
				strconv.Quote("["+traceJSON("a")[:119]+"…")}},
		},
		"another object": {
			`{"message":"hello"}` + "\n" + traceJSON("c"),
			outcome{[]string{"span c"}, []string{
				`in:1: not an export request: its keys must be resourceSpans or resourceLogs, got "message"`,
			}},
		},
		"a comma too many, many lines": {
			"{\n\"resourceSpans\": [\n  {},,\n  {}\n]\n}\n" + traceJSON("c"),
			outcome{[]string{"span c"}, []string{"in:3: not JSON: invalid character ',' at start of value"}},
		},
		"brackets that do not match": {
			`{"resourceSpans":[}]` + "\n" + traceJSON("c"),
			outcome{[]string{"span c"}, []string{"in:1: not JSON: invalid character '}' at start of value"}},
		},
		"not the types of OTLP": {
			`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"zz"}]}]}]}` + "\n" + traceJSON("c"),
			outcome{[]string{"span c"}, []string{"in:1: not OTLP/JSON: …"}},
		},
		"too deep": {
			`{"resourceSpans":` + strings.Repeat("[", maxNesting) + "\n" + traceJSON("c"),
			outcome{[]string{"span c"}, []string{"in:1: a request must not nest deeper than 10000 levels"}},
		},
		"a line that is too long": {
			traceJSON(strings.Repeat("x", 3<<20)) + "\n" + traceJSON("c"),
			outcome{[]string{"span c"}, []string{
				"in:1: a request must not be larger than 2 MiB; write one request per line and split the file",
			}},
		},
		"a request of many lines that is too long": {
			indent(`{"resourceSpans":[`+strings.Repeat(`{"a":1},`, 3<<17)+`{}]}`) + "\n" + traceJSON("c"),
			outcome{[]string{"span c"}, []string{
				"in:1: a request must not be larger than 2 MiB; write one request per line and split the file",
			}},
		},
		"protobuf that was cut": {string(traceProto("abcdef")[:30]), outcome{nil, []string{"in: not OTLP protobuf: …"}}},
		"gzip that was cut": {
			string(zipped([]byte(traceJSON("a") + "\n"))[:60]),
			outcome{nil, []string{"in:1: unexpected EOF"}},
		},
		"length-prefixed, then cut": {
			string(prefix(traceProto("a"), traceProto("b"))[:90]),
			outcome{[]string{"span a"}, []string{"in: message 2: the file was cut"}},
		},
		"protobuf that is too deep": {
			string(deepProto(maxNesting)),
			outcome{nil, []string{"in: a request must not nest deeper than 10000 levels"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := run(t, strings.NewReader(c.in), 2<<20)
			for i, want := range c.want.Bad {
				// The text of a decoder error is not part of this test.
				if before, ok := strings.CutSuffix(want, "…"); ok && i < len(got.Bad) && strings.HasPrefix(got.Bad[i], before) {
					c.want.Bad[i] = got.Bad[i]
				}
			}
			require.Empty(t, cmp.Diff(c.want, got))
		})
	}
}

// deepProto returns a request with one attribute whose arrays nest n deep. It writes lengths from the inside out.
func deepProto(n int) []byte {
	var reversed []byte
	wrap := func(tag byte) {
		size := binary.AppendUvarint(nil, uint64(len(reversed)))
		slices.Reverse(size)
		reversed = append(reversed, size...)
		reversed = append(reversed, tag)
	}
	for range n {
		wrap(0x0a) // ArrayValue.values
		wrap(0x2a) // AnyValue.array_value
	}
	// KeyValue.value, Span.attributes, spans, scope_spans, resource_spans
	for _, tag := range []byte{0x12, 0x4a, 0x12, 0x12, 0x0a} {
		wrap(tag)
	}
	slices.Reverse(reversed)
	return reversed
}

func TestSinkErrorEndsReading(t *testing.T) {
	calls := 0
	err := Read("in", strings.NewReader(traceJSON("a")+"\n"+traceJSON("b")), Sink{
		Traces: func(ptrace.Traces) error { calls++; return io.ErrClosedPipe },
		Bad:    func(*Error) {},
	})
	require.ErrorIs(t, err, io.ErrClosedPipe)
	require.Equal(t, 1, calls)
}

func TestUnwantedSignalIsNotDecoded(t *testing.T) {
	err := Read("in", strings.NewReader(`{"resourceSpans":"not an array"}`), Sink{Bad: func(e *Error) { t.Error(e) }})
	require.NoError(t, err)
}

func FuzzOTLPFile(f *testing.F) {
	for _, seed := range [][]byte{
		[]byte(traceJSON("a") + "\n" + logJSON("b")), []byte(indent(traceJSON("a"))), traceProto("a"), logProto("b"),
		prefix(traceProto("a"), logProto("b")), zipped([]byte(traceJSON("a"))), deepProto(50),
		[]byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"a","value":{"arrayValue":{"values":[{"kvlistValue":{}}]}}}]}]}]}]}`),
		[]byte("\ufeff\n{ \"resource_spans\" : [ ] }"),
		[]byte("{\"a\":\"\n"),
		{firstField, '{', '"'},
		{0, 0, 0, 2, firstField, 0},
	} {
		f.Add(seed)
	}
	for _, path := range corpus.Dialects(f, 8<<10) {
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		// A small gzip file can expand to more than a fuzzing round has time for, so the limit is low.
		got := run(t, bytes.NewReader(b), 1<<20)
		for _, bad := range got.Bad {
			if strings.ContainsAny(bad, "\n\r") {
				t.Errorf("an error of more than one line: %q", bad)
			}
		}
	})
}

func TestCorpusParses(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(corpus.Dir(t), "dialects", "*", "*.json"))
	require.NoError(t, err)
	for _, path := range paths {
		if strings.HasSuffix(path, ".expected.json") {
			continue
		}
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		got := run(t, bytes.NewReader(b), MaxRequest)
		require.Empty(t, got.Bad, path)
		require.NotEmpty(t, got.Got, path)
	}
}

// TestHugeMessage checks that a request with one message of 100 MB costs only a few copies.
func TestHugeMessage(t *testing.T) {
	if testing.Short() {
		t.Skip("needs half a gigabyte")
	}
	const size = 100 << 20
	line := strings.Replace(traceJSON("a"), `"name":"a"`, `"name":"`+strings.Repeat("x", size)+`"`, 1)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	started, spans := time.Now(), 0
	err := Read("in", strings.NewReader(line+"\n"+traceJSON("b")), Sink{
		Traces: func(td ptrace.Traces) error {
			spans += td.SpanCount()
			return nil
		},
		Bad: func(e *Error) { t.Error(e) },
	})
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	require.Equal(t, 2, spans)
	allocated := after.TotalAlloc - before.TotalAlloc
	t.Logf("100 MB message: %s, %d MB allocated", time.Since(started).Round(time.Millisecond), allocated>>20)
	require.Less(t, allocated, uint64(12*size))
	require.Less(t, time.Since(started), 30*time.Second)
}
