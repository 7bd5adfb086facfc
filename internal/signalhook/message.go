// Package signalhook tells other systems of signals, and hears from GitHub what was mended.
package signalhook

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/web/display"
)

// Kind says what a receiver understands.
type Kind string

// The kinds.
const (
	Generic     Kind = "generic"
	Slack       Kind = "slack"
	GitHubIssue Kind = "github_issue"
)

// Kinds lists the kinds.
func Kinds() []Kind { return []Kind{Generic, Slack, GitHubIssue} }

// States lists the states that are news to receivers.
func States() []review.SignalState {
	return []review.SignalState{review.SignalNew, review.SignalEscalating, review.SignalRegressed}
}

// message is the body of the kind generic.
type message struct {
	Signal  string             `json:"signal"`
	State   review.SignalState `json:"state"`
	Changed time.Time          `json:"changed"`
	Title   string             `json:"title"`
	Class   string             `json:"error_class"`
	Detail  string             `json:"error_detail,omitempty"`
	Service string             `json:"service,omitempty"`
	First   time.Time          `json:"first_seen"`
	Last    time.Time          `json:"last_seen"`
	Total   int                `json:"total"`
	Open    int                `json:"open"`
	// Resolved and By are the change that resolved a regressed one, Guards what was made of its failures.
	Resolved string   `json:"resolved_in,omitempty"`
	By       string   `json:"resolved_by,omitempty"`
	Guards   []string `json:"guards,omitempty"`
	URL      string   `json:"url,omitempty"`
}

// Bounds of texts, in runes.
const (
	maxTitle = 200
	maxName  = 120
)

// maxGuards bounds the guards that are named.
const maxGuards = 5

func messageOf(g *review.Signal, page string) message {
	m := message{
		Signal: g.ID, State: g.State, Changed: g.Changed, Class: string(g.Class), Detail: g.Detail,
		Title:   display.Line(cmp.Or(g.Name, g.Title, display.Headline(g.Class, g.Detail)), maxTitle),
		Service: display.Line(g.Service, maxName), First: g.First, Last: g.Last, Total: g.Total, Open: g.Open,
	}
	if g.State == review.SignalRegressed {
		m.Resolved, m.By = display.Line(g.Version, maxName), display.Line(g.ChangedBy, maxName)
	}
	for i := range g.Guards[:min(len(g.Guards), maxGuards)] {
		guard := "rule " + display.Line(g.Guards[i].Name, maxName)
		if g.Guards[i].Kind == review.GuardRows {
			guard = display.Plural(len(g.Guards[i].Rows), "row") + " of " + display.Line(g.Guards[i].Name, maxName)
		}
		m.Guards = append(m.Guards, guard)
	}
	if page != "" {
		m.URL = strings.TrimRight(page, "/") + "/signals/" + url.PathEscape(g.ID)
	}
	return m
}

// headline says in words what happened.
func (m *message) headline() string {
	where := ""
	if m.Service != "" {
		where = " in " + m.Service
	}
	switch m.State {
	case review.SignalRegressed:
		return "A failure came back" + where
	case review.SignalEscalating:
		return "A failure is far more frequent than usual" + where
	}
	return "A new failure" + where
}

// facts says what is known, a line each.
func (m *message) facts() []string {
	class := m.Class
	if m.Detail != "" {
		class += " (" + m.Detail + ")"
	}
	lines := []string{
		"class: " + class,
		fmt.Sprintf("seen: %s, first at %s", display.Plural(m.Total, "time"), m.First.UTC().Format(time.RFC3339)),
	}
	if change := strings.TrimSpace(m.Resolved + byWords(m.By)); change != "" {
		lines = append(lines, "had been resolved in: "+change)
	}
	for _, guard := range m.Guards {
		lines = append(lines, "guarded by: "+guard)
	}
	return append(lines, "signal: "+m.Signal)
}

func byWords(name string) string {
	if name == "" {
		return ""
	}
	return " by " + name
}

// Body returns what a receiver of a kind is sent.
func Body(kind Kind, g *review.Signal, page string) (json.RawMessage, error) {
	m := messageOf(g, page)
	switch kind {
	case Slack:
		text := "*" + slackText(m.headline()) + "*\n" + slackText(m.Title) + "\n" + slackText(strings.Join(m.facts(), "\n"))
		if m.URL != "" {
			text += "\n<" + m.URL + "|Look at it>"
		}
		return json.Marshal(map[string]string{"text": text})
	case GitHubIssue:
		var text strings.Builder
		text.WriteString(fence(m.Title))
		for _, line := range m.facts() {
			text.WriteString("\n- " + code(line))
		}
		if m.URL != "" {
			text.WriteString("\n\n[Look at it](" + m.URL + ")")
		}
		text.WriteString("\n\nA merged pull request whose title or description has the id of the signal resolves it.")
		return json.Marshal(issueText{Title: m.headline() + ": " + m.Title, Body: text.String(), Headline: m.headline()})
	}
	return json.Marshal(m)
}

// slackText makes a text plain: what a model wrote must neither link nor call anybody.
func slackText(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "*", "∗", "`", "'").Replace(text)
}

// fence puts a text where Markdown means nothing.
func fence(text string) string {
	ticks := "```"
	for strings.Contains(text, ticks) {
		ticks += "`"
	}
	return ticks + "text\n" + text + "\n" + ticks
}

func code(text string) string { return "`" + strings.ReplaceAll(text, "`", "'") + "`" }

// Check returns what is wrong with a kind and states.
func Check(kind Kind, states []review.SignalState) error {
	if !slices.Contains(Kinds(), kind) {
		return fmt.Errorf("kind must be one of %q, got %q", Kinds(), kind)
	}
	for _, state := range states {
		if !slices.Contains(States(), state) {
			return fmt.Errorf("states must be of %q, got %q", States(), state)
		}
	}
	return nil
}
