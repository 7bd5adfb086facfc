package overview

import (
	"embed"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/agreement"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/score/scorers"
	"github.com/faultline-otel/faultline/internal/web/display"
)

// Templates define the page "overview". They use those of package web for head and times.
//
//go:embed *.html
var Templates embed.FS

// View is the page. It is empty before the first figures.
type View struct {
	Ready     bool
	Computed  string // when
	Facts     []Fact
	Rates     []RateRow
	Scorers   []ScorerRow
	Noisy     []NoisyRow
	Waiting   []Bar
	Days      Chart
	Classes   []Bar
	Agreement AgreementView
	Reviewers []ReviewerRow
}

// Fact is a number with its name.
type Fact struct{ Name, Value, More string }

// RateRow is the true rate of a service: corrected first.
type RateRow struct {
	Service, Corrected, Interval, Missing, Flagged, Traffic, Labels string
	Range                                                           Range
}

// Range draws a value and its interval between 0 and the greatest of the chart.
type Range struct{ Low, Width, At, Words string }

// ScorerRow is a scorer or a judge.
type ScorerRow struct {
	Name, By, Service, Precision, Interval, Missing, Recall, Words string
	Noisy                                                          bool
	Range                                                          Range
}

// NoisyRow is a scorer that people reject too often.
type NoisyRow struct{ Name, Service, Words, Command string }

// Bar is a value of a list with its share of the greatest.
type Bar struct {
	Name    string
	Address string
	Bucket  failure.Bucket
	N       string
	Width   string
}

// Chart has two bars a day.
type Chart struct {
	Words string
	Days  []DayBars
	From  string
	To    string
	Top   string
}

// DayBars are the bars of one day, in per cent of the drawing.
type DayBars struct {
	Date, Received, Judged                                    string
	X, JudgedX, Width, ReceivedY, ReceivedH, JudgedY, JudgedH string
}

// AgreementView is how well people agree.
type AgreementView struct {
	Words, Kappa, Interval, Missing string
	Pairs                           []PairRow
}

// PairRow is two people.
type PairRow struct{ Names, Agreed, Kappa string }

// ReviewerRow is a person.
type ReviewerRow struct {
	Name, Confirmed, Rejected, Labels string
	Last                              display.Moment
}

// ViewOf prepares figures, nil for none yet.
func ViewOf(f *Figures, now time.Time) View {
	if f == nil {
		return View{}
	}
	v := View{Ready: true, Computed: f.At.Format("15:04:05") + " UTC", Facts: facts(f, now), Days: chartOf(f.Days)}
	v.Rates = rateRows(f.Rates)
	for i := range f.Scorers {
		s := &f.Scorers[i]
		v.addScorer(s, s.Service == "" && slices.ContainsFunc(f.Scorers, func(other Scorer) bool {
			return other.By == s.By && other.Name == s.Name && other.Service != "" && other.Noisy
		}))
	}
	names := []string{"up to an hour", "up to a day", "up to 3 days", "up to 7 days", "older"}
	for i, n := range f.Waiting[:min(len(f.Waiting), len(names))] {
		v.Waiting = append(v.Waiting, barOf(names[i], n, most(f.Waiting)))
	}
	greatest := 0
	for _, c := range f.Classes {
		greatest = max(greatest, c.N)
	}
	for _, c := range f.Classes {
		name, address := display.Line(c.Value, 60), "/?state=all&class="+c.Value
		if c.Value == "" {
			name, address = "no failure was found", ""
		}
		b := barOf(name, c.N, greatest)
		b.Address, b.Bucket = address, failure.Class(c.Value).Bucket()
		v.Classes = append(v.Classes, b)
	}
	v.Agreement = agreementView(&f.Agreement)
	for _, r := range f.Reviewers {
		v.Reviewers = append(v.Reviewers, ReviewerRow{
			Name: named(r.Name), Confirmed: grouped(r.Confirmed), Rejected: grouped(r.Rejected),
			Labels: display.Plural(r.Confirmed+r.Rejected, "label"), Last: display.MomentOf(r.Last, now),
		})
	}
	return v
}

