package pipeline

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/spanattr"
)

func redactorOf(tb testing.TB, kinds ...string) *Redactor {
	tb.Helper()
	r, err := NewRedactor(kinds)
	require.NoError(tb, err)
	return r
}

func TestRedactorWithoutKindsIsNil(t *testing.T) {
	r := redactorOf(t)
	require.Nil(t, r)
	td, span := oneChat("gen_ai.prompt", "maria@acme.pt")
	require.Zero(t, r.Traces(td)+r.Span(span, &Entry{GenAI: true})+r.Logs(plog.NewLogs()))
	require.Equal(t, "maria@acme.pt", attribute(t, span, "gen_ai.prompt"))
	_, err := NewRedactor([]string{"names"})
	require.EqualError(t, err, `redact[0] must be pii or secrets, got "names"`)
}

func TestEveryStringOfASpanIsRedacted(t *testing.T) {
	td, span := oneChat("a.new.sdk/content", "maria@acme.pt",
		"gen_ai.input.messages", `[{"role":"user","content":"see\n4539148803436467"}]`, "short", "a@b")
	messages := span.Attributes().PutEmptySlice("messages").AppendEmpty().SetEmptyMap()
	messages.PutStr("phone", "9472 7916")
	messages.PutEmptySlice("to").AppendEmpty().SetStr("maria@acme.pt")
	span.Status().SetMessage("no such user: maria@acme.pt")
	span.Events().AppendEmpty().Attributes().PutStr("exception.message", "no such user: maria@acme.pt")
	span.Links().AppendEmpty().Attributes().PutStr("why", "maria@acme.pt")
	require.Equal(t, 7, redactorOf(t, "pii", "secrets").Traces(td))
	require.Equal(t, "[redacted:email]", attribute(t, span, "a.new.sdk/content"))
	require.JSONEq(t, `[{"role":"user","content":"see\n[redacted:card]"}]`, attribute(t, span, "gen_ai.input.messages"))
	require.JSONEq(t, `[{"phone":"[redacted:phone]","to":["[redacted:email]"]}]`, attribute(t, span, "messages"))
	require.Equal(t, "no such user: [redacted:email]", span.Status().Message())
	require.Equal(t, "7", attribute(t, span, spanattr.AttrRedactions))
	text, err := (&ptrace.JSONMarshaler{}).MarshalTraces(td)
	require.NoError(t, err)
	require.NotContains(t, string(text), "maria")
	require.Zero(t, redactorOf(t, "pii", "secrets").Traces(td))
	require.Equal(t, "7", attribute(t, span, spanattr.AttrRedactions))
}

func TestPersonalDataStaysUnderTechnicalNames(t *testing.T) {
	password := "Xk29vPq81z"
	attributes := []string{
		"client.address", "41.176.181.243", "server.address", "86.121.97.248", "net.peer.ip", "86.121.97.248",
		"user.id", "jo@acme.pt", "gen_ai.response.id", "4539148803436467",
		"service.instance.id", "41.176.181.243", "app.llm.fingerprint", "4539148803436467",
	}
	td, span := oneChat(attributes...)
	span.Attributes().PutStr("url.full", "https://shop:"+password+"@api.shop.io/v1")
	require.Zero(t, redactorOf(t, "pii").Traces(td))
	require.Equal(t, 1, redactorOf(t, "pii", "secrets").Traces(td))
	for i := 0; i < len(attributes); i += 2 {
		require.Equal(t, attributes[i+1], attribute(t, span, attributes[i]))
	}
	require.NotContains(t, attribute(t, span, "url.full"), password, "a credential is a leak under any name")
}

func TestOtherSpansKeepTheirAttributes(t *testing.T) {
	td := ptrace.NewTraces()
	span := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.Attributes().PutStr("order.mail", "maria@acme.pt")
	span.Status().SetMessage("no such user: maria@acme.pt")
	require.Equal(t, 1, redactorOf(t, "pii").Traces(td))
	require.Equal(t, "maria@acme.pt", attribute(t, span, "order.mail"))
	require.Equal(t, "no such user: [redacted:email]", span.Status().Message())
	require.Equal(t, 1, span.Attributes().Len())
}

