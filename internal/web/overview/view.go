package overview

import (
	"embed"
	"fmt"
	"math"
	"net/url"
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
	Ready            bool
	Computed         string // when
	Lead             string // the page in a sentence
	Period           string // that the figures look back
	Address          string // of the page
	OpenAddress      string // of the cases that wait
	Queues, Ranges   []Choice
	Wait             WaitView
	Judged, Received string // in the period
	Days             Chart
	Rates            []RateRow
	RateScale        []Tick
	RateWords        string
	Scorers          []ScorerRow
	Noisy            []NoisyRow
	Classes          []Bar
	Agreement        AgreementView
	Reviewers        []ReviewerRow
}

// Choice is one of a list.
type Choice struct {
	Value, Label string
	Selected     bool
}

// WaitView is how long cases wait.
type WaitView struct {
	Open, Oldest string
	Bars         []Bar
}

// Plot places an estimate, its interval, what was not corrected and a bound on a line, in per cent of it. Empty parts
// are not drawn.
type Plot struct {
	At, Low, High, Square, Rule string
	Bad                         bool
}

// Tick is a number at a line of a plot.
type Tick struct{ Class, Text string }

// RateRow is the true rate of a service.
type RateRow struct {
	Service, Corrected, Interval, Missing, Flagged, Traffic, Labels string
	Plot                                                            Plot
}

// ScorerRow is a scorer or a judge.
type ScorerRow struct {
	Name, By, Service, Precision, Interval, Missing, Labels, Recall, Words string
	RecallMissing, Noisy                                                   bool
	Plot                                                                   Plot
}

// NoisyRow is a scorer that people reject too often.
type NoisyRow struct{ Name, Service, Wrong, Missing, Command, Address string }

// Bar is a value of a list with its share of the greatest.
type Bar struct {
	Name    string
	Address string
	Bucket  failure.Bucket
	N       string
	Width   string
	Hot     bool // it is too much
}

// Chart has two bars a day.
type Chart struct {
	Words string
	Days  []DayBars
	Top   string
}

// DayBars are the bars of one day, in per cent of the drawing.
type DayBars struct {
	Day, Received, Judged                                     string
	X, JudgedX, Width, ReceivedY, ReceivedH, JudgedY, JudgedH string
}

// AgreementView is how well people agree.
type AgreementView struct {
	Words, Kappa string
	Buckets      []KappaRow
	Pairs        []KappaRow
}

// KappaRow is the agreement of two people, or on a part of the cases.
type KappaRow struct {
	Names, Agreed, Items, Kappa, Interval, Missing string
	Plot                                           Plot
}

// ReviewerRow is a person.
type ReviewerRow struct {
	Name, Confirmed, Labels string
	Last                    display.Moment
}

// chartDays are those of the chart.
const chartDays = 14

// ViewOf prepares the figures of a scope, nil for none yet.
func ViewOf(f *Figures, of Scope, queues []review.Queue, now time.Time) View {
	v := View{Period: display.Plural(of.Days, "day"), Address: of.address(), OpenAddress: "/"}
	for _, days := range Ranges() {
		v.Ranges = append(v.Ranges, Choice{
			Value: strconv.Itoa(days), Label: "last " + display.Plural(days, "day"), Selected: days == of.Days,
		})
	}
	v.Queues = []Choice{{Label: "all queues"}}
	for i := range queues {
		name := queues[i].Name
		v.Queues = append(v.Queues, Choice{Value: name, Label: display.Line(name, 60), Selected: name == of.Queue})
	}
	if of.Queue != "" {
		v.OpenAddress += "?" + url.Values{"queue": {of.Queue}}.Encode()
	}
	if f == nil {
		return v
	}
	v.Ready, v.Computed = true, f.At.Format("15:04:05")+" UTC"
	v.Days = chartOf(f.Days[max(0, len(f.Days)-min(chartDays, of.Days)):])
	v.lead(f, now)
	v.addRates(f.Rates)
	for i := range f.Scorers {
		s := &f.Scorers[i]
		v.addScorer(s, s.Service == "" && slices.ContainsFunc(f.Scorers, func(other Scorer) bool {
			return other.By == s.By && other.Name == s.Name && other.Service != "" && other.Noisy
		}))
	}
	greatest := 0
	for _, c := range f.Classes {
		greatest = max(greatest, c.N)
	}
	for _, c := range f.Classes {
		name, address := display.Line(c.Value, 60), v.OpenAddress+"?state=all&class="+c.Value
		if f.Queue != "" {
			address = v.OpenAddress + "&state=all&class=" + c.Value
		}
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
			Name: named(r.Name), Confirmed: grouped(r.Confirmed), Labels: grouped(r.Confirmed + r.Rejected),
			Last: display.MomentOf(r.Last, now),
		})
	}
	return v
}

