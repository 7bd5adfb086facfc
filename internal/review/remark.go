package review

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/faultline-otel/faultline/internal/assertion"
	"github.com/faultline-otel/faultline/internal/failure"
)

// Bounds of what a label says, in bytes and in entries.
const (
	maxNote       = 16 << 10
	maxReviewer   = 256
	maxCorrected  = 32 << 10
	maxAssertions = 20
	maxAssertion  = 1 << 10
	maxTags       = 20
	maxTag        = 64
	maxFurther    = 10
	maxAnswer     = 4 << 10
)

// Clean returns the label as it is kept: texts are valid, what is empty or said twice is left out, and what is no
// failure has neither class nor severity.
func (l Label) Clean() Label {
	l.Note, l.Reviewer, l.CorrectedOutput = plain(l.Note), plain(l.Reviewer), plain(l.CorrectedOutput)
	l.Tags, l.Assertions = distinct(l.Tags), distinct(l.Assertions)
	var further []failure.Finding
	for _, f := range l.Further {
		f = failure.Finding{Class: f.Class, Detail: f.Detail}
		if f.Class != "" && (f.Class != l.Class || f.Detail != l.Detail) && !slices.Contains(further, f) {
			further = append(further, f)
		}
	}
	l.Further = further
	answers := map[string]string{}
	for name, text := range l.Answers {
		if text = strings.TrimSpace(plain(text)); text != "" {
			answers[name] = text
		}
	}
	if l.Answers = answers; len(answers) == 0 {
		l.Answers = nil
	}
	if l.Scope == ScopeTurn {
		l.Scope = ""
	}
	switch {
	case !l.Decision.Judges():
		l.Class, l.Detail, l.SpanID, l.Remarks = "", "", "", Remarks{}
	case l.Decision == Rejected:
		l.Class, l.Detail, l.Further, l.Severity = "", "", nil, ""
	}
	return l
}

// plain makes a text that every database takes: valid UTF-8 without NUL.
func plain(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, string(utf8.RuneError)), "\x00", string(utf8.RuneError))
}

func distinct(texts []string) (kept []string) {
	for _, text := range texts {
		if text = strings.TrimSpace(plain(text)); text != "" && !slices.Contains(kept, text) {
			kept = append(kept, text)
		}
	}
	return kept
}

// Validate reports the first mistake in the label. The error is ErrInvalid and names key, rule and value.
func (l *Label) Validate() error {
	switch {
	case !l.Decision.Judges() && l.Decision != TakenBack && l.Decision != Reopened:
		return invalid("decision must be %q, %q, %q, %q or %q, got %.64q",
			Confirmed, Rejected, Unsure, TakenBack, Reopened, l.Decision)
	case len(l.Note) > maxNote:
		return invalid("note must be at most %d bytes, got %d", maxNote, len(l.Note))
	case len(l.Reviewer) > maxReviewer:
		return invalid("reviewer must be at most %d bytes, got %d", maxReviewer, len(l.Reviewer))
	}
	if err := validFinding("", failure.Finding{Class: l.Class, Detail: l.Detail}); err != nil {
		return err
	}
	return l.validate()
}

func (r *Remarks) validate() error {
	switch {
	case len(r.Further) > maxFurther:
		return invalid("further_findings must be at most %d, got %d", maxFurther, len(r.Further))
	case r.Severity != "" && !slices.Contains(Severities(), r.Severity):
		return invalid("severity must be %q, %q or %q, got %.64q", Low, Medium, High, r.Severity)
	case r.Scope != "" && r.Scope != ScopeTurn && r.Scope != ScopeSession:
		return invalid("scope must be %q or %q, got %.64q", ScopeTurn, ScopeSession, r.Scope)
	case len(r.CorrectedOutput) > maxCorrected:
		return invalid("corrected_output must be at most %d bytes, got %d", maxCorrected, len(r.CorrectedOutput))
	case len(r.Tags) > maxTags:
		return invalid("tags must be at most %d, got %d", maxTags, len(r.Tags))
	case len(r.Assertions) > maxAssertions:
		return invalid("assertions must be at most %d lines, got %d", maxAssertions, len(r.Assertions))
	}
	for _, f := range r.Further {
		if err := validFinding("further_findings: ", f); err != nil {
			return err
		}
	}
	for _, tag := range r.Tags {
		if tag == "" || len(tag) > maxTag || strings.ContainsAny(tag, ",\n\r") {
			return invalid("tags must have 1 to %d bytes each and no comma, got %.80q", maxTag, tag)
		}
	}
	for _, line := range r.Assertions {
		if err := validAssertion(line); err != nil {
			return err
		}
	}
	for name, text := range r.Answers {
		if len(text) > maxAnswer || len(name) > maxQuestionName {
			return invalid("answers must have at most %d bytes each, got %d for %.64q", maxAnswer, len(text), name)
		}
	}
	return nil
}

func validFinding(prefix string, f failure.Finding) error {
	switch {
	case f.Class != "" && !known(f.Class):
		return invalid("%serror_class must be one of the taxonomy, got %.64q", prefix, f.Class)
	case f.Detail != "" && f.Class == "":
		return invalid("%serror_detail must come with an error_class, got %.64q alone", prefix, f.Detail)
	case f.Detail != "" && !failure.ValidDetail(f.Class, f.Detail):
		return invalid("%serror_detail must be one of %s, got %.64q", prefix, f.Class, f.Detail)
	}
	return nil
}

func validAssertion(line string) error {
	if line == "" || len(line) > maxAssertion || strings.ContainsAny(line, "\n\r") {
		return invalid("assertions must have 1 to %d bytes in one line each, got %d: %.64q", maxAssertion, len(line), line)
	}
	if _, err := assertion.Parse(line); err != nil {
		return invalid("assertions must be lines such as %q, got %.64q: %w", "calls issue_refund", line, err)
	}
	return nil
}

func invalid(format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, ErrInvalid)...)
}
