package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/price"
)

// bookFile is the path of the embedded price book below the root.
const bookFile = "internal/price/book.tsv"

// writePrices generates the embedded price book from a list of prices. The list is not part of the repository, so the
// book is not generated with the other files.
func writePrices(root, list string) error {
	raw, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	book, left, err := convert(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", list, err)
	}
	for _, why := range left {
		fmt.Fprintln(os.Stderr, "gen: left out:", why)
	}
	fmt.Fprintf(os.Stderr, "gen: price book %s, %d models left out\n", book.Version(), len(left))
	//nolint:gosec // readable by everyone
	return os.WriteFile(filepath.Join(root, bookFile), []byte(book.String()), 0o644)
}

// priceList is the format of the list: matches are trees of conditions.
type priceList struct {
	AsOf      string `json:"as_of"`
	Providers []struct {
		Provider      string     `json:"provider"`
		Sources       []string   `json:"sources"`
		ProviderMatch *condition `json:"provider_match"`
		ModelMatch    *condition `json:"model_match"`
		Models        []struct {
			ID     string    `json:"id"`
			Match  condition `json:"match"`
			Prices []struct {
				Constraint struct {
					StartDate string `json:"start_date"`
					StartTime string `json:"start_time"`
					EndTime   string `json:"end_time"`
				} `json:"constraint"`
				PerMillion  map[string]listed `json:"usd_per_million"`
				PerThousand *float64          `json:"usd_per_thousand_requests"`
			} `json:"prices"`
		} `json:"models"`
	} `json:"providers"`
}

// listed is a price, optionally with other prices from a length of input on.
type listed struct {
	base  float64
	tiers []listedTier
}

type listedTier struct {
	Start int64   `json:"start"`
	Price float64 `json:"price"`
}

func (l *listed) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &l.base) == nil {
		return nil
	}
	var tiered struct {
		Base  *float64     `json:"base"`
		Tiers []listedTier `json:"tiers"`
	}
	if err := json.Unmarshal(b, &tiered); err != nil {
		return err
	}
	if tiered.Base == nil {
		return fmt.Errorf("a price must be a number or have a base, got %s", b)
	}
	l.base, l.tiers = *tiered.Base, tiered.Tiers
	return nil
}

// convert makes a book from a list. It also returns which models it leaves out, and why.
func convert(raw []byte) (book *price.Book, left []string, err error) {
	var list priceList
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, nil, err
	}
	var (
		providers []price.Provider
		errs      []error
	)
	for _, p := range list.Providers {
		section := price.Provider{ID: p.Provider, Sources: p.Sources}
		for _, part := range []struct {
			of *condition
			to *[]string
		}{{p.ProviderMatch, &section.Names}, {p.ModelMatch, &section.Knows}} {
			if part.of == nil {
				continue
			}
			if *part.to, err = part.of.patterns(); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", p.Provider, err))
			}
		}
		for _, m := range p.Models {
			patterns, err := m.Match.patterns()
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %s: %w", p.Provider, m.ID, err))
				continue
			}
			for _, listed := range m.Prices {
				row := price.Row{Models: patterns}
				constraint := listed.Constraint
				errs = append(errs, limit(&row, constraint.StartDate, constraint.StartTime, constraint.EndTime))
				errs = append(errs, rates(&row, listed.PerMillion))
				if listed.PerThousand != nil {
					row.Rates[price.PerRequest] = genai.Some(*listed.PerThousand / 1000)
				}
				if row.Rates == (price.Rates{}) {
					// A model without any price is free if its name says so. Otherwise the price is unknown.
					if !strings.HasSuffix(m.ID, ":free") {
						left = append(left, fmt.Sprintf("%s %s has no price", p.Provider, m.ID))
						continue
					}
					row.Rates[price.Input], row.Rates[price.Output] = genai.Some(0.0), genai.Some(0.0)
				}
				section.Rows = append(section.Rows, row)
			}
		}
		providers = append(providers, section)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, nil, err
	}
	book, err = price.New(list.AsOf, providers)
	return book, left, err
}

// limit sets when a row is valid.
func limit(row *price.Row, day, from, to string) error {
	if day != "" {
		t, err := time.Parse(time.DateOnly, day)
		if err != nil {
			return err
		}
		row.From = t
	}
	if from == "" && to == "" {
		return nil
	}
	const clock = "15:04:05Z"
	a, err := time.Parse(clock, from)
	b, wrong := time.Parse(clock, to)
	row.Hours = price.Hours{From: a.Hour()*60 + a.Minute(), To: b.Hour()*60 + b.Minute()}
	return errors.Join(err, wrong)
}

