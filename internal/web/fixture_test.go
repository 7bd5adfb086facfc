package web_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"golang.org/x/net/html"

	"github.com/faultline-otel/faultline/internal/otlpfile"
	"github.com/faultline-otel/faultline/internal/pipeline"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/review/sqlstore"
	"github.com/faultline-otel/faultline/internal/sample"
	"github.com/faultline-otel/faultline/internal/score/scorers"
	"github.com/faultline-otel/faultline/internal/web"
)

// site is the page over a store of its own.
type site struct {
	t       *testing.T
	store   *sqlstore.Store
	handler http.Handler
	failed  []error // that were ours
}

func newSite(t *testing.T, options web.Options) *site {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), sqlstore.Memory)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	s := &site{t: t, store: store}
	options.Failed = func(_ *http.Request, err error) { s.failed = append(s.failed, err) }
	s.handler, err = web.NewHandler(store, options)
	require.NoError(t, err)
	return s
}

// newSampleSite has the bundled sample in its queue, scored as the Collector does.
func newSampleSite(t *testing.T) *site {
	t.Helper()
	s := newSite(t, web.Options{})
	s.replay(sample.BundledTraces)
	return s
}

// replay puts a sample of traffic through the scorers into the store. It gives the traces that failed, oldest first.
func (s *site) replay(n int) {
	s.t.Helper()
	set, err := scorers.New(scorers.Default())
	require.NoError(s.t, err)
	annotator := pipeline.NewScorer(set, pipeline.ScorerOptions{})
	var file bytes.Buffer
	require.NoError(s.t, sample.Write(&file, sample.Generate(n, sample.BundledSeed)))
	require.NoError(s.t, otlpfile.Read("sample", &file, otlpfile.Sink{
		Bad: func(e *otlpfile.Error) { s.t.Error(e) },
		Traces: func(td ptrace.Traces) error {
			annotator.Traces(td, nil, nil)
			return s.store.Put(s.t.Context(), pipeline.ReviewTraces(td, nil))
		},
	}))
}

func (s *site) put(traces ...review.Trace) {
	s.t.Helper()
	require.NoError(s.t, s.store.Put(s.t.Context(), traces))
}

// allItems restricts nothing.
var allItems review.Filter

// items are all items, newest first.
func (s *site) items(f review.Filter) []review.Item {
	s.t.Helper()
	f.Limit = 500
	page, err := s.store.Items(s.t.Context(), f)
	require.NoError(s.t, err)
	return page.Items
}

// first is the newest item of a class and detail.
func (s *site) first(class, detail string) review.Item {
	s.t.Helper()
	items := s.items(review.Filter{})
	at := slices.IndexFunc(items, func(i review.Item) bool { return string(i.Class) == class && i.Detail == detail })
	require.GreaterOrEqual(s.t, at, 0, "%s %s", class, detail)
	return items[at]
}

// seen is the number of the newest label, as who opens the case sees it.
func (s *site) seen(traceID string) string {
	s.t.Helper()
	item, err := s.store.Item(s.t.Context(), traceID)
	require.NoError(s.t, err)
	if item.Label == nil {
		return "0"
	}
	return strconv.FormatInt(item.Label.ID, 10)
}

// do sends a request. change may add headers.
func (s *site) do(method, target, mediaType, body string, change ...func(*http.Request)) *http.Response {
	s.t.Helper()
	r := httptest.NewRequestWithContext(s.t.Context(), method, target, strings.NewReader(body))
	if mediaType != "" {
		r.Header.Set("Content-Type", mediaType)
	}
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w.Result()
}

func (s *site) get(target string) (status int, body string) {
	s.t.Helper()
	resp := s.do(http.MethodGet, target, "", "")
	return resp.StatusCode, read(s.t, resp)
}

// page fetches a page that must be there.
func (s *site) page(target string) document {
	s.t.Helper()
	status, body := s.get(target)
	require.Equal(s.t, http.StatusOK, status, body)
	return parse(s.t, body)
}

// judge sends the form below a case, as a browser without JavaScript does.
func (s *site) judge(action string, form url.Values, change ...func(*http.Request)) *http.Response {
	s.t.Helper()
	return s.do(http.MethodPost, action, "application/x-www-form-urlencoded", form.Encode(), change...)
}

func read(t *testing.T, resp *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(body)
}

// document is a parsed page, or a part of one.
type document struct {
	t    *testing.T
	node *html.Node
}

func parse(t *testing.T, body string) document {
	t.Helper()
	node, err := html.Parse(strings.NewReader(body))
	require.NoError(t, err)
	return document{t, node}
}

// all finds elements by one of "tag", ".class", "#id" and "tag.class".
func (d document) all(selector string) []document {
	var found []document
	for n := range d.node.Descendants() {
		if n.Type == html.ElementNode && matches(n, selector) {
			found = append(found, document{d.t, n})
		}
	}
	return found
}

// matches also takes several classes: "div.call.fails".
func matches(n *html.Node, selector string) bool {
	if id, ok := strings.CutPrefix(selector, "#"); ok {
		return attribute(n, "id") == id
	}
	tag, classes, _ := strings.Cut(selector, ".")
	has := strings.Fields(attribute(n, "class"))
	for class := range strings.SplitSeq(classes, ".") {
		if class != "" && !slices.Contains(has, class) {
			return false
		}
	}
	return tag == "" || n.Data == tag
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// one is the only element of its kind.
func (d document) one(selector string) document {
	d.t.Helper()
	found := d.all(selector)
	require.Len(d.t, found, 1, selector)
	return found[0]
}

func (d document) has(selector string) bool { return len(d.all(selector)) > 0 }

// is reports whether an element has an attribute, which may be empty.
func (d document) is(attribute string) bool {
	return slices.ContainsFunc(d.node.Attr, func(a html.Attribute) bool { return a.Key == attribute })
}

func (d document) attr(name string) string { return attribute(d.node, name) }

// text is what the element says, space collapsed.
func (d document) text() string {
	var b strings.Builder
	for n := range d.node.Descendants() {
		switch n.Type {
		case html.TextNode:
			b.WriteString(n.Data)
		case html.ElementNode:
			b.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func (d document) texts(selector string) []string {
	var texts []string
	for _, e := range d.all(selector) {
		texts = append(texts, e.text())
	}
	return texts
}
