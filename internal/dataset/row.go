// Package dataset reads and writes files of labelled calls, one JSON object a line. Each row is a call that a person
// confirmed as a failure or rejected as one, with everything that scoring it again needs. Rows come from the review
// queue and go into the gate.
package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/faultline-otel/faultline/internal/assertion"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
)

// Version is the version of the row format that this code writes. It also reads version 1, in which error_class and
// error_detail were called class and detail.
const Version = 2

// Row is one case: the input of a call, and what is known of the answer.
type Row struct {
	ID      string `json:"id"`             // from class and input, see ID
	Name    string `json:"name,omitempty"` // for reports
	Version int    `json:"version"`
	// Class and Detail are the person's judgement, which may differ from what the scorers found.
	Class  failure.Class `json:"error_class,omitempty"`
	Detail string        `json:"error_detail,omitempty"`
	// Decision says whether Call failed. A rejected row guards against scorers that fire wrongly. It is "" for a row
	// that was written by hand, without a failure.
	Decision review.Decision `json:"decision,omitempty"`
	// Assertions must hold of every answer to the input: see package assertion.
	Assertions []string `json:"assertions,omitempty"`
	// CorrectedOutput is the answer that a person would have wanted.
	CorrectedOutput string `json:"corrected_output,omitempty"`
	// Known says why the failure does not block although it repeats; "" means that it blocks.
	Known      string    `json:"known,omitempty"`
	Severity   string    `json:"severity,omitempty"` // low, medium, high
	Note       string    `json:"note,omitempty"`
	Reviewer   string    `json:"reviewer,omitempty"`
	LabelledAt time.Time `json:"labelled_at,omitzero"`
	TraceID    string    `json:"trace_id,omitempty"`
	SpanID     string    `json:"span_id,omitempty"`
	Service    string    `json:"service,omitempty"`
	// ServiceVersion is the service.version of the resource: the deployment that failed.
	ServiceVersion string      `json:"service_version,omitempty"`
	PromptName     string      `json:"prompt_name,omitempty"`
	PromptVersion  string      `json:"prompt_version,omitempty"`
	Fingerprint    string      `json:"fingerprint,omitempty"` // of the signal
	Source         string      `json:"source,omitempty"`      // verdict, suspicion, feedback, random, sent, hand, or a file
	Session        string      `json:"session,omitempty"`     // the conversation that the call belongs to
	Split          string      `json:"split,omitempty"`       // the part of the dataset: see faultline dataset split
	Call           *genai.Call `json:"call"`                  // the input, and the failing output where there was one
	Media          []Medium    `json:"media,omitempty"`
	Tags           []string    `json:"tags,omitempty"`
}

// Medium is a file that belongs to a message of the input. Datasets hold no files, only where they are.
type Medium struct {
	Message int    `json:"message"` // the index in input_messages
	URI     string `json:"uri"`     // a URL, or a path relative to the dataset
	Type    string `json:"type,omitempty"`
}

// ID derives the id of a row, 16 hex digits, from its content. The same failure on the same input, labelled or
// exported twice, is one row. Without an input, the id is derived from the span.
func ID(class failure.Class, call *genai.Call, traceID, spanID string) string {
	input := Input(call)
	if input == "" {
		input = traceID + "/" + spanID
	}
	return digest(string(class), input)
}

// ErrNotJudged is returned for an item without a label, with one that is unsure, or without a call to make a row of.
var ErrNotJudged = errors.New("no judged call")

