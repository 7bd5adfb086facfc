package transcript

import (
	"cmp"

	"github.com/faultline-otel/faultline/internal/web/display"
)

// Retrieval is a search in the trace with the documents that it found.
type Retrieval struct {
	Query     *Block
	Name      string
	Documents []Document
	None      string // shown without documents
	More      string
}

// Document is one document that was retrieved.
type Document struct {
	ID, Score string
	Content   *Block
}

// maxDocuments bounds the documents of one retrieval, maxRetrievals the retrievals of a case.
const (
	maxDocuments  = 20
	maxRetrievals = 6
)

// Retrievals lists the documents that were retrieved in the trace.
func (t *Transcript) Retrievals() []Retrieval {
	w, spans := t.writer, t.item.Spans
	var out []Retrieval
	for i := range spans {
		if spans[i].Call == nil || len(out) == maxRetrievals {
			continue
		}
		r := spans[i].Call.Retrieval()
		if r.Query == "" && len(r.Documents) == 0 && !r.Empty {
			continue
		}
		v := Retrieval{Name: display.Line(spans[i].Name, 120), None: "the documents were not recorded"}
		if r.Empty {
			v.None = "no document was found"
		}
		if r.Query != "" {
			v.Query = w.text(r.Query, nil, false)
		}
		for j := range r.Documents[:min(len(r.Documents), maxDocuments)] {
			d := &r.Documents[j]
			view := Document{ID: cmp.Or(display.Line(d.ID, 80), "document"), Score: "–"}
			if d.Score.Set {
				view.Score = display.Number(d.Score.Value)
			}
			if d.Content != "" {
				view.Content = w.text(d.Content, t.inText(d.Content), false)
			}
			v.Documents = append(v.Documents, view)
		}
		if extra := len(r.Documents) - maxDocuments; extra > 0 {
			v.More = display.Plural(extra, "more document")
		}
		out = append(out, v)
	}
	return out
}
