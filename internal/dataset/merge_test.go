package dataset

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
)

// judged is a row of a trace and a signal, labelled on a day of November.
func judged(trace, signal string, day int, change func(*Row)) Row {
	r := Row{
		Version: Version, Decision: review.Confirmed, Class: failure.Refusal, TraceID: trace, SpanID: "1",
		Fingerprint: signal, Call: talk(trace), LabelledAt: time.Date(2026, 11, day, 0, 0, 0, 0, time.UTC),
	}
	change(&r)
	r.ID = ID(r.Class, r.Call, r.TraceID, r.SpanID)
	return r
}

func asIs(*Row) {}

func traces(rows []Row) (list []string) {
	for _, r := range rows {
		list = append(list, r.TraceID)
	}
	return list
}

func TestMergeKeepsTheRowsOfAFile(t *testing.T) {
	byHand := Row{ID: "hand", Version: Version, Call: talk("by hand"), Assertions: []string{"follows schema"}}
	edited := judged("a", "s1", 1, asIs)
	edited.ID, edited.Known = "renamed", "until the new prompt is out"
	file := []Row{byHand, edited, judged("b", "s2", 1, asIs)}
	add := []Row{
		judged("a", "s1", 2, asIs), // the call of a row
		judged("c", "s1", 2, asIs), // of a signal that has a row
		judged("d", "s1", 2, func(r *Row) { r.Decision, r.Class = review.Rejected, "" }), // and is sound
		judged("e", "s3", 2, asIs),
		judged("f", "", 2, asIs), // of no signal, as is the next one
		judged("g", "", 2, asIs),
		judged("h", "s9", 2, func(r *Row) { r.Call = talk("b") }), // the id of a row
	}
	rows, left := Merge(file, add, false)
	require.Equal(t, []string{"", "a", "b", "d", "e", "f", "g"}, traces(rows))
	require.Equal(t, file, rows[:3])
	require.Equal(t, LeftOut{LeftSame: 2, LeftSameSignal: 1}, left)

	rows, left = Merge(file, add, true)
	require.Equal(t, []string{"", "a", "b", "c", "d", "e", "f", "g"}, traces(rows))
	require.Equal(t, LeftOut{LeftSame: 2}, left)

	again, _ := Merge(rows, add, true)
	require.Equal(t, rows, again)
}

func TestFollowTakesALaterJudgement(t *testing.T) {
	row := judged("a", "s1", 1, func(r *Row) { r.Assertions = []string{"follows schema"} })
	row.Name, row.Known, row.Split = "the first", "until Friday", "test"
	file := []Row{row, judged("b", "s2", 3, asIs), judged("c", "s3", 1, asIs), {ID: "hand", Call: talk("by hand")}}
	before := file[1]
	changed := Follow(file, []Row{
		judged("a", "s1", 2, func(r *Row) {
			r.Decision, r.Class, r.Note, r.Reviewer = review.Rejected, "", "it is policy", "bob"
			r.Assertions = []string{`contains "x"`}
		}),
		judged("b", "s2", 2, func(r *Row) { r.Note = "older than the row" }),
		judged("c", "s3", 2, func(r *Row) { r.CorrectedOutput = "so it should be" }),
		judged("z", "s9", 2, asIs),
	})
	require.Equal(t, []string{row.ID, file[2].ID}, changed)
	want := row
	want.Decision, want.Class, want.Note, want.Reviewer = review.Rejected, "", "it is policy", "bob"
	want.LabelledAt = row.LabelledAt.AddDate(0, 0, 1)
	require.Equal(t, want, file[0], "what people wrote into the file stays, and so does the id")
	require.Equal(t, before, file[1])
	require.Equal(t, "so it should be", file[2].CorrectedOutput)
	for i := range file[:3] {
		require.Empty(t, file[i].Validate())
	}
}
