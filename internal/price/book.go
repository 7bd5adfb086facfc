package price

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/faultline-otel/faultline/internal/glob"
)

// Provider is a section of a book.
type Provider struct {
	ID string
	// Names are patterns of the provider's name in spans, Knows of its own models. They price a span that names no
	// provider.
	Names, Knows []string
	Sources      []string // the pages with its prices
	Rows         []Row
}

// Book is a price book. It is safe for concurrent use.
type Book struct {
	date      string
	version   string
	providers []*section // in the order of the book
	byID      map[string]*section

	own        *index // rows of the user's file, nil if there is none
	ownAliases map[string]string

	cache cache
}

// section is a provider with an index of its rows.
type section struct {
	Provider
	index index
}

//go:embed book.tsv
var embedded string

// Embedded returns the book in the program.
var Embedded = sync.OnceValue(func() *Book {
	book, err := Parse(embedded)
	if err != nil {
		panic(err) // the embedded book is tested
	}
	return book
})

// New makes a book of sections. date is the day on which the prices were looked up.
func New(date string, providers []Provider) (*Book, error) {
	var errs []error
	if _, err := ParseDay(date); err != nil {
		errs = append(errs, fmt.Errorf("book %w", err))
	}
	b := &Book{date: date, byID: map[string]*section{}}
	for _, p := range providers {
		if b.byID[p.ID] != nil {
			errs = append(errs, fmt.Errorf("provider %s must come once, got it twice", p.ID))
			continue
		}
		s := &section{Provider: p, index: newIndex()}
		for i := range s.Rows {
			row := &s.Rows[i]
			row.Provider, row.Source = p.ID, strings.Join(p.Sources, " ")
			if err := errors.Join(append(row.complete(), s.index.add(row))...); err != nil {
				errs = append(
					errs,
					fmt.Errorf("%s: %s: %w", cmp.Or(row.Place, p.ID), strings.Join(row.Models, "|"), err),
				)
			}
		}
		s.index.sort()
		b.providers, b.byID[p.ID] = append(b.providers, s), s
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	b.version = date + "." + fingerprint(b.body())
	return b, nil
}

// fingerprint returns the first 8 hex digits of a hash.
func fingerprint(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:4])
}

// Version names the book: the day of its prices and a hash of its content. If a user's file lies over it, a hash of
// that follows.
func (b *Book) Version() string { return b.version }

// Providers returns the sections of the book.
func (b *Book) Providers() []Provider {
	list := make([]Provider, len(b.providers))
	for i, s := range b.providers {
		list[i] = s.Provider
	}
	return list
}

// head is the comment at the top of a written book.
const head = `# The price book of Faultline. Written by cmd/gen: make prices PRICES=prices.json. Prices of your own go into a file
# of your own, see processor/llmfailureprocessor/README.md.
#
# The figures come from genai-prices, https://github.com/pydantic/genai-prices, under the MIT License:
# Copyright (c) Pydantic Services Inc.
#
# Fields are separated by tabs. A provider: its id, what spans call it, the models that are its own, sources. A row: models,
# from when it holds (a date, hours of the day in UTC, nothing for always), US dollars for a million tokens by kind; then
# what is different above a length of input.
`

// String returns the text of the book, without the user's file, for Parse to read. The same book gives the same bytes.
func (b *Book) String() string { return head + b.body() }

// body returns the text of the book without comments, which do not change its version.
func (b *Book) body() string {
	var t strings.Builder
	fmt.Fprintf(&t, "book\t%s\n", b.date)
	for _, s := range b.providers {
		fmt.Fprintf(
			&t,
			"\nprovider\t%s\t%s\t%s\t%s\n",
			s.ID,
			strings.Join(s.Names, "|"),
			strings.Join(s.Knows, "|"),
			strings.Join(s.Sources, " "),
		)
		for i := range s.Rows {
			r := &s.Rows[i]
			fmt.Fprintf(&t, "%s\t%s\t%s\n", strings.Join(r.Models, "|"), r.when(), r.Terms())
		}
	}
	return t.String()
}