// rates fills the rates of a row, and the rates above each length.
func rates(row *price.Row, perMillion map[string]listed) error {
	above := map[int64]*price.Rates{}
	for name, l := range perMillion {
		k := slices.Index(price.KindNames(), name)
		if k < 0 || price.Kind(k) == price.PerRequest {
			return fmt.Errorf("%v: %s is not a known kind of price", row.Models, name)
		}
		row.Rates[k] = genai.Some(l.base)
		for _, tier := range l.tiers {
			if above[tier.Start] == nil {
				above[tier.Start] = &price.Rates{}
			}
			above[tier.Start][k] = genai.Some(tier.Price)
		}
	}
	for start, rates := range above {
		row.Contexts = append(row.Contexts, price.Context{Above: start, Rates: *rates})
	}
	return nil
}

// condition is a tree of conditions on a name. Exactly one field is set.
type condition struct {
	Equals     *string     `json:"equals"`
	StartsWith *string     `json:"starts_with"`
	EndsWith   *string     `json:"ends_with"`
	Contains   *string     `json:"contains"`
	Regex      *string     `json:"regex"`
	Or         []condition `json:"or"`
	And        []condition `json:"and"`
}

// patterns converts a condition to patterns.
func (c *condition) patterns() ([]string, error) {
	switch {
	case c.Equals != nil:
		return []string{*c.Equals}, nil
	case c.StartsWith != nil:
		return []string{*c.StartsWith + "*"}, nil
	case c.EndsWith != nil:
		return []string{"*" + *c.EndsWith}, nil
	case c.Contains != nil:
		return []string{"*" + *c.Contains + "*"}, nil
	case c.Regex != nil:
		return fromRegexp(*c.Regex)
	case c.Or != nil:
		var all []string
		for i := range c.Or {
			patterns, err := c.Or[i].patterns()
			if err != nil {
				return nil, err
			}
			all = append(all, patterns...)
		}
		return all, nil
	case len(c.And) == 2 && c.And[0].Contains != nil && c.And[1].Contains != nil:
		a, b := *c.And[0].Contains, *c.And[1].Contains
		return []string{"*" + a + "*" + b + "*", "*" + b + "*" + a + "*"}, nil
	}
	return nil, errors.New("a condition must be equals, starts_with, ends_with, contains, regex, or, or an and of " +
		"two contains")
}

// Parts of a regular expression that match several texts.
var (
	group  = regexp.MustCompile(`\(\?:([a-z|]+)\)|\[([a-z0-9]+)\]`)
	digits = regexp.MustCompile(`\\d(?:\{(\d+)\})?`)
	escape = regexp.MustCompile(`\\([.\-])`)
	simple = regexp.MustCompile(`^[A-Za-z0-9./:_#*-]+$`)
)

// fromRegexp converts the few simple regular expressions of the list to patterns. Others are errors.
func fromRegexp(text string) ([]string, error) {
	if at := group.FindStringSubmatchIndex(text); at != nil {
		var choices []string
		if at[2] >= 0 {
			choices = strings.Split(text[at[2]:at[3]], "|")
		} else {
			choices = strings.Split(text[at[4]:at[5]], "")
		}
		var all []string
		for _, choice := range choices {
			patterns, err := fromRegexp(text[:at[0]] + choice + text[at[1]:])
			if err != nil {
				return nil, err
			}
			all = append(all, patterns...)
		}
		return all, nil
	}
	pattern, begins := strings.CutPrefix(text, "^")
	pattern, ends := strings.CutSuffix(pattern, "$")
	pattern = digits.ReplaceAllStringFunc(pattern, func(d string) string {
		n, _ := strconv.Atoi(digits.FindStringSubmatch(d)[1])
		return strings.Repeat("#", max(n, 1))
	})
	if strings.Contains(escape.ReplaceAllString(pattern, ""), ".") {
		return nil, fmt.Errorf("a regular expression must be simple, got %s", text)
	}
	pattern = escape.ReplaceAllString(pattern, "$1")
	if !begins {
		pattern = "*" + pattern
	}
	if !ends {
		pattern += "*"
	}
	if !simple.MatchString(pattern) {
		return nil, fmt.Errorf("a regular expression must be simple, got %s", text)
	}
	return []string{pattern}, nil
}
