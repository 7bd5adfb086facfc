package dataset

import (
	"slices"

	"github.com/faultline-otel/faultline/internal/review"
)

// Follow gives rows the latest judgement of their calls, and returns the ids of those that changed. Of a call whose
// label is newer than the row, class, detail, decision, note and reviewer are taken. A corrected output and assertions
// are taken where the row has neither. What a file says otherwise stays as people wrote it, and so does the id.
func Follow(rows, judged []Row) (changed []string) {
	latest := map[call]*Row{}
	for i := range judged {
		if of := callOf(&judged[i]); of != (call{}) {
			latest[of] = &judged[i]
		}
	}
	for i := range rows {
		row := &rows[i]
		now, known := latest[callOf(row)]
		if !known || !now.LabelledAt.After(row.LabelledAt) {
			continue
		}
		row.Class, row.Detail, row.Decision = now.Class, now.Detail, now.Decision
		row.Note, row.Reviewer, row.LabelledAt = now.Note, now.Reviewer, now.LabelledAt
		if says(row) == 0 {
			row.CorrectedOutput, row.Assertions = now.CorrectedOutput, now.Assertions
		}
		changed = append(changed, row.ID)
	}
	return changed
}

// Merge adds rows behind those of a file. A row of a call, or with an id, that the file has is left out, and unless
// allRows is set also one of a signal that has a row with the same decision. left counts both.
func Merge(file, add []Row, allRows bool) (rows []Row, left LeftOut) {
	left = LeftOut{}
	ids, calls, signals := map[string]bool{}, map[call]bool{}, map[signal]bool{}
	note := func(row *Row) {
		ids[row.ID], calls[callOf(row)], signals[signalOf(row)] = true, true, true
	}
	rows = slices.Clip(file)
	for i := range file {
		note(&file[i])
	}
	for i := range add {
		row := &add[i]
		of, from := callOf(row), signalOf(row)
		switch {
		case ids[row.ID] || of != (call{}) && calls[of]:
			left[LeftSame]++
		case !allRows && from.fingerprint != "" && signals[from]:
			left[LeftSameSignal]++
		default:
			note(row)
			rows = append(rows, *row)
		}
	}
	return rows, left
}

// call is where a row comes from. It is zero for a row that was not taken from a trace.
type call struct{ traceID, spanID string }

func callOf(row *Row) call {
	if row.TraceID == "" || row.SpanID == "" {
		return call{}
	}
	return call{row.TraceID, row.SpanID}
}

// signal is what a row guards: a failure, or that a sound call is not taken for it.
type signal struct {
	fingerprint string
	decision    review.Decision
}

func signalOf(row *Row) signal { return signal{row.Fingerprint, row.Decision} }