// Parse reads the text of a book. The error has a line for every mistake.
func Parse(text string) (*Book, error) {
	var (
		date      string
		providers []Provider
		errs      []error
	)
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		fields := strings.Split(line, "\t")
		wrong := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("line %d: "+format, append([]any{number}, args...)...))
		}
		switch {
		case fields[0] == "book" && len(fields) == 2 && date == "":
			date = fields[1]
		case date == "":
			return nil, errors.Join(
				append(errs, fmt.Errorf("line %d: must be the date of the book, got %.40q", number, line))...)
		case fields[0] == "provider" && len(fields) == 5 && fields[1] != "":
			providers = append(providers, Provider{
				ID: fields[1], Names: list(fields[2], "|"), Knows: list(fields[3], "|"), Sources: list(fields[4], " "),
			})
		case len(fields) != 3 || len(providers) == 0:
			wrong("must be a row of a provider with 3 fields, got %.40q", line)
		default:
			row, err := parseRow(fields)
			if err != nil {
				wrong("%w", err)
				continue
			}
			row.Place = fmt.Sprintf("line %d", number)
			p := &providers[len(providers)-1]
			p.Rows = append(p.Rows, row)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return New(date, providers)
}

func list(text, separator string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, separator)
}

func parseRow(fields []string) (row Row, err error) {
	row.Models = list(fields[0], "|")
	for _, pattern := range row.Models {
		if err := CheckPattern(pattern); err != nil {
			return row, fmt.Errorf("model %w", err)
		}
	}
	for when := range strings.FieldsSeq(fields[1]) {
		if strings.Contains(when, ":") {
			row.Hours, err = ParseHours(when)
		} else {
			row.From, err = ParseDay(when)
		}
		if err != nil {
			return row, err
		}
	}
	return row, row.parseTerms(fields[2])
}

// series is the rows of the same models: one price after another.
type series struct {
	pattern string // folded
	rows    []*Row // by rising From; of the same day, those that hold for some hours only come last
}

// at returns the row that holds at a time, or nil if there is none yet.
func (s *series) at(t time.Time) *Row {
	if s == nil {
		return nil
	}
	for _, row := range slices.Backward(s.rows) {
		if !row.From.After(t) && row.Hours.hold(t) {
			return row
		}
	}
	return nil
}

// index finds the series of a name.
type index struct {
	exact map[string]*series
	globs []*series // the more specific first
	glob  map[string]*series
}

func newIndex() index { return index{exact: map[string]*series{}, glob: map[string]*series{}} }

// add puts a row into the series of each of its patterns. Two rows for the same time are an error.
func (x *index) add(row *Row) error {
	for i, pattern := range row.Models {
		pattern = glob.Fold(pattern)
		if slices.ContainsFunc(row.Models[:i], func(earlier string) bool { return glob.Fold(earlier) == pattern }) {
			continue
		}
		of := x.glob
		if glob.Literal(pattern) {
			of = x.exact
		}
		s := of[pattern]
		if s == nil {
			s = &series{pattern: pattern}
			of[pattern] = s
			if !glob.Literal(pattern) {
				x.globs = append(x.globs, s)
			}
		}
		for _, other := range s.rows {
			if other.From.Equal(row.From) && other.Hours.clash(row.Hours) {
				return fmt.Errorf("%s has two prices for the same time, %s and %s", pattern, other.Terms(), row.Terms())
			}
		}
		s.rows = append(s.rows, row)
		slices.SortStableFunc(s.rows, func(a, b *Row) int {
			return cmp.Or(a.From.Compare(b.From), len(a.Hours.String())-len(b.Hours.String()))
		})
	}
	return nil
}

func (x *index) sort() {
	slices.SortStableFunc(x.globs, func(a, b *series) int { return glob.Fixed(b.pattern) - glob.Fixed(a.pattern) })
}

// find returns the series of a folded name, or nil.
func (x *index) find(name string) *series {
	if s, ok := x.exact[name]; ok {
		return s
	}
	for _, s := range x.globs {
		if glob.Match(s.pattern, name) {
			return s
		}
	}
	return nil
}
