// Package sample generates traffic of four applications that use language models, each with another instrumentation.
// About a quarter of the requests fail in one of the ways that Faultline finds. The same seed gives the same traffic.
package sample

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"time"
)

// Trace is one request to an app.
type Trace struct {
	ID   string // 32 hex digits
	OTLP []byte // an ExportTraceServiceRequest in JSON, on one line
	// Failing is the expected verdict on each span that fails, by span id. Every other span is in order, except outer
	// steps that repeat the failure of their inner call.
	Failing map[string]Expected
}

// The traces of testdata/sample.jsonl.gz.
const (
	BundledTraces = 120
	BundledSeed   = 1
)

// epoch is the start of the sample. Replay shifts it to now.
var epoch = time.Date(2026, time.November, 23, 8, 0, 0, 0, time.UTC)

// failingOneIn says how rare failures are: one request in so many fails.
const failingOneIn = 4

// Generate makes n traces.
func Generate(n int, seed uint64) []Trace {
	g := &generator{r: rand.New(rand.NewPCG(seed, 0)), at: epoch}
	apps := []*app{returnsBot, supportBot, invoiceExtractor, researchAgent}
	type play struct {
		app   *app
		scene scenario
	}
	var ways []play // to fail: each comes up once before any comes up again
	for _, a := range apps {
		for _, scene := range a.failing {
			ways = append(ways, play{a, scene})
		}
	}
	traces := make([]Trace, 0, n)
	next, fails := len(ways), 0
	for i := range n {
		if i%failingOneIn == 0 {
			fails = i + g.r.IntN(failingOneIn)
		}
		a := pick(g.r, apps...)
		p := play{a, pick(g.r, a.healthy...)}
		if i == fails {
			if next == len(ways) {
				g.r.Shuffle(len(ways), func(i, j int) { ways[i], ways[j] = ways[j], ways[i] })
				next = 0
			}
			p, next = ways[next], next+1
		}
		traces = append(traces, g.trace(p.app, p.scene))
	}
	return traces
}

// Write writes traces as JSON lines, one export request for each line.
func Write(w io.Writer, traces []Trace) error {
	for _, t := range traces {
		if _, err := w.Write(append(t.OTLP, '\n')); err != nil {
			return fmt.Errorf("write sample: %w", err)
		}
	}
	return nil
}

// Bundled is the content of testdata/sample.jsonl.gz.
func Bundled() ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if err := Write(z, Generate(BundledTraces, BundledSeed)); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

type generator struct {
	r  *rand.Rand
	at time.Time
}

// trace plays a scenario: a request to a server, the agent below it, and below that a span for each step.
func (g *generator) trace(a *app, play scenario) Trace {
	s := &story{app: a, r: g.r}
	s.session = s.id("conv_", 12)
	s.user = fmt.Sprintf("user-%d", 1000+g.r.IntN(400))
	play(s)
	return g.tell(s)
}

// tell writes the spans of a story.
func (g *generator) tell(s *story) Trace {
	a := s.app
	t := Trace{ID: g.hex(16), Failing: map[string]Expected{}}
	start := g.at
	g.at = g.at.Add(time.Duration(g.r.ExpFloat64() * 20 * float64(time.Second)))

	root := span{TraceID: t.ID, SpanID: g.hex(8), Name: a.route, Kind: kindServer, Attributes: []attribute{
		str("http.request.method", "POST"), str("url.path", a.route[len("POST "):]), num("http.response.status_code", 200),
	}}
	agent := span{TraceID: t.ID, SpanID: g.hex(8), ParentID: root.SpanID}
	a.dialect.agent(&agent, s)
	clock := start.Add(3 * time.Millisecond)
	own, llm := []span{root}, []span{agent}
	for _, st := range s.steps {
		began := clock.Add(time.Duration(g.r.IntN(4)+1) * time.Millisecond)
		clock = st.end(began)
		sp := span{TraceID: t.ID, SpanID: g.hex(8), ParentID: agent.SpanID, Start: unix(began), End: unix(clock)}
		switch {
		case st.chat != nil:
			a.dialect.chat(&sp, s, st, began)
		case st.tool != nil:
			a.dialect.tool(&sp, s, st, began)
			if st.fail == nil {
				own = append(own, g.query(sp, st, began))
			}
		default:
			a.dialect.search(&sp, s, st)
		}
		if st.want.Class != "" {
			t.Failing[sp.SpanID] = st.want
		}
		llm = append(llm, sp)
	}
	end := clock.Add(2 * time.Millisecond)
	llm[0].Start, llm[0].End = unix(start.Add(2*time.Millisecond)), unix(end)
	own[0].Start, own[0].End = unix(start), unix(end.Add(time.Millisecond))

	request := export{ResourceSpans: []resourceSpans{{
		Resource: resource{Attributes: []attribute{
			str("service.name", a.service), str("service.version", a.release), str("deployment.environment.name", "production"),
			str("telemetry.sdk.language", "python"),
		}},
		ScopeSpans: []scopeSpans{{Scope: scope{Name: a.service}, Spans: own}, {Scope: a.dialect.scope(), Spans: llm}},
	}}}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(request); err != nil {
		panic(err) // the generator's own data
	}
	t.OTLP = bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	return t
}

// query is the database span below the span of a tool. It is ordinary: Faultline finds nothing in it.
func (g *generator) query(tool span, st *step, began time.Time) span {
	return span{
		TraceID: tool.TraceID, SpanID: g.hex(8), ParentID: tool.SpanID, Name: "SELECT " + st.tool.table, Kind: kindClient,
		Start: unix(began.Add(time.Millisecond)),
		End:   unix(began.Add(time.Duration(st.seconds * 0.8 * float64(time.Second)))),
		Attributes: []attribute{
			str("db.system.name", "postgresql"), str("db.collection.name", st.tool.table), str("db.operation.name", "SELECT"),
		},
	}
}

func (g *generator) hex(bytes int) string {
	b := make([]byte, bytes)
	for i := range b {
		b[i] = byte(g.r.UintN(256))
	}
	b[0] |= 1 // an identifier must not be all zeros
	return hex.EncodeToString(b)
}
