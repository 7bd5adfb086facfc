package web

import (
	"cmp"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web/display"
	"github.com/faultline-otel/faultline/internal/web/judgement"
)

type signalView struct {
	signalRow
	ShortID   string
	Words     string // what is unusual
	Rises     bool
	Export    string // the command that makes a dataset of it
	From, To  string // of the chart
	Range     string // which cases are listed
	LeftOut   string // by a judgement of all
	First     display.Moment
	Name      string // that a person gave it
	Parts     []partView
	Others    []option // what it can be merged into
	OpenWords string
	AllCases  string
	Splits    []split
	Exemplars []queueRow
	Choices   []optionGroup
	Resolved  string
	Deploys   string // until when older deployments do not count
	Resolver  string // who resolved it, where it came back
	Guards    []guardView
	Address   func(act string) string // of a form of the signal
	Versions  []string
	People    []string // who can be asked to look after it
	Judged    string
	Users     string
	Cost      string
	Of        string // how many cases the facts are of, where not of all
	Since     []sinceView
}

// sinceView is what a signal began with.
type sinceView struct {
	Name, Value string
	Seen        display.Moment
	Words       string
}

// guardView is what was made of the failures of a signal.
type guardView struct {
	Words string // what it is
	Name  string
	When  display.Moment
}

func guardOf(g *review.Guard, now time.Time) guardView {
	v := guardView{Words: "rule", Name: display.Line(g.Name, 120), When: display.MomentOf(g.Added, now)}
	if g.Kind == review.GuardRows {
		v.Words = display.Plural(len(g.Rows), "row") + " of the dataset"
	}
	return v
}

// partView is what was merged into a signal.
type partView struct{ Title, Address string }

// split is how a signal divides over the values of one key.
type split struct {
	Name string
	Rows []splitRow
}

type splitRow struct {
	Value string
	N     string
	Width string // in per cent
}

func (s *server) signalViewOf(
	g *review.Signal, query url.Values, viewer review.Claimant, export string, now time.Time,
) *signalView {
	v := &signalView{
		signalRow: signalRowOf(g, g.ID, query, now), First: display.MomentOf(g.First, now), Name: g.Name,
		OpenWords: openWords(g), Choices: judgement.Choices(g.Class, g.Detail),
		AllCases: withQuery("/", queueFilter{Filter: review.Filter{Query: g.ID}}.values()),
		ShortID:  abbreviate(g.ID), Words: unusual(g), Rises: g.State == review.SignalEscalating,
		Export:  export,
		From:    now.UTC().Add(-time.Duration(len(g.HourlyCount)) * time.Hour).Format("Mon 15:04"),
		To:      now.UTC().Format("15:04"),
		Address: func(act string) string { return withQuery("/signals/"+url.PathEscape(g.ID)+"/"+act, query) },
	}
	for i := range g.Merged {
		v.Parts = append(v.Parts, partView{
			Title:   cmp.Or(display.Line(g.Merged[i].Title, 160), g.Merged[i].ID),
			Address: withQuery("/signals/"+url.PathEscape(g.Merged[i].ID)+"/split", query),
		})
	}
	if g.Version != "" {
		v.Resolved = display.Line(g.Version, 60)
	}
	if g.DeploysUntil.After(now) {
		v.Deploys = g.DeploysUntil.UTC().Format("2 Jan")
	}
	if g.State == review.SignalRegressed {
		v.Resolver = display.Line(g.ChangedBy, 120)
	}
	for i := range g.Guards {
		v.Guards = append(v.Guards, guardOf(&g.Guards[i], now))
	}
	for _, key := range []struct {
		name   string
		counts []review.Count
	}{{"prompt", g.Versions}, {"version", g.Releases}, {"model", g.Models}, {"service", g.Services}} {
		if divided := splitOf(key.name, key.counts); len(divided.Rows) > 0 {
			v.Splits = append(v.Splits, divided)
		}
	}
	v.reach(g, now)
	for _, version := range g.Versions {
		if version.Value != "" {
			v.Versions = append(v.Versions, version.Value)
		}
	}
	all := queueFilter{Filter: review.Filter{Query: g.ID}}
	blind, held := 0, 0
	for i := range g.Exemplars {
		item := &g.Exemplars[i]
		if s.hide(item, viewer); item.Hidden { // the signal would tell what was found
			blind++
			continue
		}
		row := rowOf(item, all, "", now)
		if row.hold(item.Claims, viewer); item.Claim != nil && !row.Mine {
			held++
		}
		v.Exemplars = append(v.Exemplars, row)
	}
	v.Range = display.Grouped(int64(len(v.Exemplars))) + " that show the range, of " + display.Grouped(int64(g.Stored))
	if blind > 0 {
		v.Range += "; what is to be judged blind is not listed"
	}
	v.LeftOut = leftOut(g, held > 0)
	return v
}