// lead says how much waits, and whether it becomes more.
func (v *View) lead(f *Figures, now time.Time) {
	received, judged := 0, 0
	for _, d := range f.Days {
		received, judged = received+d.Received, judged+d.Judged
	}
	v.Received, v.Judged = grouped(received), grouped(judged)
	wait := " waits. "
	if f.Open != 1 {
		wait = " wait. "
	}
	v.Lead = display.Plural(f.Open, "case") + wait
	switch n := judged - received; {
	case n > 0:
		v.Lead += "In " + v.Period + " " + grouped(n) + " more were judged than came in."
	case n < 0:
		v.Lead += "In " + v.Period + " " + grouped(-n) + " more came in than were judged."
	default:
		v.Lead += "In " + v.Period + " as many were judged as came in."
	}
	v.Wait = WaitView{Open: grouped(f.Open), Oldest: "wait"}
	if f.Oldest != nil {
		oldest := display.Ago(now.Sub(*f.Oldest))
		if oldest == "now" {
			oldest = "less than a minute"
		}
		v.Wait.Oldest += ", the oldest for " + oldest
	}
	names := []string{"up to 1 h", "1 to 24 h", "1 to 3 days", "3 to 7 days", "over 7 days"}
	for i, n := range f.Waiting[:min(len(f.Waiting), len(names))] {
		b := barOf(names[i], n, most(f.Waiting))
		b.Hot = i == len(names)-1
		v.Wait.Bars = append(v.Wait.Bars, b)
	}
}

func (v *View) addRates(rates []Rate) {
	greatest := 0.0
	for i := range rates {
		greatest = max(greatest, rates[i].Flagged)
		if c := rates[i].Corrected; c != nil && c.Interval != nil {
			greatest = max(greatest, c.Interval.High)
		}
	}
	end := niceEnd(greatest)
	if greatest > 0 {
		v.RateScale = []Tick{{"p0", "0"}, {"p50", percent(end / 2)}, {"p100", percent(end) + "%"}}
	}
	for i := range rates {
		r := &rates[i]
		row := RateRow{
			Service: "all services", Missing: r.Missing, Traffic: grouped(int(math.Round(r.Traffic))) + " traces",
		}
		if r.Flagged > 0 {
			row.Flagged, row.Plot.Square = share(r.Flagged), display.Percent(100*r.Flagged/end)
		}
		if r.Service != "" {
			row.Service = display.Line(r.Service, 60)
		}
		if c := r.Corrected; c != nil && c.Interval != nil {
			row.Corrected, row.Labels = share(c.Value), display.Plural(c.Labels, "label")
			row.Interval = between(c)
			square := row.Plot.Square
			row.Plot = plotOf(c, end)
			row.Plot.Square = square
		}
		v.Rates = append(v.Rates, row)
	}
	if len(v.Rates) > 0 && v.Rates[0].Corrected != "" {
		v.RateWords = "Scorers flag " + v.Rates[0].Flagged + " of requests; people find that " +
			v.Rates[0].Corrected + " fail."
	}
}

// niceEnd is the end of a scale that a share fits on: 1, 2 or 5 at some digit.
func niceEnd(greatest float64) float64 {
	for digit := 1e-4; digit < 1; digit *= 10 {
		for _, n := range []float64{1, 2, 5} {
			if greatest <= n*digit {
				return n * digit
			}
		}
	}
	return 1
}

// percent is a share without the sign.
func percent(p float64) string {
	return strconv.FormatFloat(math.Round(100*p*1e4)/1e4, 'f', -1, 64)
}

