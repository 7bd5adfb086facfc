package dataset

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
)

// Selection says which rows of the review queue become a dataset. The zero value takes one row a signal, without those
// that are not the application's doing.
type Selection struct {
	Classes   []failure.Class
	Signals   []string // beginnings of fingerprints
	Services  []string
	Prompts   []string  // names, or name@version
	From, To  time.Time // of the labels; To is exclusive
	Decision  review.Decision
	AllRows   bool // every row of a signal
	Providers bool // also failures of providers
}

// Reasons why a judged call is left out, in the order in which they are looked for.
const (
	LeftUnselected  = "not selected"
	LeftOperational = "not the application's doing: provider limits, outages, credentials (--providers takes them)"
	LeftNoInput     = "without a recorded input to run again"
	LeftNoClass     = "confirmed without saying what failed"
	LeftSameSignal  = "of a signal that has a row (--all-rows takes them)"
	LeftSame        = "of a failure and an input that have a row"
)

// LeftOut counts rows that were left out, by reason.
type LeftOut map[string]int

// Add counts more.
func (l LeftOut) Add(more LeftOut) {
	for reason, n := range more {
		l[reason] += n
	}
}

// Strings returns a line for each reason, in the order of the reasons.
func (l LeftOut) Strings() (lines []string) {
	for _, reason := range []string{
		LeftUnselected, LeftOperational, LeftNoInput, LeftNoClass, LeftSameSignal, LeftSame,
	} {
		if n := l[reason]; n > 0 {
			lines = append(lines, fmt.Sprintf("%d left out, %s", n, reason))
		}
	}
	return lines
}

// Operational reports whether the failure of a row is not the application's doing.
func Operational(row *Row) bool {
	return row.Decision == review.Confirmed && failure.Operational(row.Class, row.Detail)
}

// Select returns the selected rows, in their order, and counts the others. Of several rows of a signal it takes the one
// that says most: assertions before a corrected output before neither, and then the first.
func Select(rows []Row, s Selection) (kept []Row, left LeftOut) {
	left = LeftOut{}
	bySignal, byID := map[signal]int{}, map[string]bool{}
	for _, row := range rows {
		switch {
		case !s.wants(&row):
			left[LeftUnselected]++
			continue
		case !s.Providers && Operational(&row):
			left[LeftOperational]++
			continue
		case Input(row.Call) == "":
			left[LeftNoInput]++
			continue
		case row.Decision == review.Confirmed && row.Class == "":
			left[LeftNoClass]++
			continue
		case byID[row.ID]:
			left[LeftSame]++
			continue
		}
		if from := signalOf(&row); row.Fingerprint != "" && !s.AllRows {
			if at, seen := bySignal[from]; seen {
				left[LeftSameSignal]++
				if says(&row) > says(&kept[at]) {
					kept[at] = row
				}
				continue
			}
			bySignal[from] = len(kept)
		}
		byID[row.ID] = true
		kept = append(kept, row)
	}
	return kept, left
}

func says(row *Row) int {
	switch {
	case len(row.Assertions) > 0:
		return 2
	case row.CorrectedOutput != "":
		return 1
	}
	return 0
}

func (s *Selection) wants(row *Row) bool {
	one := func(list []string, match func(string) bool) bool {
		return len(list) == 0 || slices.ContainsFunc(list, match)
	}
	return (len(s.Classes) == 0 || slices.Contains(s.Classes, row.Class)) &&
		(s.Decision == "" || s.Decision == row.Decision) &&
		one(s.Signals, func(prefix string) bool { return prefix != "" && strings.HasPrefix(row.Fingerprint, prefix) }) &&
		one(s.Services, func(name string) bool { return name == row.Service }) &&
		one(s.Prompts, func(name string) bool {
			return name == row.PromptName || name == row.PromptName+"@"+row.PromptVersion
		}) &&
		(s.From.IsZero() || !row.LabelledAt.Before(s.From)) && (s.To.IsZero() || row.LabelledAt.Before(s.To))
}
