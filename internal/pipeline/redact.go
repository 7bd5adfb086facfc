package pipeline

import (
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/dialect"
	"github.com/faultline-otel/faultline/internal/score/pattern"
	"github.com/faultline-otel/faultline/internal/spanattr"
)

// Redactor is the last stage. It replaces personal data and credentials in spans and log records. The dialects keep
// content under many names, and new SDK releases add more, so it reads every string of a GenAI span under any name.
// Under technical names it keeps personal data: an address or a number is not a leak there, and other tools rely on it.
// It replaces credentials everywhere.
//
// It is safe for concurrent use. A nil Redactor does nothing.
type Redactor struct {
	all *pattern.Redactor
	// technical is used under technical names. It replaces only credentials.
	technical *pattern.Redactor
}

// NewRedactor returns a redactor of the given kinds (pii, secrets). Without kinds it returns nil, which redacts
// nothing. The error has one line for each mistake.
func NewRedactor(kinds []string) (*Redactor, error) {
	all, err := pattern.NewRedactor(kinds)
	if err != nil || len(kinds) == 0 {
		return nil, err
	}
	r := &Redactor{all: all}
	if slices.Contains(kinds, string(pattern.KindSecrets)) {
		if r.technical, err = pattern.NewRedactor([]string{string(pattern.KindSecrets)}); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// technicalNames are prefixes of attributes that describe where and how something ran.
var technicalNames = [...]string{
	"app.llm.", "aws.", "azure.", "client.", "cloud.", "code.", "container.", "deployment.", "destination.", "device.",
	"dns.", "exception.type", "faas.", "gcp.", "host.", "http.", "k8s.", "messaging.", "net.", "network.", "os.", "otel.",
	"peer.", "process.", "rpc.", "server.", "service.", "source.", "telemetry.", "thread.", "tls.", "url.", "user_agent.",
}

// technical reports whether a name describes infrastructure or an identifier, like session.id or tool_call_id.
func technical(name string) bool {
	if name == spanattr.AttrErrorEvidence { // it quotes content
		return false
	}
	for _, prefix := range technicalNames {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	if name == "id" {
		return true
	}
	for _, suffix := range [...]string{".id", "_id", ".ids", "_ids"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// Traces redacts the GenAI spans and the status message of every other span. It returns how many values it replaced.
func (r *Redactor) Traces(td ptrace.Traces) (n int) {
	if r == nil {
		return 0
	}
	spans := NewSpans()
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				n += r.Span(span, spans.Entry(rs.Resource(), ss.Scope(), span))
			}
		}
	}
	return n
}

// Span redacts the attributes, events, links and status message of a GenAI span, and only the status message of any
// other span. On a GenAI span it also records the number of replaced values and the digest of the original content. It
// returns the number of replaced values.
func (r *Redactor) Span(span ptrace.Span, e *Entry) int {
	if r == nil {
		return 0
	}
	n := r.status(span)
	if !e.GenAI {
		return n
	}
	n += r.attributes(span.Attributes())
	for _, event := range span.Events().All() {
		n += r.attributes(event.Attributes())
	}
	for _, link := range span.Links().All() {
		n += r.attributes(link.Attributes())
	}
	if n > 0 {
		spanattr.WriteDigest(span, &e.Record, n)
	}
	return n
}

func (r *Redactor) status(span ptrace.Span) int {
	message, n := r.all.Value("", span.Status().Message())
	if n > 0 {
		span.Status().SetMessage(message)
	}
	return n
}

// Logs redacts evaluations, and log records with content of GenAI operations. It returns how many values it replaced.
func (r *Redactor) Logs(ld plog.Logs) (n int) {
	if r == nil {
		return 0
	}
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				if _, evaluation := spanattr.EvaluationOf(record); evaluation || dialect.HoldsContent(record) {
					n += r.attributes(record.Attributes()) + r.value("", record.Body(), r.all, 0)
				}
			}
		}
	}
	return n
}

func (r *Redactor) attributes(m pcommon.Map) (n int) {
	for name, v := range m.All() {
		if name == spanattr.AttrDigest && spanattr.IsDigest(v) { // its zeros look like the head of a token
			continue
		}
		with := r.all
		if technical(name) {
			if with = r.technical; with == nil {
				continue
			}
		}
		if (name == spanattr.AttrErrorEvidence || name == spanattr.AttrEvaluationExplain) &&
			v.Type() == pcommon.ValueTypeStr {
			v.SetStr(whole(v.Str()))
		}
		n += r.value(name, v, with, 0)
	}
	return n
}

// value redacts the strings of a value, including those in maps and slices.
func (r *Redactor) value(name string, v pcommon.Value, with *pattern.Redactor, depth int) (n int) {
	if depth > maxValueDepth {
		return 0
	}
	switch v.Type() {
	case pcommon.ValueTypeStr:
		text := v.Str()
		if len(text) < shortestValue {
			return 0
		}
		if text, n = with.Value(name, text); n > 0 {
			v.SetStr(text)
		}
	case pcommon.ValueTypeMap:
		for key, item := range v.Map().All() {
			n += r.value(key, item, with, depth+1)
		}
	case pcommon.ValueTypeSlice:
		for _, item := range v.Slice().All() {
			n += r.value(name, item, with, depth+1)
		}
	}
	return n
}

// maxValueDepth bounds how deep structured values are redacted.
const maxValueDepth = 64

// shortestValue is the length of the shortest value that can be personal data, an address like a@b.de.
const shortestValue = 6

// whole removes the end of truncated evidence if it may be the start of a value: the last word, or the last numbers.
// The redactor recognizes only complete values.
func whole(evidence string) string {
	const cut = "…"
	text, ok := strings.CutSuffix(evidence, cut)
	if !ok || strings.HasSuffix(text, " ") || text == "" {
		return evidence
	}
	i := strings.LastIndexAny(text, " \n\t") + 1
	for i > 0 && strings.Trim(lastWord(text[:i]), "0123456789-.()+/") == "" {
		i -= len(lastWord(text[:i])) + 1
	}
	return text[:max(i, 0)] + cut
}

// lastWord returns the word before the space at the end of a text.
func lastWord(text string) string {
	text = text[:len(text)-1]
	return text[strings.LastIndexAny(text, " \n\t")+1:]
}