// openWords says how many cases a judgement of all takes.
func openWords(g *review.Signal) string {
	switch {
	case g.Blind >= review.MaxBlind:
		return "all that are not blind"
	case g.Blind >= g.Open && g.Open > 0:
		return "none"
	}
	return "all " + display.Grouped(int64(g.Open-g.Blind))
}

// leftOut says what a judgement of all leaves out, "" for nothing.
func leftOut(g *review.Signal, held bool) string {
	var left []string
	if g.Blind > 0 {
		n := display.Plural(g.Blind, "case")
		if g.Blind >= review.MaxBlind {
			n = "more than " + display.Grouped(review.MaxBlind) + " cases"
		}
		left = append(left, n+" to be judged blind")
	}
	if held {
		left = append(left, "what others have")
	}
	if len(left) == 0 {
		return ""
	}
	return "Left out: " + strings.Join(left, ", ")
}

// reach says how far a signal reaches.
func (v *signalView) reach(g *review.Signal, now time.Time) {
	e := g.Extent
	if e == nil {
		return
	}
	v.Judged = display.Grouped(int64(e.Confirmed)) + " confirmed, " + display.Grouped(int64(e.Rejected)) + " not a failure"
	if e.Users > 0 {
		v.Users = display.Grouped(int64(e.Users))
	}
	if e.CostUSD.Set {
		v.Cost = display.Dollars(e.CostUSD.Value)
	}
	if e.Items < g.Stored {
		v.Of = "the newest " + display.Grouped(int64(e.Items)) + " cases"
	}
	names := map[string]string{review.SincePrompt: "prompt", review.SinceModel: "model"}
	for _, s := range e.Since {
		of := display.Plural(s.Before, "case") + " before it with another " + names[s.Key] + ": none of this signal"
		v.Since = append(v.Since, sinceView{
			Name: names[s.Key], Value: display.Line(s.Value, 60), Seen: display.MomentOf(s.Seen, now), Words: of,
		})
	}
}

// unusual says what is new about a signal, and against what.
func unusual(g *review.Signal) string {
	last, day := 0, 0
	for i, n := range g.HourlyCount {
		if len(g.HourlyCount)-i <= 24 {
			day += n
		}
		last = n
	}
	words := display.Grouped(int64(day)) + " in the last 24 hours"
	switch g.State {
	case review.SignalEscalating:
		words = display.Grouped(int64(last)) + " in this hour, of " + display.Grouped(int64(day)) + " in a day" +
			usual(g, last)
	case review.SignalRegressed:
		words = "Seen again after it was resolved"
	case review.SignalNew, review.SignalOngoing, review.SignalResolved, review.SignalIgnored:
	}
	if g.Extent != nil && len(g.Extent.Since) > 0 {
		since := &g.Extent.Since[0]
		kind := "prompt"
		if since.Key == review.SinceModel {
			kind = "model"
		}
		words += ". It began with " + kind + " " + display.Line(since.Value, 60)
	}
	return words
}

// usual compares the last hour with what is usual at its time of the day.
func usual(g *review.Signal, last int) string {
	if g.Extent == nil || !g.Extent.Hour.Set {
		return ": far more than usual at this time"
	}
	of := &g.Extent.Hour.Value
	words := ", where more than " + strconv.FormatFloat(math.Floor(of.Most), 'f', 0, 64) + " in an hour is unusual"
	if times := float64(last) / of.Mean; times >= 2 && !math.IsInf(times, 0) {
		words += fmt.Sprintf("; %s× the usual rate", display.Grouped(int64(math.Round(times))))
	}
	return words
}

// maxSplit bounds the values that are shown of a key.
const maxSplit = 6

func splitOf(name string, counts []review.Count) split {
	s := split{Name: name}
	sum := 0
	for _, c := range counts {
		sum += c.N
	}
	for _, c := range counts[:min(len(counts), maxSplit)] {
		if c.Value == "" && len(counts) == 1 {
			break // nobody says
		}
		s.Rows = append(s.Rows, splitRow{
			Value: cmp.Or(display.Line(c.Value, 60), "not given"), N: display.Grouped(int64(c.N)),
			Width: perCent(100 * float64(c.N) / float64(sum)),
		})
	}
	return s
}