func facts(f *Figures, now time.Time) []Fact {
	received, judged := 0, 0
	week := f.Days[max(0, len(f.Days)-7):]
	for _, d := range week {
		received, judged = received+d.Received, judged+d.Judged
	}
	oldest := "none waits"
	if f.Oldest != nil {
		if oldest = display.Ago(now.Sub(*f.Oldest)); oldest == "now" {
			oldest = "< 1 min"
		}
	}
	perDay := func(n int) string {
		return "about " + strconv.FormatFloat(math.Round(float64(n)/float64(max(len(week), 1))), 'f', -1, 64) + " a day"
	}
	return []Fact{
		{"to judge", grouped(f.Open), ""},
		{"the oldest waits for", oldest, ""},
		{"came in 7 days", grouped(received), perDay(received)},
		{"judged in 7 days", grouped(judged), perDay(judged)},
	}
}

func rateRows(rates []Rate) (rows []RateRow) {
	greatest := 0.0
	for i := range rates {
		greatest = max(greatest, rates[i].Flagged)
		if c := rates[i].Corrected; c != nil {
			greatest = max(greatest, c.Value)
			if c.Interval != nil {
				greatest = max(greatest, c.Interval.High)
			}
		}
	}
	for i := range rates {
		r := &rates[i]
		row := RateRow{
			Service: "all services", Missing: r.Missing, Traffic: grouped(int(math.Round(r.Traffic))) + " traces",
		}
		if r.Flagged > 0 {
			row.Flagged = share(r.Flagged)
		}
		if r.Service != "" {
			row.Service = display.Line(r.Service, 60)
		}
		if r.Corrected != nil {
			row.Corrected, row.Labels = share(r.Corrected.Value), display.Plural(r.Corrected.Labels, "label")
			row.Interval = between(r.Corrected)
			row.Range = rangeOf(r.Corrected, greatest)
		}
		rows = append(rows, row)
	}
	return rows
}

// addScorer adds a scorer. Its noise may be said of services already.
func (v *View) addScorer(s *Scorer, said bool) {
	row := ScorerRow{
		Name: display.Line(s.Name, 60), By: s.By, Service: "all services", Noisy: s.Noisy,
		Missing: s.Precision.Missing(), Range: rangeOf(&s.Precision, 1),
	}
	if s.Version != "" {
		row.Name += " " + display.Line(s.Version, 20)
	}
	if s.Service != "" {
		row.Service = display.Line(s.Service, 60)
	}
	if s.Precision.Known() {
		row.Precision, row.Interval = share(s.Precision.Value), between(&s.Precision)
		row.Words = fmt.Sprintf("%s of %s flagged were failures of its kind", grouped(s.Confusion.TP),
			grouped(s.Precision.Labels))
	}
	if s.Recall.Known() {
		row.Recall = share(s.Recall.Value) + " " + cmpOr(between(&s.Recall), s.Recall.Missing())
	}
	v.Scorers = append(v.Scorers, row)
	few := s.Precision.Interval == nil && s.Wrong() >= 5 && s.Wrong() > s.Confusion.TP
	if said || !s.Noisy && !few {
		return
	}
	n := NoisyRow{
		Name: row.Name, Service: row.Service,
		Words: fmt.Sprintf("%s of %s that it flagged were no failure of its kind", grouped(s.Wrong()),
			grouped(s.Precision.Labels)),
	}
	if few {
		n.Words += "; " + s.Precision.Missing()
	}
	if _, leveled := scorers.Levels(s.Name); leveled && s.By == review.ByScorer && s.Noisy {
		n.Command = "faultline calibrate --scorer " + s.Name
		if s.Service != "" && strings.Trim(s.Service, plainName) == "" {
			n.Command += " --service " + s.Service
		}
	}
	v.Noisy = append(v.Noisy, n)
}

// plainName are the characters of names that may stand in a command without quotes.
const plainName = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."

func agreementView(a *Agreement) AgreementView {
	v := AgreementView{}
	switch {
	case a.Items == 0:
		v.Words = "No case was judged by two people yet. Kappa compares their judgements with chance."
	case a.Kappa == nil:
		v.Words = "Everybody always said the same one thing: chance explains that too."
	default:
		v.Kappa, v.Interval, v.Missing = number(a.Kappa.Value), "", a.Kappa.Missing()
		if i := a.Kappa.Interval; i != nil {
			v.Interval = number(i.Low) + " to " + number(i.High)
		}
		v.Words = display.Plural(a.Items, "case") + " judged by two or more people: " + strength(a.Kappa.Value) + " agreement"
	}
	for _, p := range a.Pairs {
		row := PairRow{
			Names:  named(p.First) + " and " + named(p.Second),
			Agreed: fmt.Sprintf("%s of %s the same", grouped(p.Agreed), grouped(p.Items)),
		}
		switch {
		case p.Kappa == nil:
		case p.Kappa.Interval == nil:
			row.Kappa = p.Kappa.Missing()
		default:
			row.Kappa = "κ " + number(p.Kappa.Value) + " (" + number(p.Kappa.Interval.Low) + " to " +
				number(p.Kappa.Interval.High) + ")"
		}
		v.Pairs = append(v.Pairs, row)
	}
	return v
}

