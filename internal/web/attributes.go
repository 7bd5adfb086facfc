package web

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/review"
)

// attributeKeys are the keys of review.Attributes in addresses.
var attributeKeys = []string{
	"model", "prompt_version", "environment", "reviewer", "tag", "score", "since", "until",
}

// attributesOf reads the attributes of a filter. The error is review.ErrInvalid and names the key.
func attributesOf(query url.Values, now time.Time) (a review.Attributes, err error) {
	a.Model, a.PromptVersion = query.Get("model"), query.Get("prompt_version")
	a.Environment, a.Reviewer = query.Get("environment"), query.Get("reviewer")
	a.Tag = query.Get("tag")
	if text := query.Get("score"); text != "" {
		name, bound, _ := strings.Cut(text, "<")
		a.Score.Name = strings.TrimSpace(name)
		a.Score.Below, err = strconv.ParseFloat(strings.TrimSpace(bound), 64)
		if err != nil || a.Score.Name == "" || !(a.Score.Below > 0 && a.Score.Below <= 1) {
			return a, fmt.Errorf("score must be a scorer and a bound up to 1 like relevance<0.5, got %.64q: %w",
				text, review.ErrInvalid)
		}
	}
	for _, t := range []struct {
		key  string
		into *time.Time
	}{{"since", &a.Since}, {"until", &a.Until}} {
		if *t.into, err = timeOf(query.Get(t.key), now); err != nil {
			return a, fmt.Errorf("%s must be a time like 2026-11-23, 2026-11-23T10:00:00Z or 24h (ago), got %.64q: %w",
				t.key, query.Get(t.key), review.ErrInvalid)
		}
	}
	return a, nil
}

// timeOf reads a day, a time, or how long ago: 90m, 24h, 7d.
func timeOf(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 14); err == nil {
			return now.AddDate(0, 0, -int(n)), nil
		}
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day, nil
	}
	return time.Parse(time.RFC3339, text)
}

// narrowView is the part of the filter that is folded away.
type narrowView struct {
	Holds  string // what is set
	Fields []narrowField
}

type narrowField struct {
	Key, Label, Value, Hint string
	Known                   []string
}

func narrowOf(set url.Values, known review.Known) narrowView {
	v := narrowView{Holds: "more…"}
	if len(set) > 0 {
		v.Holds = strconv.Itoa(len(set)) + " more set"
	}
	var below []string
	for _, name := range known.Scorers {
		below = append(below, name+"<0.5")
	}
	for _, f := range []narrowField{
		{Key: "model", Label: "model", Known: known.Models},
		{Key: "prompt_version", Label: "prompt version", Known: known.PromptVersions},
		{Key: "environment", Label: "environment", Known: known.Environments},
		{Key: "reviewer", Label: "reviewer", Known: known.Reviewers},
		{Key: "tag", Label: "tag", Known: known.Tags},
		{Key: "score", Label: "score", Hint: "relevance<0.5", Known: below},
		{Key: "since", Label: "since", Hint: "24h, 7d, 2026-11-23", Known: []string{"1h", "24h", "7d", "30d"}},
		{Key: "until", Label: "until", Hint: "24h, 7d, 2026-11-23"},
	} {
		f.Value = set.Get(f.Key)
		v.Fields = append(v.Fields, f)
	}
	return v
}