// TestTruncatedEvidenceHoldsNoPartOfAValue uses quotes that end in the start of a value, which cannot be recognized.
func TestTruncatedEvidenceHoldsNoPartOfAValue(t *testing.T) {
	for evidence, want := range map[string]string{
		"said: it is maria.si…":              "said: it is …",
		"said: card 4539 1488 03…":           "said: card …",
		"said: maria@acme.pt and 4539 1488…": "said: [redacted:email] and …",
		"said: it is maria@acme.pt":          "said: it is [redacted:email]",
		"said: …":                            "said: …",
		"xxxxxxxx…":                          "…",
		"1 2 3…":                             "…",
	} {
		for _, name := range []string{spanattr.AttrErrorEvidence, spanattr.AttrEvaluationExplain} {
			_, span := oneChat(name, evidence)
			r := redactorOf(t, "pii")
			r.Span(span, &Entry{GenAI: true})
			require.Equal(t, want, attribute(t, span, name), evidence)
			r.Span(span, &Entry{GenAI: true})
			require.Equal(t, want, attribute(t, span, name), evidence)
		}
	}
}

// TestVerdictOutlivesRedaction annotates a redacted span again, as in a gateway behind an agent.
func TestVerdictOutlivesRedaction(t *testing.T) {
	a := NewScorer(defaultSet(t), ScorerOptions{Content: true})
	td, span := oneChat("gen_ai.output.messages",
		`[{"role":"assistant","parts":[{"type":"text","content":"Ask maria@acme.pt."}],"finish_reason":"stop"}]`)
	a.Traces(td, nil, nil)
	before := recordOf(span).Verdict
	require.Equal(t, "pii_leak", before.Detail)
	require.Equal(t, 1, redactorOf(t, "pii").Traces(td))
	a.Traces(td, nil, nil)
	require.Equal(t, before, recordOf(span).Verdict)
	require.Contains(t, attribute(t, span, spanattr.AttrErrorEvidence), "[redacted:email]")
}

func TestHostileValuesAreBounded(t *testing.T) {
	td, span := oneChat()
	v := span.Attributes().PutEmpty("deep")
	for range 500 {
		v = v.SetEmptySlice().AppendEmpty()
	}
	v.SetStr("maria@acme.pt")
	span.Attributes().PutStr("long", strings.Repeat("a@b", 1<<17))
	span.Attributes().PutEmptyBytes("bytes").FromRaw([]byte("maria@acme.pt"))
	redactorOf(t, "pii", "secrets").Traces(td)
}

func TestLogsWithContentAreRedacted(t *testing.T) {
	ld := plog.NewLogs()
	records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	add := func(name string) plog.LogRecord {
		r := records.AppendEmpty()
		r.SetEventName(name)
		return r
	}
	add("gen_ai.user.message").Body().SetEmptyMap().PutStr("content", "I am maria@acme.pt")
	named := add("")
	named.Attributes().PutStr("event.name", "gen_ai.choice")
	named.Body().SetStr(`{"message":{"content":"maria@acme.pt"}}`)
	add("app.order").Body().SetStr("maria@acme.pt")
	require.Equal(t, 2, redactorOf(t, "pii").Logs(ld))
	require.Equal(t, "I am [redacted:email]", body(records.At(0)))
	require.JSONEq(t, `{"message":{"content":"[redacted:email]"}}`, records.At(1).Body().Str())
	require.Equal(t, "maria@acme.pt", records.At(2).Body().Str())
}

func body(r plog.LogRecord) string {
	v, _ := r.Body().Map().Get("content")
	return v.Str()
}

func BenchmarkRedactSpan(b *testing.B) {
	r := redactorOf(b, "pii", "secrets")
	text := strings.Repeat("The order left the warehouse on Monday. ", 40)
	td := ptrace.NewTraces()
	span := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	for _, name := range []string{"gen_ai.input.messages", "gen_ai.output.messages"} {
		span.Attributes().PutStr(name, `[{"role":"user","parts":[{"type":"text","content":"`+text+`"}]}]`)
	}
	for _, name := range []string{"gen_ai.operation.name", "gen_ai.request.model", "server.address", "service.name"} {
		span.Attributes().PutStr(name, "something short")
	}
	b.SetBytes(int64(2 * len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if n := r.Span(span, &Entry{GenAI: true}); n != 0 || span.Attributes() == (pcommon.Map{}) {
			b.Fatal(n)
		}
	}
}