// strength names a kappa (J. R. Landis and G. G. Koch, Biometrics 33, 1977).
func strength(kappa float64) string {
	switch {
	case kappa < 0:
		return "poor"
	case kappa <= 0.2:
		return "slight"
	case kappa <= 0.4:
		return "fair"
	case kappa <= 0.6:
		return "moderate"
	case kappa <= 0.8:
		return "substantial"
	}
	return "almost perfect"
}

func chartOf(days []review.Day) Chart {
	greatest, received, judged := 0, 0, 0
	for _, d := range days {
		greatest = max(greatest, d.Received, d.Judged)
		received, judged = received+d.Received, judged+d.Judged
	}
	c := Chart{Top: grouped(greatest), Words: fmt.Sprintf(
		"Cases a day over %d days: %d came, %d were judged, at most %d in a day", len(days), received, judged, greatest,
	)}
	width := 100 / float64(max(len(days), 1))
	height := func(n int) float64 {
		if n == 0 {
			return 0
		}
		return max(2, 100*float64(n)/float64(greatest))
	}
	for i, d := range days {
		x := float64(i) * width
		c.Days = append(c.Days, DayBars{
			Date: d.Date.Format(time.DateOnly), Received: grouped(d.Received), Judged: grouped(d.Judged),
			X: display.Percent(x), JudgedX: display.Percent(x + 0.42*width), Width: display.Percent(0.38 * width),
			ReceivedY: display.Percent(100 - height(d.Received)), ReceivedH: display.Percent(height(d.Received)),
			JudgedY: display.Percent(100 - height(d.Judged)), JudgedH: display.Percent(height(d.Judged)),
		})
	}
	if len(days) > 0 {
		c.From, c.To = c.Days[0].Date, c.Days[len(days)-1].Date
	}
	return c
}

func barOf(name string, n, greatest int) Bar {
	return Bar{Name: name, N: grouped(n), Width: display.Percent(100 * float64(n) / float64(max(greatest, 1)))}
}

func most(counts []int) (greatest int) {
	for _, n := range counts {
		greatest = max(greatest, n)
	}
	return greatest
}

func rangeOf(e *agreement.Estimate, greatest float64) Range {
	if !e.Known() || greatest <= 0 {
		return Range{}
	}
	at := 100 * e.Value / greatest
	r := Range{At: display.Percent(at), Low: display.Percent(at), Width: display.Percent(0), Words: share(e.Value)}
	if i := e.Interval; i != nil {
		low, high := 100*i.Low/greatest, 100*i.High/greatest
		r.Low, r.Width = display.Percent(low), display.Percent(high-low)
		r.Words += ", with 95 % certainty between " + share(i.Low) + " and " + share(i.High)
	}
	return r
}

// between is an interval in words, "" without one.
func between(e *agreement.Estimate) string {
	if e.Interval == nil {
		return ""
	}
	digits := max(digitsOf(e.Interval.Low), digitsOf(e.Interval.High))
	return strconv.FormatFloat(100*e.Interval.Low, 'f', digits, 64) + "–" +
		strconv.FormatFloat(100*e.Interval.High, 'f', digits, 64) + " %"
}

// share is a proportion in per cent, small ones with more digits.
func share(p float64) string { return strconv.FormatFloat(100*p, 'f', digitsOf(p), 64) + " %" }

func digitsOf(p float64) int {
	switch v := 100 * p; {
	case v == 0 || v == 100:
	case v < 1:
		return 2
	case v < 10 || v > 99:
		return 1
	}
	return 0
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }

func grouped(n int) string { return display.Grouped(int64(n)) }

func named(name string) string {
	if name == "" {
		return "without a name"
	}
	return display.Line(name, 60)
}

func cmpOr(a, b string) string {
	if a != "" {
		return "(" + a + ")"
	}
	return "(" + b + ")"
}