// addScorer adds a scorer. Its noise may be said of services already.
func (v *View) addScorer(s *Scorer, said bool) {
	row := ScorerRow{
		Name: display.Line(s.Name, 60), By: s.By, Service: "all services", Noisy: s.Noisy,
		Missing: s.Precision.Missing(), Labels: grouped(s.Precision.Labels),
	}
	if s.Version != "" {
		row.Name += " " + display.Line(s.Version, 20)
	}
	if s.Service != "" {
		row.Service = display.Line(s.Service, 60)
	}
	if s.Precision.Interval != nil {
		row.Precision, row.Interval = share(s.Precision.Value), between(&s.Precision)
		row.Plot = plotOf(&s.Precision, 1)
	}
	if s.Precision.Known() {
		row.Words = fmt.Sprintf("%s of %s flagged were failures of its kind", grouped(s.Confusion.TP),
			grouped(s.Precision.Labels))
	}
	row.Plot.Rule, row.Plot.Bad = display.Percent(100*Target), s.Noisy
	if row.RecallMissing = s.Recall.Interval == nil; row.RecallMissing {
		row.Recall = strings.TrimSuffix(s.Recall.Missing(), " labels")
	} else {
		row.Recall = share(s.Recall.Value)
	}
	v.Scorers = append(v.Scorers, row)
	few := s.Precision.Interval == nil && s.Wrong() >= 5 && s.Wrong() > s.Confusion.TP
	if said || !s.Noisy && !few {
		return
	}
	address := url.Values{"state": {string(review.Reviewed)}}
	n := NoisyRow{
		Name: row.Name, Service: row.Service,
		Wrong: fmt.Sprintf("%s of %s were no failure", grouped(s.Wrong()), grouped(s.Precision.Labels)),
	}
	if few {
		n.Missing = s.Precision.Missing()
	}
	if s.Service != "" {
		address.Set("service", s.Service)
	}
	if s.By == review.ByScorer {
		address.Set("score", s.Name+"<1")
	}
	n.Address = "/?" + address.Encode()
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
	case a.Kappa.Interval == nil:
		v.Words = strings.TrimSuffix(a.Kappa.Missing(), "labels") + "cases that two or more people judged"
	default:
		v.Kappa = number(a.Kappa.Value)
		v.Words = number(a.Kappa.Interval.Low) + " to " + number(a.Kappa.Interval.High) + ", " +
			strength(a.Kappa.Value) + " agreement on " + display.Plural(a.Items, "case")
	}
	for i := range a.Buckets {
		b := &a.Buckets[i]
		v.Buckets = append(v.Buckets, kappaRow(string(b.Bucket), b.Items, b.Kappa))
	}
	for _, p := range a.Pairs {
		row := kappaRow(named(p.First)+", "+named(p.Second), p.Items, p.Kappa)
		row.Agreed = fmt.Sprintf("%s of %s the same", grouped(p.Agreed), grouped(p.Items))
		v.Pairs = append(v.Pairs, row)
	}
	return v
}

func kappaRow(names string, items int, kappa *agreement.Estimate) KappaRow {
	row := KappaRow{Names: names, Items: grouped(items)}
	switch {
	case items == 0:
		row.Missing = "none judged twice"
	case kappa == nil:
		row.Missing = "always the same"
	case kappa.Interval == nil:
		row.Missing = strings.TrimSuffix(kappa.Missing(), "labels") + "cases"
	default:
		row.Kappa = number(kappa.Value)
		row.Interval = number(kappa.Interval.Low) + " to " + number(kappa.Interval.High)
		row.Plot = plotOf(kappa, 1)
	}
	return row
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
		"Cases a day over %d days: %d came in, %d were judged, at most %d in a day", len(days), received, judged, greatest,
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
			Day: d.Date.Format("Mon")[:1], Received: grouped(d.Received), Judged: grouped(d.Judged),
			X: display.Percent(x + 0.08*width), JudgedX: display.Percent(x + 0.5*width), Width: display.Percent(0.38 * width),
			ReceivedY: display.Percent(100 - height(d.Received)), ReceivedH: display.Percent(height(d.Received)),
			JudgedY: display.Percent(100 - height(d.Judged)), JudgedH: display.Percent(height(d.Judged)),
		})
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

// plotOf places an estimate with its interval on a line that ends at a value.
func plotOf(e *agreement.Estimate, end float64) Plot {
	at := func(v float64) string { return display.Percent(100 * min(max(v/end, 0), 1)) }
	p := Plot{At: at(e.Value)}
	if i := e.Interval; i != nil {
		p.Low, p.High = at(i.Low), at(i.High)
	}
	return p
}

// between is an interval in words, "" without one.
func between(e *agreement.Estimate) string {
	if e.Interval == nil {
		return ""
	}
	digits := max(digitsOf(e.Interval.Low), digitsOf(e.Interval.High))
	return strconv.FormatFloat(100*e.Interval.Low, 'f', digits, 64) + " to " +
		strconv.FormatFloat(100*e.Interval.High, 'f', digits, 64)
}

// share is a proportion in per cent, small ones with more digits.
func share(p float64) string { return strconv.FormatFloat(100*p, 'f', digitsOf(p), 64) + "%" }

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