// FromItem makes a row of a reviewed item with its spans. It takes the span that the newest label names, else the
// primary span. It returns ErrNotJudged where the item has no label or an unsure one, or that span no call.
func FromItem(item review.Item) (Row, error) {
	if item.Label == nil || item.Label.Decision == review.Unsure {
		return Row{}, fmt.Errorf("trace %s: %w", item.TraceID, ErrNotJudged)
	}
	want := item.Label.SpanID
	if want == "" {
		want = item.PrimarySpanID
	}
	for _, span := range item.Spans {
		if span.ID != want || span.Call == nil {
			continue
		}
		row := Row{
			Version: Version, Class: item.Label.Class, Detail: item.Label.Detail, Decision: item.Label.Decision,
			Note: item.Label.Note, Reviewer: item.Label.Reviewer, LabelledAt: item.Label.Created.UTC(),
			TraceID: item.TraceID, SpanID: span.ID, Service: span.Service, Fingerprint: span.Fingerprint,
			ServiceVersion: span.Call.ServiceVersion, Call: span.Call,
			PromptName: span.Call.PromptName, PromptVersion: span.Call.PromptVersion,
			Tags: item.Label.Tags, Severity: string(item.Label.Severity),
			CorrectedOutput: item.Label.CorrectedOutput, Assertions: item.Label.Assertions,
		}
		if row.Service == "" {
			row.Service = item.Service
		}
		if row.Decision == review.Confirmed && row.Class == "" {
			row.Class, row.Detail = span.Class, span.Detail // confirmed as found
		}
		row.Session = span.Call.SessionID
		row.ID = ID(row.Class, row.Call, row.TraceID, row.SpanID)
		return row, nil
	}
	return Row{}, fmt.Errorf("trace %s: span %s holds no call: %w", item.TraceID, want, ErrNotJudged)
}

// Dedupe keeps one row an id: the row with the newest label, at the place of the first.
func Dedupe(rows []Row) []Row {
	at := make(map[string]int, len(rows))
	kept := rows[:0:0]
	for _, row := range rows {
		i, seen := at[row.ID]
		if !seen {
			at[row.ID] = len(kept)
			kept = append(kept, row)
		} else if row.LabelledAt.After(kept[i].LabelledAt) {
			kept[i] = row
		}
	}
	return kept
}

var idPattern = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,128}$`)

// Validate returns every mistake in the row, each with key, rule and value.
func (r Row) Validate() []error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if !idPattern.MatchString(r.ID) {
		wrong("id must be 1 to 128 letters, digits or any of ._:-, got %q", r.ID)
	}
	if r.Version != Version {
		wrong("version must be 1 or %d, got %d", Version, r.Version)
	}
	switch r.Decision {
	case review.Confirmed:
		if r.Class == "" {
			wrong("error_class must be given where decision is %q", r.Decision)
		}
	case review.Rejected:
	case "":
		if len(r.Assertions) == 0 && r.CorrectedOutput == "" {
			wrong("decision must be %q or %q, or the row must have assertions or a corrected_output, got %q", review.Confirmed,
				review.Rejected, r.Decision)
		}
	default:
		wrong("decision must be %q or %q, got %q", review.Confirmed, review.Rejected, r.Decision)
	}
	if _, known := failure.Info(r.Class); r.Class != "" && !known {
		wrong("error_class must be one of the taxonomy (see faultline taxonomy), got %q", r.Class)
	} else if r.Detail != "" && !failure.ValidDetail(r.Class, r.Detail) {
		wrong("error_detail must be one of those of %s (see faultline taxonomy), got %q", r.Class, r.Detail)
	}
	for i, line := range r.Assertions {
		if _, err := assertion.Parse(line); err != nil {
			wrong("assertions[%d] %q: %w", i, line, err)
		}
	}
	switch r.Severity {
	case "", "low", "medium", "high":
	default:
		wrong("severity must be low, medium or high, got %q", r.Severity)
	}
	for i, m := range r.Media {
		if m.URI == "" {
			wrong("media[%d].uri must be a URL or a path relative to the dataset, got %q", i, m.URI)
		}
		if m.Message < 0 || r.Call != nil && m.Message >= max(1, len(r.Call.Input())) {
			wrong("media[%d].message must be the index of a message, got %d", i, m.Message)
		}
	}
	if r.Call == nil {
		wrong("call must be an object, got null")
	}
	return errs
}

func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:", len(p)) // lengths keep neighbours apart
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
